package socket

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSuccessor: what another process put at our path is not ours to remove, and is known not to be ours.
func TestSuccessor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	ours, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if !ours.Present() {
		t.Error("a fresh socket is not present")
	}
	successor, err := Listen(path) // takes the place of a socket that is there
	if err != nil {
		t.Fatal(err)
	}
	if ours.Present() || !successor.Present() {
		t.Error("the successor is not told apart")
	}
	ours.Remove()
	if !successor.Present() {
		t.Error("the successor's socket was removed")
	}
	if successor.Remove(); Identify(path).Exists() {
		t.Error("the socket is still there")
	}
}

// TestListenRefuses: a file that is no socket stays, and a path that is too long is named.
func TestListenRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	if err := os.WriteFile(path, []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path); err == nil {
		t.Error("bound over a file")
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "data" {
		t.Errorf("the file is gone: %v", err)
	}
	long := "/" + strings.Repeat("x", MaxPath)
	if _, err := Listen(long); err == nil || !strings.Contains(err.Error(), "at most 100") {
		t.Errorf("a long path gives %v", err)
	}
}

// TestWatch: inotify tells before the first look, looking tells without inotify, and a directory that was
// made anew is watched again.
func TestWatch(t *testing.T) {
	for name, w := range map[string]Watch{"inotify": {Every: time.Hour}, "looking": {Every: 5 * time.Millisecond, NoInotify: true}} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w.Dir = t.TempDir()
			changed := w.Start(ctx)
			end := time.After(10 * time.Second)
			for n := 0; ; n++ { // the watch begins a moment after Start
				l, err := net.Listen("unix", filepath.Join(w.Dir, "a.sock"))
				if err != nil {
					t.Fatal(err)
				}
				_ = l.Close()
				select {
				case <-changed:
					return
				case <-end:
					t.Fatal("nothing was told")
				case <-time.After(10 * time.Millisecond):
				}
			}
		})
	}
}
