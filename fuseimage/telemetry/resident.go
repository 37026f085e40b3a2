package telemetry

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"
)

// LowMemory is for programs that do little for long. The collector runs at a quarter of the usual growth; and it gives
// back what only the start needed: the heap, and the pages of the program file. The image's binary holds every program
// of the runtime, and their initialisation maps most of it. What is needed again is mapped again, from the page cache.
func LowMemory() error {
	debug.SetGCPercent(25)
	debug.FreeOSMemory()
	unchanged, err := unchangedParts()
	if err != nil {
		return err
	}
	for _, m := range unchanged {
		if _, _, errno := unix.Syscall(unix.SYS_MADVISE, m.from, m.to-m.from, unix.MADV_DONTNEED); errno != 0 {
			return fmt.Errorf("madvise: %w", errno)
		}
	}
	return nil
}

type addresses struct{ from, to uintptr }

// unchangedParts are the mappings of the program file that are as in the file: they cannot be written, and hold no page of
// their own. (Read-only data that a linker has relocated does.)
func unchangedParts() (parts []addresses, err error) {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return nil, err
	}
	file, err := os.Open("/proc/self/smaps")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var now addresses
	mine := false
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text()) // proc_pid_smaps(5): ADDRESS-ADDRESS PERMISSIONS OFFSET DEVICE INODE PATH, then NAME: VALUE kB
		switch {
		case !strings.HasSuffix(fields[0], ":"):
			mine = len(fields) == 6 && fields[5] == self && !strings.Contains(fields[1], "w")
			if _, err := fmt.Sscanf(fields[0], "%x-%x", &now.from, &now.to); err != nil {
				return nil, err
			}
		case mine && fields[0] == "Anonymous:" && fields[1] == "0":
			parts = append(parts, now)
		}
	}
	return parts, nil
}
