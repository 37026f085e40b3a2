package upload_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

const victims = 6 // files that the killed process writes

func victimSize(n byte) int { return 1000 + int(n%3)*(9<<20) }

// victim is the process that is killed: it uploads small and large files as fast as it can.
func victim(t *testing.T, url, dir string) {
	client := s3test.Client(t, url)
	c, err := cache.Open(t.Context(), dir, 0, client)
	if err != nil {
		t.Fatal(err)
	}
	q := upload.New(client, c, upload.Options{Delay: time.Millisecond})
	for n := range byte(victims) {
		l, err := c.Local()
		if err != nil {
			t.Fatal(err)
		}
		l.WriteAt(t.Context(), noise(victimSize(n), n), 0)
		q.Want(s3test.Key(fmt.Sprintf("victim/%d", n)), upload.Stored(l, nil))
	}
	fmt.Println("ready")
	q.Flush(t.Context())
	time.Sleep(time.Hour)
}

func killAfter(t *testing.T, url, dir string, d time.Duration) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestR03KilledAndRecovered$")
	cmd.Env = append(os.Environ(), "UPLOAD_VICTIM_URL="+url, "UPLOAD_VICTIM_DIR="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.Read(make([]byte, 5))
	time.Sleep(d)
	cmd.Process.Kill()
	cmd.Wait()
}

// encode is a CRC64NVME as its header.
func encode(sum uint64) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, sum))
}
