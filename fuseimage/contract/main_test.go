package contract

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
)

// What all tests share; set before they run.
var (
	binary       string // the launcher
	s3           *s3test.Server
	client       *outsider
	bucketNumber atomic.Int64
)

var kills = flag.Int("fusion.kills", 50, "how often TestR03 kills the launcher")

func TestMain(m *testing.M) {
	if os.Args[0] == boxName {
		fmt.Fprintln(os.Stderr, boxInit(os.Args[1]))
		os.Exit(99)
	}
	flag.Parse()
	if testing.Short() {
		fmt.Println("contract: these tests make containers and start an S3 server; they do not run with -short")
		os.Exit(0)
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "contract-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "fusion")
	build := exec.Command("go", "build", "-o", binary, "../../cmd/fusion")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as released: no library of the image is needed
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build ./cmd/fusion: %v\n%s", err, out)
		return 2
	}
	server, stop, err := s3test.Run(filepath.Join(dir, "s3"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	defer stop()
	s3, client = server, newOutsider(server.URL)
	return m.Run()
}
