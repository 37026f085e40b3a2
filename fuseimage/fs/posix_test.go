package fs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hanwen/go-fuse/v2/posixtest"
)

// unfit are cases that fail on every disk: the first asks locks of one process to exclude each other, against fcntl(2);
// the second takes a file on the same device as /etc/passwd for that file, so it makes sense on a mount only.
var unfit = map[string]string{"FcntlFlockLocksFile": "everywhere", "OpenSymlinkRace": "plain"}

// TestPosix runs the whole suite of go-fuse on the mount, and on a plain directory, which calibrates it: what the disk
// does not skip, the mount may not skip either.
func TestPosix(t *testing.T) {
	plain := t.TempDir()
	skipped := map[string]bool{}
	t.Run("plain", func(t *testing.T) { posix(t, plain, skipped) })
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		ours := map[string]bool{}
		posix(t, m.Work, ours)
		for name := range ours {
			if !skipped[name] {
				t.Errorf("%s was skipped on the mount, not on the disk", name)
			}
		}
		m.sync()
	})
}

func posix(t *testing.T, dir string, skipped map[string]bool) {
	for name, test := range posixtest.All {
		if where := unfit[name]; where == "everywhere" || where == "plain" && !strings.Contains(dir, "/s3/") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			d := filepath.Join(dir, name)
			if err := os.Mkdir(d, 0o755); err != nil {
				t.Fatal(err)
			}
			defer func() { skipped[name] = t.Skipped() }()
			test(t, d)
		})
	}
	for name, was := range skipped {
		if !was {
			delete(skipped, name)
		}
	}
}
