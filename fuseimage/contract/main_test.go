package contract

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// What all tests share; set before they run.
var (
	binary        string // the launcher
	serverAddress string
	serverDir     string
	client        *outsider
	transport     = &http.Transport{MaxIdleConnsPerHost: 64}
	bucketNumber  atomic.Int64
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
	binary, serverDir = filepath.Join(dir, "fusion"), filepath.Join(dir, "s3")
	build := exec.Command("go", "build", "-o", binary, "../../cmd/fusion")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as released: no library of the image is needed
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build ./cmd/fusion: %v\n%s", err, out)
		return 2
	}
	if err := os.Mkdir(serverDir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	address, stop, err := startServer(serverDir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	defer stop()
	serverAddress, client = address, newOutsider(address)
	return m.Run()
}
