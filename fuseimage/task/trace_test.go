package task

import (
	"encoding/json"
	"testing"
	"time"
)

// The counters of the record are those of the whole task, not of its shell alone.
func TestTrace(t *testing.T) {
	r, _ := run(t, `bash -c 'head -c 3000000 /dev/zero | cat >/dev/null; i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done'; sleep 0.1`, nil, time.Second)
	var got trace
	if err := json.Unmarshal(newTrace(r, 1<<30), &got); err != nil {
		t.Fatal(err)
	}
	if got.Proc.Rchar < 3_000_000 || got.Proc.Wchar < 3_000_000 {
		t.Errorf("rchar %d, wchar %d; want at least the 3,000,000 bytes that a grandchild copied", got.Proc.Rchar, got.Proc.Wchar)
	}
	if got.Proc.Realtime < 100 || got.Proc.PctCPU < 10 || got.Proc.PctCPU > 10_000 || got.Proc.PeakRSS < 1<<20 || got.Proc.CPUName == "" || got.Proc.PctMem < 0 {
		t.Errorf("unlikely figures: %+v", got.Proc)
	}
}

func TestCgroupTrace(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/memory.current", "100\n")
	write(t, dir+"/memory.peak", "300\n")
	write(t, dir+"/memory.stat", "anon 40\nfile 60\n")
	if got := readCgroup(dir, 70, 500); got == nil || *got != (cgroupTrace{100, 40, 300, 70, 500}) {
		t.Errorf("version 2: %+v", got)
	}
	dir = t.TempDir()
	write(t, dir+"/memory/memory.usage_in_bytes", "100\n")
	write(t, dir+"/memory/memory.max_usage_in_bytes", "300\n")
	write(t, dir+"/memory/memory.stat", "rss 30\ntotal_rss 40\n")
	if got := readCgroup(dir, 70, 500); got == nil || *got != (cgroupTrace{100, 40, 300, 70, 500}) {
		t.Errorf("version 1: %+v", got)
	}
	if got := readCgroup(t.TempDir(), 1, 1); got != nil {
		t.Errorf("without control groups: %+v, want nothing", got)
	}
}
