package contract

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
)

// random returns n bytes that do not repeat.
func random(n int) string {
	data := make([]byte, n)
	source := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)})
	_, _ = source.Read(data)
	return string(data)
}

// F02: what is a file, what is a directory, and what is not there.
func TestF02Names(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.put("in/file", "hello")
		p.put("in/dir/x", "x")
		p.task(`cd /fusion/s3/` + p.bucket + `/in
[ "$(stat -c '%F %s' file)" = "regular file 5" ]
[ "$(stat -c %F dir)" = directory ]
[ "$(ls)" = "$(printf 'dir\nfile')" ]
! cat missing 2> /tmp/err
grep 'No such file or directory' /tmp/err
! ls missing/below 2> /tmp/err
grep 'No such file or directory' /tmp/err
! cat file/below 2> /tmp/err
grep 'Not a directory' /tmp/err`)
	})
}

// F03: sequential, at random places, mapped, empty, by several readers.
func TestF03Read(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		data := random(20 << 20)
		p.put("in/big", data)
		p.put("in/empty", "")
		p.Tmp = t.TempDir()
		if err := os.WriteFile(filepath.Join(p.Tmp, "want"), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
		p.task(`cd /fusion/s3/` + p.bucket + `/in
python3 - <<'PY'
import mmap, os, random
want = open('/tmp/want', 'rb').read()
fd = os.open('big', os.O_RDONLY)
random.seed(1)
for _ in range(200):
    at = random.randrange(len(want)); n = random.randrange(1, 100000)
    assert os.pread(fd, n, at) == want[at:at+n], at
m = mmap.mmap(fd, 0, prot=mmap.PROT_READ)
assert m[12345678:12349999] == want[12345678:12349999]
assert m[:] == want
PY
for i in 1 2 3 4; do cmp big /tmp/want & done
for i in 1 2 3 4; do wait -n; done
[ ! -s empty ] && [ -z "$(cat empty)" ]`)
	})
}

// F03: an object above 5 GiB is read where it is asked for, not as a whole.
func TestF03Large(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		path := filepath.Join(s3.Dir, p.bucket, "large")
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		const size = 5<<30 + 1000
		if _, err := file.WriteAt([]byte("the end"), size-7); err != nil {
			t.Fatal(err)
		}
		file.Close()
		if err := unix.Setxattr(path, "user.etag", []byte(`"0123456789abcdef0123456789abcdef-2"`), 0); err != nil {
			t.Fatal(err)
		}
		r := p.task(fmt.Sprintf(`cd /fusion/s3/%s
[ "$(stat -c %%s large)" = %d ]
[ "$(tail -c 7 large)" = "the end" ]
[ -z "$(dd if=large bs=1000 skip=5000000000 count=1 iflag=skip_bytes status=none | tr -d '\0')" ]`, p.bucket, size))
		if strings.Contains(r.said(), "GiB from S3") {
			t.Errorf("too much was read: %s", r.said())
		}
	})
}

// F13: a directory is listed whole and once, however large.
func TestF13Directory(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		const files = 10_050
		dir := filepath.Join(s3.Dir, p.bucket, "many")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range files {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%05d.txt", i)), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		p.task(fmt.Sprintf(`cd /fusion/s3/%s/many
[ $(ls -f | grep -c txt) = %d ]
[ $(ls | sort -u | wc -l) = %d ]
[ $(ls -1d *.txt | wc -l) = %d ]
[ $(ls -1d f0000?.txt | wc -l) = 10 ]`, p.bucket, files, files, files))
	})
}

// F15: what stat says.
func TestF15Stat(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.put("in/file", random(100_000))
		info, err := os.Stat(filepath.Join(s3.Dir, p.bucket, "in/file"))
		if err != nil {
			t.Fatal(err)
		}
		p.task(fmt.Sprintf(`cd /fusion/s3/%s/in
i=$(stat -c %%i file)
[ $i -gt 0 ]
cat file > /dev/null
[ $(stat -c %%i file) = $i ]
m=$(stat -c %%Y file)
[ $m -ge %d ] && [ $m -le %d ]
[ $(stat -c %%h file) -ge 1 ]
k=$(du -k file | cut -f1)
[ $k -ge 97 ] && [ $k -le 200 ]`, p.bucket, info.ModTime().Unix()-1, info.ModTime().Unix()+1))
	})
}

// F31: odd names, read and written.
func TestF31Names(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		names := []string{"a b", "a+b", "100%", "%41", "ü†", ".hidden", "it's", `"q"`, "a&b;c", "x=y?z#", "~", "a\\b", strings.Repeat("n", 255)}
		for _, name := range names {
			p.put("in/"+name, name)
		}
		deep := strings.Repeat("d/", 300) + strings.Repeat("e", 100)
		p.put("in/"+deep, "deep")
		p.task(`mkdir out
python3 - <<'PY'
import os
base = '/fusion/s3/` + p.bucket + `/in/'
names = os.listdir(base)
assert len(names) == ` + fmt.Sprint(len(names)+1) + `, names
for name in names:
    if name == 'd': continue
    data = open(base + name).read()
    assert data == name, (name, data)
    open('out/' + name, 'w').write(name)
assert open(base + 'd/' * 300 + 'e' * 100).read() == 'deep'
try:
    open('n' * 256, 'w')
    raise SystemExit('a name of 256 bytes was taken')
except OSError as e:
    assert e.errno == 36, e # ENAMETOOLONG
PY`)
		for _, name := range names {
			p.want(p.key("out/"+name), name)
		}
	})
}

// F34: a bucket that may not be read fails where it is used, not before.
func TestF34Denied(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.Plan(func(r s3test.Request) s3test.Fault {
			if r.Bucket == "forbidden" {
				return s3test.Fault{Status: 403, Code: "AccessDenied"}
			}
			return s3test.Fault{}
		})
		p.task(`! cat /fusion/s3/forbidden/x 2> /tmp/err
grep 'Permission denied' /tmp/err
! ls /fusion/s3/forbidden/ 2> /tmp/err
grep 'Permission denied' /tmp/err
echo fine > out`)
		p.want(p.key("out"), "fine\n")
	})
}
