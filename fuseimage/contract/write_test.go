package contract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// F04: what is closed is an object after exit, and visible to other processes at once.
func TestF04Create(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.task(`echo hi > a; [ "$(cat a)" = hi ]; mkdir -p d/e; head -c 20000000 /dev/zero > d/e/zeros; : > empty`)
		p.want(p.key("a"), "hi\n")
		p.want(p.key("empty"), "")
		p.want(p.key("d/e/zeros"), strings.Repeat("\x00", 20_000_000))
		p.want(p.key(".exitcode"), "0")
		p.want(p.key(".command.begin"), "")
	})
}

// F05: truncate, append, and append to what is in S3.
func TestF05Append(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.put(p.key("old"), "old\n")
		p.put(p.key("gone"), "a long text that is cut\n")
		p.task(`echo zero > f; echo one | tee f; echo two | tee -a f
echo more >> old
: > gone; echo new >> gone
(for i in $(seq 200); do echo a >> two; done) & (for i in $(seq 200); do echo b >> two; done) & wait
[ $(wc -l < two) = 400 ]`)
		p.want(p.key("f"), "one\ntwo\n")
		p.want(p.key("old"), "old\nmore\n")
		p.want(p.key("gone"), "new\n")
	})
}

// F06: writing anywhere, growing, shrinking, mapping; the same program on a local disk is the judge.
func TestF06Random(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.Tmp = t.TempDir()
		p.task(`cat > /tmp/p.py <<'PY'
import mmap, os, random, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o644)
random.seed(7)
for i in range(300):
    os.pwrite(fd, random.randbytes(random.randrange(1, 50000)), random.randrange(3_000_000))
os.lseek(fd, 4, 0); os.write(fd, b'HEADER')
os.ftruncate(fd, 1_000_000); os.ftruncate(fd, 2_000_000)
try: os.posix_fallocate(fd, 0, 2_500_000)
except OSError as e: assert e.errno == 95, e; os.ftruncate(fd, 2_500_000)
m = mmap.mmap(fd, 0)
m[1_500_000:1_500_005] = b'MAPPD'
m.flush(); m.close()
os.close(fd)
PY
python3 /tmp/p.py out; python3 /tmp/p.py /tmp/out
cmp out /tmp/out`)
		want, err := os.ReadFile(filepath.Join(p.Tmp, "out"))
		if err != nil {
			t.Fatal(err)
		}
		p.want(p.key("out"), string(want))
	})
}

// F07: rename over a file, of a full directory, not across buckets.
func TestF07Rename(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.put(p.key("in/a"), "a")
		p.put(p.key("in/b/c"), "c")
		other := newStore(t)
		p.task(`echo new > x; echo old > y; mv x y; [ "$(cat y)" = new ]; [ ! -e x ]
mv in moved; [ "$(cat moved/a moved/b/c)" = ac ]; [ ! -e in ]
mkdir d; echo 1 > d/1; mv d e; echo 2 > e/2
python3 -c '
import os, errno
try: os.rename("y", "/fusion/s3/` + other.bucket + `/y"); raise SystemExit("renamed across buckets")
except OSError as e: assert e.errno == errno.EXDEV, e'
cp y z; mv z /fusion/s3/` + other.bucket + `/z`)
		p.want(p.key("y"), "new\n")
		p.want(p.key("moved/a"), "a")
		p.want(p.key("moved/b/c"), "c")
		p.want(p.key("e/1"), "1\n")
		p.want(p.key("e/2"), "2\n")
		other.want("z", "new\n")
		for _, key := range []string{"x", "in/a", "in/b/c", "d/1", "z"} {
			p.absent(p.key(key))
		}
	})
}

// F08: an open file outlives its name; an object ends with it.
func TestF08Unlink(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.put(p.key("old"), "old")
		p.task(`echo text > f; exec 3< f; rm f; [ "$(cat <&3)" = text ]; [ ! -e f ]
exec 4< old; rm old; [ "$(cat <&4)" = old ]; ! ls old 2>/dev/null
python3 -c '
import os
fd = os.open("t", os.O_RDWR | os.O_CREAT); os.unlink("t"); os.write(fd, b"x" * 100000); assert os.pread(fd, 100000, 0) == b"x" * 100000'`)
		for _, key := range []string{"f", "old", "t"} {
			p.absent(p.key(key))
		}
	})
}

// F09: directories; an empty one that is an output leaves a marker.
func TestF09Directories(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.outputs = []string{"empty", "full"}
		p.task(`mkdir -p a/b/c; rmdir a/b/c; ! rmdir a 2> /tmp/err; grep 'Directory not empty' /tmp/err
mkdir empty full; echo x > full/x`)
		p.want(p.key("full/x"), "x\n")
		p.want(p.key("empty/"), "")
	})
}

// F10: symbolic links.
func TestF10Links(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.put("in/a", "a")
		p.put("in/d/b", "b")
		in := "/fusion/s3/" + p.bucket + "/in"
		p.stage = []string{"rm -f a.txt", "ln -sfn " + in + "/a a.txt", "mkdir -p sub && ln -sfn " + in + "/d sub/d"}
		p.task(`[ "$(readlink a.txt)" = ` + in + `/a ]; [ "$(cat a.txt)" = a ]; [ "$(cat sub/d/b)" = b ]
ln -s nowhere l; ln -sfn a.txt l; [ "$(readlink l)" = a.txt ]; ln -s l l2; [ "$(cat l2)" = a ]
[ -L l ] && [ ! -L sub/d/b ]; ln -s sub/d dd; [ "$(ls dd)" = b ]
ln -s loop loop; ! cat loop 2> /tmp/err; grep 'Too many levels' /tmp/err`)
		for name, target := range map[string]string{"a.txt": in + "/a", "sub/d": in + "/d", "l": "a.txt", "l2": "l", "dd": "sub/d", "loop": "loop"} {
			p.want(p.key(name), target) // as the vendor's client leaves links that are no declared outputs
		}
		p.want(p.key(".fusion.symlinks"), "a.txt\ndd\nl\nl2\nloop\n")
		p.want(p.key("sub/.fusion.symlinks"), "d\n")
	})
}

// F11: a link that is an output is the real thing in S3.
func TestF11Materialised(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.put("in/a", "input")
		p.put("in/d/b", "below")
		in := "/fusion/s3/" + p.bucket + "/in"
		p.outputs = []string{"*.txt", "dir", "nested/**"}
		p.stage = []string{"ln -sfn " + in + "/a a.txt", "ln -sfn " + in + "/d dir"}
		p.task(`echo local > tmp.dat; ln -s tmp.dat local.txt; ln -s local.txt chain.txt; mkdir nested; ln -s ` + in + `/d nested/linked; ln -s nowhere dangling.txt`)
		p.want(p.key("a.txt"), "input")
		p.want(p.key("dir/b"), "below")
		p.want(p.key("local.txt"), "local\n")
		p.want(p.key("chain.txt"), "local\n")
		p.want(p.key("nested/linked/b"), "below")
		p.absent(p.key("tmp.dat"))
		p.want("in/a", "input")
		if copies := len(p.requests("CopyObject")); copies < 3 {
			t.Errorf("%d server-side copies, want one for each object that S3 has already", copies)
		}
	})
}

// F12: hard links work inside the mount, and each name is an object.
func TestF12HardLinks(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.put("in/a", "input")
		p.task(`echo 1 > a; ln a b; [ $(stat -c %h a) = 2 ]; [ a -ef b ]; echo 2 >> b; [ "$(cat a)" = "$(printf '1\n2')" ]; ln -f a c; rm a
ln -f /fusion/s3/` + p.bucket + `/in/a staged; [ "$(cat staged)" = input ]`)
		p.want(p.key("b"), "1\n2\n")
		p.want(p.key("c"), "1\n2\n")
		p.want(p.key("staged"), "input")
		p.want("in/a", "input")
		p.absent(p.key("a"))
	})
}

// F14: modes, owners and times can be set; what is executable runs.
func TestF14Modes(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.put("bin/tool", "#!/bin/sh\necho ran\n")
		p.task(`printf '#!/bin/sh\necho ran\n' > s; chmod 755 s; [ "$(./s)" = ran ]; chmod 600 s; [ $(stat -c %a s) = 600 ]
chown $(id -u):$(id -g) s; touch -d 2001-02-03T04:05:06Z s; [ $(stat -c %Y s) = 981173106 ]
[ "$(/fusion/s3/` + p.bucket + `/bin/tool)" = ran ]`)
	})
}

// F16: locks hold between the processes of the pod.
func TestF16Locks(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.task(`: > l
( flock -x 9; echo held > /tmp/held; sleep 0.5 ) 9< l &
while [ ! -e /tmp/held ]; do sleep 0.01; done
! flock -n l true; wait; flock -n l true
python3 -c '
import fcntl, os
f = open("l", "r+"); fcntl.lockf(f, fcntl.LOCK_EX)
if os.fork() == 0:
    try: fcntl.lockf(open("l", "r+"), fcntl.LOCK_EX | fcntl.LOCK_NB); os._exit(1)
    except OSError: os._exit(0)
assert os.wait()[1] == 0'`)
	})
}

// F17: pipes and sockets work or are refused cleanly, and are never objects.
func TestF17Special(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.task(`if mkfifo pipe 2> /tmp/err; then echo through > pipe & [ "$(cat pipe)" = through ]; else grep -i 'not supported' /tmp/err; fi
python3 -c '
import socket, errno
s = socket.socket(socket.AF_UNIX)
try: s.bind("sock")
except OSError as e: assert e.errno == errno.ENOTSUP, e'`)
		p.absent(p.key("pipe"))
		p.absent(p.key("sock"))
	})
}

// F18: fsync and sync come back; what was written after them is in S3, too.
func TestF18Sync(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		begin := time.Now()
		p.task(`python3 -c '
import os
fd = os.open("f", os.O_RDWR | os.O_CREAT)
for i in range(200): os.write(fd, b"0123456789"); os.fsync(fd)
os.write(fd, b"end")'; sync f; sync`)
		p.want(p.key("f"), strings.Repeat("0123456789", 200)+"end")
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("it took %v: does each fsync wait for S3?", took)
		}
		if puts := len(p.requests("PutObject")); puts > 20 {
			t.Errorf("%d PutObject for a file with 200 fsyncs", puts)
		}
	})
}
