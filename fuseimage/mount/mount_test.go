package mount

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func needRoot(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs root and " + Device)
	}
}

func TestDirect(t *testing.T) {
	needRoot(t)
	dir := filepath.Join(t.TempDir(), `odd "name`+"\t\\ x")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if Mounted(dir) {
		t.Fatal("a plain directory counts as mounted")
	}
	conn, err := Direct(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !Mounted(dir) {
		t.Error("the mount is not seen")
	}
	if err := conn.Unmount(); err != nil || Mounted(dir) {
		t.Errorf("unmount: %v, still mounted: %v", err, Mounted(dir))
	}
	unix.Close(conn.FD)
}

func TestHelper(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	conn, err := Helper(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(conn.FD)
	if !Mounted(dir) || !conn.Helped() {
		t.Error("the helper's mount is not seen")
	}
	if err := conn.Unmount(); err != nil || Mounted(dir) {
		t.Errorf("unmount: %v, still mounted: %v", err, Mounted(dir))
	}
}

// A mount whose server was killed is replaced.
func TestStale(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	conn, err := Direct(dir)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(conn.FD)
	if _, err := os.Stat(dir); !errors.Is(err, syscall.ENOTCONN) {
		t.Fatalf("the mount is not stale: %v", err)
	}
	if Served(dir) {
		t.Error("a dead mount counts as served")
	}
	conn, inner, err := Attach(dir, "test", nil)
	if err != nil || inner != nil {
		t.Fatalf("Attach: %v, inner %v", err, inner)
	}
	unix.Close(conn.FD)
	if err := conn.Unmount(); err != nil {
		t.Error(err)
	}
	if Mounted(dir) {
		t.Error("the stale mount is still there below")
	}
}

func TestDirectFailures(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, errno := range map[string]syscall.Errno{file: syscall.ENOTDIR, file + "x": syscall.ENOENT} {
		_, err := Direct(path)
		var f *Failure
		if !errors.As(err, &f) || f.Stage != StageDir || !errors.Is(err, errno) {
			t.Errorf("Direct(%s) = %v, want stage %q and %v", path, err, StageDir, errno)
		}
		if _, _, err := Attach(path, "test", nil); err == nil {
			t.Errorf("Attach(%s) worked", path)
		}
	}
}
