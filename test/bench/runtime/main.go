// Command runtime measures the runtime beside s3fs, rclone and the raw S3 calls, all in the same run against the same
// server, and writes docs/performance-runtime.md. It needs root, /dev/fuse, s3fs (Debian), and versitygw and rclone
// from test/tool.
//
//	runtime [-runs N] [-size MiB] [-only G1,G8] [-peers=false] [-distance near|far|both] [-o FILE] FUSION VERSITYGW RCLONE
//
// With -only, -peers=false or -distance it is for whoever works on one measure: the page is printed, not written.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	b := bench{}
	flag.IntVar(&b.runs, "runs", 5, "runs of each measure; medians are printed")
	size := flag.Int64("size", 1024, "size of the large object in MiB")
	output := flag.String("o", "", "also write the page to this file")
	only := flag.String("only", "", "measure these goals only, such as G1,G8, and what they build upon")
	flag.BoolVar(&b.peers, "peers", true, "measure the peers too")
	flag.StringVar(&b.distance, "distance", "both", "near: no delay; far: 20 ms; both")
	flag.Parse()
	var err error
	b.only, err = parseSelection(*only)
	if flag.NArg() != 3 || err != nil || !slices.Contains([]string{"near", "far", "both"}, b.distance) {
		fmt.Fprintln(os.Stderr, "usage: runtime [-runs N] [-size MiB] [-only G1,G8] [-peers=false] [-distance near|far|both] [-o FILE] FUSION VERSITYGW RCLONE")
		if err != nil {
			fmt.Fprintln(os.Stderr, "runtime:", err)
		}
		os.Exit(2)
	}
	b.large = *size << 20
	b.fusion, b.versitygw, b.rclone = flag.Arg(0), flag.Arg(1), flag.Arg(2)
	var page strings.Builder
	if err := b.run(&page); err != nil {
		fmt.Fprintln(os.Stderr, "runtime:", err)
		os.Exit(2)
	}
	fmt.Print(page.String())
	if whole := len(b.only) == 0 && b.peers && b.distance == "both"; *output != "" && whole {
		if err := os.WriteFile(*output, []byte(page.String()), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "runtime:", err)
			os.Exit(2)
		}
	}
}

// bench is one session: a server, its clients, and where they keep their files.
type bench struct {
	runs  int
	large int64 // bytes

	only     selection
	peers    bool
	distance string // near, far or both

	fusion, versitygw, rclone string

	dir    string // on the disk: mount points, caches
	store  string // in memory: the server's objects
	server string // host:port
	raw    *raw
}

func (b *bench) run(page io.Writer) error {
	var err error
	if b.dir, err = os.MkdirTemp("", "bench-runtime-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if b.store, err = os.MkdirTemp("/dev/shm", "bench-runtime-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.store)
	stop, err := b.serve()
	if err != nil {
		return err
	}
	defer stop()
	if err := b.fill(); err != nil {
		return err
	}
	near, far := newResults(nil, b.only), newResults(nil, b.only)
	if b.distance != "far" {
		if near, err = b.session(b.server, false); err != nil {
			return err
		}
	}
	if b.distance != "near" {
		delayed, end, err := delay(b.server, 20*time.Millisecond)
		if err != nil {
			return err
		}
		defer end()
		if far, err = b.session(delayed, true); err != nil {
			return err
		}
	}
	version, _ := exec.Command(b.fusion, "--version").Output()
	fmt.Fprintf(page, "# What the runtime costs\n\nOutput of `make bench`: %s, %s, linux/%s, %d CPUs, kernel %s; versitygw on memory over loopback HTTP; %d runs: median [least, most].\n",
		time.Now().Format("2006-01-02"), strings.TrimSpace(string(version)), runtime.GOARCH, runtime.NumCPU(), kernel(), b.runs)
	fmt.Fprintf(page, "The large object has %d MiB. A is kernel passthrough, B the page cache (FUSION_ENGINE=buffered). \"Ceiling\" is what bare requests (or, for local work, the plain disk) reach in the same run.\n\n", b.large>>20)
	if len(near.clients) > 0 {
		near.table(page)
	}
	if len(far.clients) > 0 {
		fmt.Fprintf(page, "\nWith 20 ms added to each round trip:\n\n")
		far.table(page)
	}
	near.verdicts(page, far)
	return nil
}

// session measures all clients against one address, one run after another, so that a busy moment hits all of them.
func (b *bench) session(address string, distant bool) (*results, error) {
	b.raw = newRaw(address)
	out := newResults(b.clients(address), b.only)
	for i := range b.runs {
		fmt.Fprintf(os.Stderr, "%s: run %d of %d\n", address, i+1, b.runs)
		if err := b.ceilings(out, distant); err != nil {
			return nil, fmt.Errorf("raw: %w", err)
		}
		for _, c := range out.clients {
			if err := b.measure(out, c, distant); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return out, nil
}

// serve starts versitygw.
func (b *bench) serve() (stop func(), err error) {
	b.server = freeAddress()
	cmd := exec.Command(b.versitygw, "--port", b.server, "--access", accessKey, "--secret", secretKey, "--keep-alive", "--quiet", "posix", b.store)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() { _, _ = cmd.Process.Kill(), cmd.Wait() }
	if err := await(10*time.Second, func() bool { return reachable(b.server) }); err != nil {
		stop()
		return nil, fmt.Errorf("versitygw: %w", err)
	}
	return stop, nil
}

// bucket is where all objects are.
const bucket = "bench"

// Numbers of small files.
const (
	manySmall  = 1000
	moreSmall  = 10_000
	created    = 500
	smallBytes = 4 << 10
)

// fill stores what is read.
func (b *bench) fill() error {
	if err := os.Mkdir(filepath.Join(b.store, bucket), 0o755); err != nil {
		return err
	}
	b.raw = newRaw(b.server)
	for name, goal := range map[string]string{"large": "", "random": G4} {
		if goal != "" && !b.only.has(goal) {
			continue
		}
		if err := b.raw.putLarge(name, b.large); err != nil {
			return err
		}
	}
	for dir, n := range map[string]int{"small": manySmall, "more": moreSmall} {
		if !b.only.has(G9) && (dir == "more" || !b.only.has(G8)) {
			continue
		}
		if err := parallel(8, n, func(i int) error { return b.raw.put(fmt.Sprintf("%s/f%05d", dir, i), pattern(smallBytes)) }); err != nil {
			return err
		}
	}
	return parallel(4, 20, func(i int) error { return b.raw.put(fmt.Sprintf("inputs/i%02d", i), pattern(4<<20)) })
}

func kernel() string {
	data, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(string(data))
}
