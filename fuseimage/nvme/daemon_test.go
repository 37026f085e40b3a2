package nvme

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/internal/transcript"
	"github.com/prometheus/client_golang/prometheus"
)

// An apiServer has one node, and does the two JSON patches that there are.
type apiServer struct {
	mu      sync.Mutex
	taints  []any  // guarded by mu
	meddle  func() // guarded by mu; called once, before the next patch, with mu held
	patches int    // guarded by mu
	paths   []string
}

func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.paths = append(a.paths, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
	if r.Method == http.MethodPatch {
		a.patches++
		if a.meddle != nil {
			a.meddle()
			a.meddle = nil
		}
		var patch []struct {
			Op, Path string
			Value    []any
		}
		if err := json.NewDecoder(r.Body).Decode(&patch); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for _, p := range patch {
			if p.Op == "test" && !reflect.DeepEqual(p.Value, a.taints) {
				http.Error(w, "the server could not apply the test", http.StatusUnprocessableEntity)
				return
			}
			if p.Op != "test" {
				a.taints = p.Value
			}
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"spec": map[string]any{"taints": a.taints}})
}

func (a *apiServer) keys() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := []string{}
	for _, t := range a.taints {
		out = append(out, t.(map[string]any)["key"].(string))
	}
	return out
}

func oneTaint(key string) any { return map[string]any{"key": key, "effect": "NoExecute"} }

// gate is a taint of node1 on a server that serves a.
func gate(t *testing.T, a *apiServer) *NodeTaint {
	t.Helper()
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return &NodeTaint{Server: s.URL, TokenFile: token, Node: "node1", Key: Taint, Client: s.Client()}
}

func TestNV41TakesOnlyItsTaintOff(t *testing.T) {
	a := &apiServer{taints: []any{oneTaint("gpu"), oneTaint(Taint), oneTaint("other")}}
	g := gate(t, a)
	a.meddle = func() { a.taints = append(a.taints, oneTaint("late")) } // between our read and our patch
	if err := g.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := a.keys(); !reflect.DeepEqual(got, []string{"gpu", "other", "late"}) {
		t.Errorf("taints are %v", got)
	}
	if a.patches != 2 {
		t.Errorf("%d patches, want one that conflicts and one that does not", a.patches)
	}
	if err := g.Open(t.Context()); err != nil || a.patches != 2 {
		t.Errorf("again: %v, %d patches", err, a.patches)
	}
	for _, p := range a.paths {
		if !strings.HasSuffix(p, " /api/v1/nodes/node1 Bearer secret") {
			t.Errorf("asked for %s", p)
		}
	}
	if err := g.Close(t.Context()); err != nil || !reflect.DeepEqual(a.keys(), []string{"gpu", "other", "late", Taint}) {
		t.Errorf("closed: %v, %v", a.keys(), err)
	}
	bare := &apiServer{}
	if err := gate(t, bare).Close(t.Context()); err != nil || !reflect.DeepEqual(bare.keys(), []string{Taint}) {
		t.Errorf("a node without taints: %v, %v", bare.keys(), err)
	}
}

func TestNV41ServerRefuses(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }))
	defer s.Close()
	g := gate(t, &apiServer{})
	g.Server = s.URL
	if err := g.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("%v", err)
	}
}

// daemon runs one on a fake node until the test ends.
func daemon(t *testing.T, n *fakeNode, g Gate) (*Daemon, *transcript.Buffer, *prometheus.Registry) {
	t.Helper()
	log, registry := &transcript.Buffer{}, newRegistry()
	d := &Daemon{Gate: g, Retaint: true, Every: 10 * time.Millisecond,
		Preparer: n.preparer(func(o *Options) { o.Log, o.Metrics = slog.New(slog.NewJSONHandler(log, nil)), registry })}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); d.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return d, log, registry
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("not within 10 s: %s", what)
}

func TestNV43MountLost(t *testing.T) {
	a := &apiServer{taints: []any{oneTaint(Taint), oneTaint("gpu")}}
	n := newNode(t).stores(2)
	d, log, _ := daemon(t, n, gate(t, a))
	eventually(t, "the taint is off", func() bool { return d.Ready(t.Context()) == nil && reflect.DeepEqual(a.keys(), []string{"gpu"}) })
	n.reboot() // somebody took mount and array away
	eventually(t, "the loss is told", func() bool { return strings.Contains(log.String(), `"event":"MountLost"`) })
	eventually(t, "mounted and open again", func() bool {
		return d.Ready(t.Context()) == nil && reflect.DeepEqual(a.keys(), []string{"gpu"})
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.patches != 3 {
		t.Errorf("%d patches, want off, on, off", a.patches)
	}
}

// shut is a gate that does not open.
type shut struct{}

func (shut) Open(context.Context) error  { return errors.New("the server is away") }
func (shut) Close(context.Context) error { return nil }

func TestNV40NotReadyBeforeTheGateIsOpen(t *testing.T) {
	d, log, _ := daemon(t, newNode(t).stores(1), shut{})
	eventually(t, "the server's absence is told", func() bool { return strings.Contains(log.String(), "the server is away") })
	if d.Ready(t.Context()) == nil {
		t.Error("ready with the taint on")
	}
}

func TestNV50Metrics(t *testing.T) {
	n := newNode(t).stores(2)
	_, _, registry := daemon(t, n, nil)
	eventually(t, "state ready", func() bool { return sample(t, registry, "state", "ready") == 1 })
	for name, want := range map[string]float64{"disks": 2, "bytes": 2 * (diskSize - diskSize/100.0), "free_bytes": diskSize} {
		if got := sample(t, registry, name, ""); got < want-2 || got > want+2 {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if sample(t, registry, "prepare_seconds", "") <= 0 || sample(t, registry, "state", "") != 1 {
		t.Error("no time, or not exactly one state")
	}
	foreign := newNode(t).stores(1)
	foreign.put("nvme1n1", 512, "EFI PART")
	_, _, registry = daemon(t, foreign, nil)
	eventually(t, "state foreign", func() bool {
		return sample(t, registry, "state", "foreign") == 1 && sample(t, registry, "refused", "content") == 1
	})
}

// sample sums a metric's values where a label has the value, or all.
func sample(t *testing.T, registry *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		for _, m := range f.Metric {
			if f.GetName() == MetricsNamespace+"_"+name && (label == "" || len(m.Label) > 0 && m.Label[0].GetValue() == label) {
				sum += m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func TestNV51Logs(t *testing.T) {
	_, log, _ := daemon(t, newNode(t).stores(2), nil)
	eventually(t, "readiness is told", func() bool { return strings.Contains(log.String(), `"event":"Ready"`) })
	for line := range strings.Lines(log.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Errorf("no JSON: %s", line)
		}
		if !reflect.DeepEqual(fields["serials"], []any{"AWS1", "AWS2"}) {
			t.Errorf("no serials: %s", line)
		}
	}
}
