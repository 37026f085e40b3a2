package task

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fusiongen/fusiongen/fuseimage/control"
)

// summary is the line that ends a task's log.
func summary(r control.Report, flushed time.Duration) string {
	var s strings.Builder
	fmt.Fprintf(&s, "read %s from S3", bytesText(r.Down))
	if total := r.Hits + r.Misses; total > 0 {
		fmt.Fprintf(&s, " (%d%% of what was read was there already)", 100*r.Hits/total)
	}
	fmt.Fprintf(&s, ", wrote %s in %s", bytesText(r.Up), count(r.Objects, "object"))
	if r.Copies > 0 {
		fmt.Fprintf(&s, " and %s", count(r.Copies, "server-side copy"))
	}
	fmt.Fprintf(&s, ", %s, waited %v for the last uploads", count(r.Requests, "request"), flushed.Round(10*time.Millisecond))
	if r.Retries > 0 {
		fmt.Fprintf(&s, ", %d retried", r.Retries)
	}
	return s.String()
}

func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if strings.HasSuffix(what, "y") {
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(what, "y"))
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// bytesText writes a size with a unit of 1024 and three digits at most.
func bytesText(n int64) string {
	value, unit := float64(n), "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if value < 1000 {
			break
		}
		value, unit = value/1024, next
	}
	if value < 10 && unit != "B" {
		return fmt.Sprintf("%.1f %s", value, unit)
	}
	return fmt.Sprintf("%.0f %s", value, unit)
}

// writeMetrics writes the counters in Prometheus' text format, for a node exporter's textfile collector.
func writeMetrics(path string, r control.Report, code int, flushed time.Duration) error {
	registry := prometheus.NewRegistry()
	for _, m := range []struct {
		name, help string
		value      float64
	}{
		{"fusion_received_bytes", "Bytes received from S3.", float64(r.Down)},
		{"fusion_stored_bytes", "Bytes of objects stored and verified.", float64(r.Up)},
		{"fusion_stored_objects", "Objects stored and verified.", float64(r.Objects)},
		{"fusion_copies", "Copies made by the server.", float64(r.Copies)},
		{"fusion_deletes", "Objects deleted.", float64(r.Deletes)},
		{"fusion_requests", "Requests to S3, retries included.", float64(r.Requests)},
		{"fusion_retries", "Requests after the first attempt.", float64(r.Retries)},
		{"fusion_cache_hit_bytes", "Bytes read that were in the cache.", float64(r.Hits)},
		{"fusion_cache_miss_bytes", "Bytes read that were waited for.", float64(r.Misses)},
		{"fusion_backoff_seconds", "Time spent in back-off.", r.Waited.Seconds()},
		{"fusion_flush_seconds", "Time from the task's end to that of its uploads.", flushed.Seconds()},
		{"fusion_failed_files", "Files that did not reach S3.", float64(len(r.Failed))},
		{"fusion_exit_code", "Exit code.", float64(code)},
	} {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: m.name, Help: m.help})
		g.Set(m.value)
		registry.MustRegister(g)
	}
	return prometheus.WriteToTextfile(path, registry)
}
