package task

import (
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/mount"
)

// betweenMounts is how long a node gets to do what it was late with, such as opening the device to the pod.
const betweenMounts = time.Second

// attachAgain mounts, and when that fails again, up to retries times or until a signal asks to end.
func attachAgain(retries int, signals <-chan os.Signal, attach func() (*mount.Connection, *os.Process, error)) (*mount.Connection, *os.Process, error) {
	for tries := 1; ; tries++ {
		conn, inner, err := attach()
		switch {
		case err == nil:
			return conn, inner, nil
		case tries > 1 && tries > retries:
			return nil, nil, fmt.Errorf("%w (tried %d times)", err, tries)
		case tries > retries:
			return nil, nil, err
		}
		for pause := time.After(betweenMounts); pause != nil; {
			select {
			case <-pause:
				pause = nil
			case s := <-signals:
				if slices.Contains([]os.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM}, s) {
					return nil, nil, fmt.Errorf("%w (%v came before the next try)", err, s)
				}
			}
		}
	}
}
