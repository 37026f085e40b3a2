package cache

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
)

const nowhere = "http://127.0.0.1:1" // no request is made

// What a killed process left is removed by the next one, wherever its own making or removing of the cache was cut.
func TestR03RemovalCut(t *testing.T) {
	for name, left := range map[string][]string{
		"before the lock":        nil,
		"before the journal":     {lockName},
		"in the middle of files": {lockName, journalName, "files-1/1"},
		"after the journal":      {lockName},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			old := filepath.Join(dir, prefix+"1")
			if err := os.Mkdir(old, 0o700); err != nil {
				t.Fatal(err)
			}
			for _, f := range left {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(old, f)), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(old, f), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			c, err := Open(t.Context(), dir, 0, s3test.Client(t, nowhere))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			c.running.Wait()
			if _, err := os.Lstat(old); !os.IsNotExist(err) {
				t.Errorf("%s is still there: %v", old, err)
			}
			if _, err := os.Lstat(c.dir); err != nil {
				t.Error(err)
			}
		})
	}
}

// Processes that share a directory never take each other's cache, however close together they start and end.
func TestR03SharedDirectory(t *testing.T) {
	dir, client := t.TempDir(), s3test.Client(t, nowhere)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for end := time.Now().Add(time.Second); time.Now().Before(end); {
				c, err := Open(t.Context(), dir, 0, client)
				if err != nil {
					t.Error(err)
					return
				}
				for _, name := range []string{lockName, journalName, filepath.Base(c.files)} {
					if _, err := os.Lstat(filepath.Join(c.dir, name)); err != nil {
						t.Error(err)
					}
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
