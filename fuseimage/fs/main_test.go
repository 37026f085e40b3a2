package fs

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
)

// The test binary is also the server of each mount and, once more, the tests themselves in a mount namespace of
// their own, so that no mount can be left behind.
const (
	serverEnv    = "FUSION_TEST_SERVER"    // JSON of serverConfig: be a server
	namespaceEnv = "FUSION_TEST_NAMESPACE" // be the tests
	s3Env        = "FUSION_TEST_S3"        // URL of a server that already runs
)

const secondBucket = "second-bucket"

func TestMain(m *testing.M) {
	if text := os.Getenv(serverEnv); text != "" {
		var cfg serverConfig
		if err := json.Unmarshal([]byte(text), &cfg); err != nil {
			panic(err)
		}
		os.Exit(serve(cfg))
	}
	flag.Parse()
	if testing.Short() {
		fmt.Println("left out under -short: the tests of mounts, which need root and /dev/fuse")
		return
	}
	if os.Getenv(namespaceEnv) == "" {
		os.Exit(inNamespace())
	}
	os.Exit(withS3(m.Run))
}

// inNamespace runs this binary again in a mount namespace.
func inNamespace() int {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), namespaceEnv+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Run(); err != nil {
		if cmd.ProcessState == nil {
			fmt.Fprintln(os.Stderr, "cannot make a mount namespace; these tests run as root:", err)
			return 2
		}
		return max(cmd.ProcessState.ExitCode(), 1)
	}
	return 0
}

// withS3 runs the tests with mounts private and an S3 server on the loopback.
func withS3(run func() int) int {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		fmt.Fprintln(os.Stderr, "cannot make mounts private:", err)
		return 2
	}
	if os.Getenv(s3Env) != "" {
		return run()
	}
	dir, err := os.MkdirTemp("", "s3")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	server, stop, err := s3test.Run(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	defer stop()
	if err := os.Mkdir(filepath.Join(dir, secondBucket), 0o755); err != nil { // which makes a bucket of that server
		panic(err)
	}
	os.Setenv(s3Env, server.URL)
	// What udev does elsewhere; without it only root can mount.
	if err := os.Chmod("/dev/fuse", 0o666); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	return run()
}
