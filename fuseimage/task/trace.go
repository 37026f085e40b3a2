package task

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// IO is what a process and the children it waited for read and wrote, proc_pid_io(5).
type IO struct {
	Rchar, Wchar, Syscr, Syscw, ReadBytes, WriteBytes int64
}

// openIO opens the counters of a process. It may be read once the process is a zombie, but not opened any more then,
// unless by root.
func openIO(pid int) *os.File {
	file, err := os.Open("/proc/" + strconv.Itoa(pid) + "/io")
	if err != nil {
		return nil
	}
	return file
}

// readIO reads what openIO opened, nil or not, and closes it. What is not told stays zero.
func readIO(file *os.File) IO {
	if file == nil {
		return IO{}
	}
	defer file.Close()
	data, _ := io.ReadAll(file)
	n := numbers(string(data), ":")
	return IO{n["rchar"], n["wchar"], n["syscr"], n["syscw"], n["read_bytes"], n["write_bytes"]}
}

// numbers parses lines of a name, a separator and a number.
func numbers(text, separator string) map[string]int64 {
	out := map[string]int64{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, separator)
		if n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err == nil {
			out[strings.TrimSpace(name)] = n
		}
	}
	return out
}

// traceFile is where Nextflow looks for the task's figures when NXF_FUSION_TRACE=true.
const traceFile = ".fusion/trace.json"

// trace is the file's form: times in milliseconds, sizes in bytes, percentages in tenths
// (nextflow TaskHandler.applyFusionMetrics).
type trace struct {
	Proc   procTrace    `json:"proc"`
	Cgroup *cgroupTrace `json:"cgroup,omitempty"`
}

type procTrace struct {
	Realtime   int64  `json:"realtime"`
	PctCPU     int64  `json:"pct_cpu"`
	PctMem     int64  `json:"pct_mem"`
	CPUName    string `json:"cpu_name"`
	Rchar      int64  `json:"rchar"`
	Wchar      int64  `json:"wchar"`
	Syscr      int64  `json:"syscr"`
	Syscw      int64  `json:"syscw"`
	ReadBytes  int64  `json:"read_bytes"`
	WriteBytes int64  `json:"write_bytes"`
	VolCtxt    int64  `json:"vol_ctxt"`
	InvCtxt    int64  `json:"inv_ctxt"`
	RSS        int64  `json:"rss"`
	PeakRSS    int64  `json:"peak_rss"`
}

type cgroupTrace struct {
	Current int64 `json:"memory_current"`
	RSS     int64 `json:"memory_rss"`
	Peak    int64 `json:"memory_peak"`
	PeakRSS int64 `json:"memory_peak_rss"`
	Limit   int64 `json:"memory_limit"`
}

// newTrace makes the record of a task that has ended. The peak of the resident size is that of its largest process.
func newTrace(r Result, limit int64) []byte {
	used := r.Usage.Utime.Nano() + r.Usage.Stime.Nano()
	peak := r.Usage.Maxrss << 10 // in KiB, getrusage(2)
	t := trace{Proc: procTrace{
		Realtime: r.Elapsed.Milliseconds(), CPUName: processor("/proc/cpuinfo"),
		Rchar: r.IO.Rchar, Wchar: r.IO.Wchar, Syscr: r.IO.Syscr, Syscw: r.IO.Syscw, ReadBytes: r.IO.ReadBytes, WriteBytes: r.IO.WriteBytes,
		VolCtxt: r.Usage.Nvcsw, InvCtxt: r.Usage.Nivcsw, RSS: peak, PeakRSS: peak,
	}}
	if r.Elapsed > 0 {
		t.Proc.PctCPU = 1000 * used / r.Elapsed.Nanoseconds()
	}
	if total := numbers(readText("/proc/meminfo", " kB"), ":")["MemTotal"] << 10; total > 0 {
		t.Proc.PctMem = 1000 * peak / total
	}
	t.Cgroup = readCgroup("/sys/fs/cgroup", peak, limit)
	data, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		panic(err) // numbers and one string
	}
	return append(data, '\n')
}

// readCgroup reads the container's own group, version 2 or 1; nil when it is not to be seen.
func readCgroup(mount string, peak, limit int64) *cgroupTrace {
	number := func(names ...string) int64 {
		for _, name := range names {
			if n, err := strconv.ParseInt(strings.TrimSpace(readText(filepath.Join(mount, name), "")), 10, 64); err == nil {
				return n
			}
		}
		return 0
	}
	c := cgroupTrace{
		Current: number("memory.current", "memory/memory.usage_in_bytes"),
		Peak:    number("memory.peak", "memory/memory.max_usage_in_bytes"),
		PeakRSS: peak, Limit: limit,
	}
	if c.Current == 0 {
		return nil
	}
	c.RSS = numbers(readText(filepath.Join(mount, "memory.stat"), ""), " ")["anon"]
	if c.RSS == 0 {
		c.RSS = numbers(readText(filepath.Join(mount, "memory/memory.stat"), ""), " ")["total_rss"]
	}
	return &c
}

func processor(path string) string {
	for line := range strings.Lines(readText(path, "")) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// readText returns a file's text without a unit that ends its lines; "" when it cannot be read.
func readText(path, unit string) string {
	data, _ := os.ReadFile(path)
	if unit == "" {
		return string(data)
	}
	return strings.ReplaceAll(string(data), unit+"\n", "\n")
}
