package plugin

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/internal/transcript"
	"github.com/prometheus/client_golang/prometheus"
)

// A rig is a plugin that runs in directories of the test's own.
type rig struct {
	*Plugin
	dir, sys string
	log      *transcript.Buffer
	registry *prometheus.Registry
	stop     func() // ends Run and waits for it
}

// quick has the waits of production divided by 50, so that a test of 2 s there takes 40 ms.
func quick() timing {
	return timing{look: 20 * time.Millisecond, firstRetry: 20 * time.Millisecond, lastRetry: 600 * time.Millisecond, streamGrace: 100 * time.Millisecond}
}

func prepare(t *testing.T, change ...func(*Options, *timing)) *rig {
	t.Helper()
	r := &rig{dir: t.TempDir(), sys: t.TempDir(), log: &transcript.Buffer{}, registry: prometheus.NewRegistry()}
	loadFUSE(t, r.sys)
	o := Options{Resource: Resource, Count: 10, Directory: r.dir, Device: Device{Sys: r.sys},
		Log: slog.New(slog.NewJSONHandler(r.log, nil)), Metrics: r.registry}
	waits := quick()
	for _, c := range change {
		c(&o, &waits)
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	p.timing = waits
	r.Plugin = p
	return r
}

func (r *rig) start(t *testing.T) *rig {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	r.stop = func() { cancel(); <-done }
	t.Cleanup(r.stop)
	return r
}

func run(t *testing.T, change ...func(*Options, *timing)) *rig {
	t.Helper()
	return prepare(t, change...).start(t)
}

func (r *rig) waitReady(t *testing.T) {
	t.Helper()
	eventually(t, "the plugin is ready", func() bool { return r.Ready(context.Background()) == nil })
}

// metric sums the samples of one metric whose labels contain all pairs, like `result="ok"`.
func (r *rig) metric(t *testing.T, name string, pairs ...string) float64 {
	t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum, found := 0.0, false
	for _, f := range families {
		if f.GetName() != MetricsNamespace+"_"+name {
			continue
		}
		for _, m := range f.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, l.GetName()+`="`+l.GetValue()+`"`)
			}
			all := strings.Join(labels, ",")
			matches := true
			for _, p := range pairs {
				matches = matches && strings.Contains(all, p)
			}
			if matches {
				sum, found = sum+m.GetCounter().GetValue()+m.GetGauge().GetValue(), true
			}
		}
	}
	if !found {
		t.Fatalf("there is no metric %s with %v", name, pairs)
	}
	return sum
}

// loadFUSE and unloadFUSE are modprobe's effect on the sysfs.
func loadFUSE(t *testing.T, sys string) {
	t.Helper()
	dir := filepath.Join(sys, "class/misc/fuse")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "dev"), []byte("10:229\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func unloadFUSE(t *testing.T, sys string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(sys, "class/misc/fuse")); err != nil {
		t.Fatal(err)
	}
}
