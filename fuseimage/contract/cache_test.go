package contract

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// F21, R12: the quota is kept by giving up clean data, and what was given up is read right again.
func TestF21Quota(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		var check strings.Builder
		for i := range 4 {
			data := strings.Repeat(strconv.Itoa(i), 16<<20)
			p.put(fmt.Sprintf("in/%d", i), data)
			fmt.Fprintf(&check, "[ \"$(tr -d %d < /fusion/s3/%s/in/%d | wc -c)\" = 0 ]; [ $(wc -c < /fusion/s3/%s/in/%d) = %d ]\n", i, p.bucket, i, p.bucket, i, len(data))
		}
		p.Env["FUSION_CACHE_SIZE"] = "40M"
		// du shows what the cache's files take; 5 % and a part in flight may be above.
		p.task(check.String() + check.String() + `head -c 20000000 /dev/zero > out
k=$(du -sk /tmp/.fusion-* | cut -f1 | sort -n | tail -1); [ $k -le 52000 ]`)
		p.want(p.key("out"), strings.Repeat("\x00", 20_000_000))
	})
}

// F21, R11: a disk that is too small for what is read is no error; one that is too small for what is written is
// ENOSPC to the writer, and nothing else is harmed.
func TestF21DiskFull(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		for i := range 3 {
			p.put(fmt.Sprintf("in/%d", i), strings.Repeat(strconv.Itoa(i), 16<<20))
		}
		p.TmpSize = "40m"
		in := "/fusion/s3/" + p.bucket + "/in/"
		p.outputs = []string{"kept", "sum"}
		p.task(`echo kept > kept
for i in 0 1 2; do [ "$(tr -d $i < ` + in + `$i | wc -c)" = 0 ]; done
! err=$( { head -c 80000000 /dev/zero > huge; } 2>&1 )
rm huge; echo "$err" > sum
for i in 0 1 2; do [ "$(tr -d $i < ` + in + `$i | wc -c)" = 0 ]; done`)
		p.want(p.key("kept"), "kept\n")
		if text, _ := p.get(p.key("sum")); !strings.Contains(text, "No space left") {
			t.Errorf("the writer was told %q, want that no space is left", text)
		}
	})
}

// F22: the cache is one hidden directory that only its owner may enter, and is gone at the end.
func TestF22Hidden(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.Tmp = t.TempDir()
		p.task(`[ -z "$(ls /tmp)" ]; [ $(ls -A /tmp | wc -l) = 1 ]; [ "$(stat -c '%a %u' /tmp/.fusion-*)" = "700 $(id -u)" ]`)
		if left, err := os.ReadDir(p.Tmp); err != nil || len(left) > 0 {
			t.Errorf("left in /tmp: %v, %v", left, err)
		}
	})
}

// R15, G11: memory stays within the bound with 64 readers of large objects at a time.
func TestR15Memory(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		for i := range 64 {
			path := filepath.Join(s3.Dir, p.bucket, fmt.Sprint("big", i))
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, 1<<30); err != nil {
				t.Fatal(err)
			}
			if err := unix.Setxattr(path, "user.etag", []byte(fmt.Sprintf(`"0123456789abcdef0123456789abc%03d-9"`, i)), 0); err != nil {
				t.Fatal(err)
			}
		}
		r := p.task(`for i in $(seq 0 63); do dd if=/fusion/s3/` + p.bucket + `/big$i bs=1M count=4 skip=$i of=/dev/null status=none & done; wait
for pid in $(ps -e -o pid= -o comm= | awk '$2 == "fusion" || $2 == "exe" {print $1}'); do grep VmHWM /proc/$pid/status; done`)
		peak := 0
		out := r.out.String() + r.err.String()
		for line := range strings.Lines(out) {
			if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmHWM:" {
				kib, _ := strconv.Atoi(fields[1])
				peak = max(peak, kib>>10)
			}
		}
		if peak == 0 || peak > 160 {
			t.Errorf("peak resident memory %d MiB, want at most 160; %s", peak, out)
		}
		t.Logf("peak resident memory %d MiB", peak)
	})
}
