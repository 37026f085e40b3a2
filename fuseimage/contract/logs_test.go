package contract

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// F27: .command.log holds both streams in order; .fusion.log is JSON, a record a line.
func TestF27Logs(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.task("echo one; sleep 0.2; echo two >&2; sleep 0.2; echo three")
		p.want(p.key(".command.log"), "one\ntwo\nthree\n")
		log, _ := p.get(p.key(".fusion.log"))
		lines := strings.Split(strings.TrimSpace(log), "\n")
		for _, line := range lines {
			var record struct {
				Time  time.Time `json:"time"`
				Level string    `json:"level"`
				Msg   string    `json:"msg"`
			}
			if err := json.Unmarshal([]byte(line), &record); err != nil || record.Level == "" || record.Msg == "" || record.Time.IsZero() {
				t.Errorf("not a record: %q: %v", line, err)
			}
		}
		if len(lines) < 2 {
			t.Errorf(".fusion.log has %d records, want at least the task's begin and end", len(lines))
		}
	})
}

// F27, F21: what a task says after it has filled the disk is in its log: that is the cause that the user looks for.
func TestF27LogWhenTheDiskIsFull(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.TmpSize, p.outputs = "16m", []string{"result"}
		r := p.begin("head -c 40000000 /dev/zero > waste")
		if code := r.wait(); code == 0 {
			t.Errorf("a task that could not write ends with 0")
		}
		if log, _ := p.get(p.key(".command.log")); !strings.Contains(log, "No space left on device") {
			t.Errorf("the log is %q; the pod said %q", log, r.err.String())
		}
		if log, _ := p.get(p.key(".fusion.log")); !strings.Contains(log, `"end"`) {
			t.Errorf("the launcher's own log does not tell the end: %q", log)
		}
	})
}

// With NXF_FUSION_TRACE the task's figures are where Nextflow reads them, and the counters where they were asked for.
func TestTrace(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.Env["NXF_FUSION_TRACE"], p.Env["FUSION_METRICS"], p.Tmp = "true", "/tmp/fusion.prom", t.TempDir()
		p.task("head -c 3000000 /dev/zero > f; sleep 0.2")
		text, _ := p.get(p.key(".fusion/trace.json"))
		var trace struct{ Proc map[string]any }
		if err := json.Unmarshal([]byte(text), &trace); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if wchar, _ := trace.Proc["wchar"].(float64); wchar < 3_000_000 {
			t.Errorf("wchar %v, want at least the file's 3,000,000 bytes", trace.Proc["wchar"])
		}
		if realtime, _ := trace.Proc["realtime"].(float64); realtime < 200 || realtime > 60_000 {
			t.Errorf("realtime %v ms", trace.Proc["realtime"])
		}
		metrics, err := os.ReadFile(filepath.Join(p.Tmp, "fusion.prom"))
		if err != nil || !strings.Contains(string(metrics), "\nfusion_exit_code 0\n") {
			t.Errorf("metrics: %v: %s", err, metrics)
		}
	})
}
