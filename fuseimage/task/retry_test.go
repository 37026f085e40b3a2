package task

import (
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/mount"
)

// A signal that asks to end does not wait for the tries that are left; others are no reason to give up.
func TestAttachAgainEndsBySignal(t *testing.T) {
	signals := make(chan os.Signal, 2)
	signals <- unix.SIGWINCH
	signals <- unix.SIGTERM
	tries, cause := 0, errors.New("no device")
	_, _, err := attachAgain(1000, signals, func() (*mount.Connection, *os.Process, error) { tries++; return nil, nil, cause })
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), "terminated") || tries != 1 {
		t.Errorf("%d tries, %v", tries, err)
	}
}
