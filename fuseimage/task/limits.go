package task

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// niceness of all threads that serve the file system: the task wins where both want the processor.
const niceness = 5

const mib = 1 << 20

// Limits say how much of the container the runtime takes for itself.
type Limits struct {
	Container int64 // bytes of memory the container may use, 0 for no limit
	Memory    int64 // bytes of our heap, which the collector keeps to
	Buffers   int64 // bytes of transfer buffers, within Memory
	Threads   int   // that run Go code at the same time
}

// ReadLimits derives them from this process's control groups.
func ReadLimits() Limits {
	l := Limits{Container: containerMemory("/sys/fs/cgroup", "/proc/self/cgroup")}
	l.Memory = 96 * mib
	if l.Container > 0 {
		l.Memory = max(48*mib, min(l.Memory, l.Container/20))
	}
	l.Buffers = l.Memory / 2
	// GOMAXPROCS follows the control group's quota already; two are the least that serve and transfer at once.
	l.Threads = max(2, runtime.GOMAXPROCS(0)/4)
	return l
}

// Apply sets the limits for this process.
func (l Limits) Apply() {
	debug.SetMemoryLimit(l.Memory)
	runtime.GOMAXPROCS(l.Threads)
}

// beNice lowers the priority of every thread of this process but the calling one, which has to be locked and is
// the one that starts the workload. Later threads take after those that start them.
func beNice() {
	own := strconv.Itoa(unix.Gettid())
	threads, _ := filepath.Glob("/proc/self/task/[0-9]*")
	for _, path := range threads {
		if id := filepath.Base(path); id != own {
			tid, _ := strconv.Atoi(id)
			_ = unix.Setpriority(unix.PRIO_PROCESS, tid, niceness)
		}
	}
}

// containerMemory finds the lowest memory limit on the path from this process's control group to the root, in
// version 2 (memory.max) or 1 (memory.limit_in_bytes). Inside a container the namespace may hide the path; then
// the mount point itself is the container's group.
func containerMemory(mount, list string) int64 {
	data, err := os.ReadFile(list)
	if err != nil {
		return 0
	}
	lowest := int64(math.MaxInt64)
	for line := range strings.Lines(string(data)) {
		// hierarchy:controllers:path, cgroups(7)
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		dir, file := mount, "memory.max"
		if fields[1] != "" {
			if !strings.Contains(","+fields[1]+",", ",memory,") {
				continue
			}
			dir, file = filepath.Join(mount, "memory"), "memory.limit_in_bytes"
		}
		for path := filepath.Clean("/" + fields[2]); ; path = filepath.Dir(path) {
			if text, err := os.ReadFile(filepath.Join(dir, path, file)); err == nil {
				if v, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64); err == nil {
					lowest = min(lowest, v)
				}
			}
			if path == "/" {
				break
			}
		}
	}
	// Version 1 says "no limit" by the largest multiple of a page.
	if lowest >= 1<<60 {
		return 0
	}
	return lowest
}
