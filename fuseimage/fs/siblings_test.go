package fs

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// TestSmallFilesAreFetchedAhead: whoever opens the small files of a directory one after another finds the next there.
func TestSmallFilesAreFetchedAhead(t *testing.T) {
	m := newMount(t, engines()[0])
	const files, opened = 60, 10
	manyObjects(t, m, "work/in", files)
	if _, err := os.ReadDir(m.Work + "/in"); err != nil {
		t.Fatal(err)
	}
	for i := range opened {
		want(t, fmt.Sprintf("%s/in/f%05d", m.Work, i), "x")
	}
	for deadline := time.Now().Add(10 * time.Second); m.stats().Client.Requests["GetObject"] < 2*opened; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d files were fetched after %d were opened", m.stats().Client.Requests["GetObject"], opened)
		}
	}
	for i := range files {
		want(t, fmt.Sprintf("%s/in/f%05d", m.Work, i), "x")
	}
	if n := m.stats().Client.Requests["GetObject"]; n != files {
		t.Errorf("%d requests for %d files", n, files)
	}
}
