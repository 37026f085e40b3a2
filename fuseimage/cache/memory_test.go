//go:build !race

package cache_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

const (
	crowd     = 64 // readers
	crowdFile = 12 << 20
)

// Sixty-four readers at once, of files larger than the whole budget together: the process stays below 128 MiB, built without
// the race detector.
func TestR15MemoryOfManyReaders(t *testing.T) {
	if url := os.Getenv("CACHE_CROWD_URL"); url != "" {
		readAsCrowd(t, url)
		return
	}
	s := s3test.Start(t)
	c := s3test.Client(t, s.URL)
	for i := range byte(8) {
		if _, err := c.Put(t.Context(), s3test.Key(fmt.Sprint("f", i)), bytes.NewReader(noise(crowdFile, i)), crowdFile, object.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestR15MemoryOfManyReaders$", "-test.v")
	cmd.Env = append(os.Environ(), "CACHE_CROWD_URL="+s.URL)
	out, err := cmd.CombinedOutput()
	_, text, found := strings.Cut(string(out), "VmHWM:")
	var kib int
	fmt.Sscan(text, &kib)
	if err != nil || !found || kib > 128<<10 {
		t.Errorf("the readers took %d KiB: %v\n%s", kib, err, out)
	}
	t.Logf("%d MiB", kib>>10)
}

func readAsCrowd(t *testing.T, url string) {
	client := s3test.Client(t, url)
	c, err := cache.Open(t.Context(), t.TempDir(), 64<<20, client)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var group sync.WaitGroup
	for i := range crowd {
		group.Go(func() {
			info, err := client.Head(context.Background(), s3test.Key(fmt.Sprint("f", i%8)))
			if err != nil {
				t.Error(err)
				return
			}
			o, err := c.Object(info)
			if err != nil {
				t.Error(err)
				return
			}
			defer o.Close()
			n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.NewSectionReader(handle{o.Reader().ReadAt}, 0, info.Size), make([]byte, 128<<10))
			if err != nil || n != info.Size {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
	group.Wait()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, high, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Println("VmHWM:", strings.Fields(high)[0])
}
