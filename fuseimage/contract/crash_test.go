package contract

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// crashFiles are what the task of TestR03 leaves: names and sizes, one of them above a part.
var crashFiles = []struct {
	name string
	size int
}{{"small", 10}, {"old", 200_000}, {"moved", 300_000}, {"large", 20_000_000}}

const crashTask = `letter=%c
fill() { head -c $2 /dev/zero | tr '\0' $letter > $1; }
fill small 10; fill tmp 300000; fill large 20000000; mv tmp moved; fill old 200000; ln -f small twin; rm twin`

// R03: whenever the launcher is killed, each object is whole, of the run before or of this one; .exitcode comes with
// all outputs; and the next start removes what was left.
func TestR03Killed(t *testing.T) {
	for name, b := range map[string]box{"root": {Caps: allCaps, DevMode: 0o666}, "user": {UID: 1000, DevMode: 0o666}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			p := &pod{box: b, store: s, t: t}
			p.Env, p.Dir, p.Tmp = s.environment(), "/", t.TempDir()
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 0))
			begin := time.Now()
			p.task(fmt.Sprintf(crashTask, 'a'))
			whole := time.Since(begin)
			last, survived := byte('a'), 0
			for i := range *kills / 2 {
				if err := client.delete(context.Background(), p.bucket, p.key(".exitcode")); err != nil {
					t.Fatal(err)
				}
				letter := byte('b' + i%25)
				if letter == last {
					letter++
				}
				r := p.begin(fmt.Sprintf(crashTask, letter))
				time.Sleep(time.Duration(random.Int64N(int64(whole) * 3 / 2)))
				_ = r.cmd.Process.Kill()
				r.wait()
				if p.checkWhole(letter) {
					survived++
				}
				if t.Failed() {
					t.Fatalf("after kill %d", i)
				}
				last = letter
			}
			p.checkClean(survived)
		})
	}
}

// checkWhole fails the test when an object is neither the letter's nor all of another one, and reports whether
// .exitcode is there.
func (p *pod) checkWhole(letter byte) (exited bool) {
	p.t.Helper()
	_, exited = p.get(p.key(".exitcode"))
	for _, f := range crashFiles {
		data, ok := p.get(p.key(f.name))
		if ok && (len(data) != f.size || strings.Trim(data, data[:1]) != "") {
			p.t.Errorf("%s is torn: %d bytes, begins with %s", f.name, len(data), abbreviate(data[:min(len(data), 10)]))
		}
		if exited && (!ok || data[0] != letter) {
			p.t.Errorf(".exitcode is there, and %s is not of this run", f.name)
		}
	}
	return exited
}

// alone waits until the launcher that runs it has removed what earlier ones left, which it does beside the task.
const alone = `for i in $(seq 300); do [ $(ls -A /tmp | wc -l) = 1 ] && exit; sleep 0.1; done; ls -A /tmp; exit 1`

// checkClean starts once more and looks for what the killed ones left.
func (p *pod) checkClean(survived int) {
	p.t.Helper()
	p.Args = []string{"/opt/fusion", "sh", "-c", alone}
	r := p.start(p.t)
	if code := r.wait(); code != 0 {
		p.t.Errorf("exit code %d; %s", code, &r.err)
	}
	if left, err := os.ReadDir(p.Tmp); err != nil || len(left) > 0 {
		p.t.Errorf("left in /tmp: %v, %v", left, err)
	}
	if left, err := client.uploads(context.Background(), p.bucket); err != nil || len(left) > 0 {
		p.t.Errorf("unfinished multipart uploads: %q, %v", left, err)
	}
	p.t.Logf("%d runs ended before they were killed", survived)
}

// R02: no object is ever seen in part, while tasks write and rewrite it.
func TestR02Atomic(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		ctx, stop := context.WithCancel(t.Context())
		var watcher sync.WaitGroup
		watcher.Go(func() {
			for ctx.Err() == nil {
				data, ok, err := client.get(ctx, p.bucket, p.key("f"))
				if err == nil && ok && (len(data) != 20_000_000 || strings.Trim(string(data), string(data[:1])) != "") {
					t.Errorf("seen in part: %d bytes", len(data))
				}
			}
		})
		p.task(`for l in a b c; do head -c 20000000 /dev/zero | tr '\0' $l > f; sleep 0.7; done`)
		stop()
		watcher.Wait()
		p.want(p.key("f"), strings.Repeat("c", 20_000_000))
	})
}
