package telemetry

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"
)

// LowMemory is for programs that do little for long. The collector runs at a quarter of the usual growth; and it gives
// the pages of the program file back that only its start needed: the image's binary holds every program
// of the runtime, and their initialisation maps most of it. What is needed again is mapped again, from the page cache.
// Only the program's code is given back. (Read-only data is not safe to: where a linker has relocated it, it differs
// from the file.)
func LowMemory() error {
	debug.SetGCPercent(25)
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(maps)) {
		fields := strings.Fields(line) // proc_pid_maps(5): ADDRESS-ADDRESS PERMISSIONS OFFSET DEVICE INODE PATH
		if len(fields) != 6 || fields[5] != self || fields[1] != "r-xp" {
			continue
		}
		var from, to uintptr
		if _, err := fmt.Sscanf(fields[0], "%x-%x", &from, &to); err != nil {
			return err
		}
		if _, _, errno := unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_DONTNEED); errno != 0 {
			return fmt.Errorf("madvise: %w", errno)
		}
	}
	return nil
}
