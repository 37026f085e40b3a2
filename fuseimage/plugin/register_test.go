package plugin

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"
	"k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

func newRegistry() *prometheus.Registry   { return prometheus.NewRegistry() }
func protoSize(message proto.Message) int { return proto.Size(message) }

func TestDP04ServesBeforeItRegisters(t *testing.T) {
	_, k := started(t) // the kubelet dials back inside Register, and refuses who does not answer
	if n := k.registrations(); n != 1 {
		t.Errorf("%d registrations, want one that succeeds", n)
	}
	r := k.requests[0]
	if r.Version != "v1beta1" || r.Endpoint != Socket || r.ResourceName != Resource {
		t.Errorf("registered %v", r)
	}
}

func TestDP05RegistersWithANewKubelet(t *testing.T) {
	for name, noInotify := range map[string]bool{"inotify": false, "polling": true} {
		t.Run(name, func(t *testing.T) {
			slowTicks := func(_ *Options, w *timing) {
				w.noInotify = noInotify
				if w.look = time.Second; !noInotify { // as in production; then with looking alone made useless
					w.look = time.Minute
				}
			}
			r, k := started(t, slowTicks)
			for range 3 {
				k.stop()
				began := time.Now()
				k = startKubelet(t, r.dir)
				k.waitHealth(t, v1beta1.Healthy)
				if took := time.Since(began); took > 2*time.Second {
					t.Errorf("registered after %v, want 2 s at most", took)
				}
			}
			if n := r.metric(t, "kubelet_restarts_total"); n != 3 {
				t.Errorf("%v kubelet restarts counted, want 3", n)
			}
		})
	}
	t.Run("own socket", func(t *testing.T) {
		r, k := started(t)
		if err := os.Remove(r.socket); err != nil {
			t.Fatal(err)
		}
		eventually(t, "registered again", func() bool { return k.registrations() == 2 })
		r.waitReady(t)
	})
	t.Run("kubelet's socket alone", func(t *testing.T) {
		r, k := started(t)
		if err := os.Remove(r.kubelet); err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("unix", r.kubelet)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = k.grpc.Serve(listener) }()
		eventually(t, "registered again", func() bool { return k.registrations() == 2 })
	})
}

func TestDP06RetriesWithoutAnEvent(t *testing.T) {
	r := prepare(t, func(_ *Options, w *timing) { w.noInotify = true })
	k := startKubelet(t, r.dir, func(k *kubelet) { k.refuse = errors.New("not today") })
	r.start(t)
	eventually(t, "four attempts", func() bool { return k.registrations() >= 4 })
	k.mu.Lock()
	k.refuse = nil
	k.mu.Unlock()
	r.waitReady(t)
	if n := r.metric(t, "registrations_total", `result="failed"`); n < 4 {
		t.Errorf("%v failures counted, want 4 or more", n)
	}

	b := &backoff{first: time.Second, last: 30 * time.Second}
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
		if got := b.next(); got < want*time.Second*3/4 || got > want*time.Second*5/4 {
			t.Errorf("waits %v, want %d s give or take a quarter", got, want)
		}
	}
	if b.reset(); b.next() > 2*time.Second {
		t.Error("reset does not begin anew")
	}
	spread := map[time.Duration]bool{}
	for range 20 {
		b.reset()
		spread[b.next()] = true
	}
	if len(spread) < 10 {
		t.Errorf("20 waits have %d values: no jitter", len(spread))
	}
}

// TestKubeletAbsent: minutes without a kubelet are a state, not an error, and not the end.
func TestKubeletAbsent(t *testing.T) {
	r := run(t)
	eventually(t, "state no_kubelet", func() bool { return r.metrics.state.get() == stateNoKubelet })
	if r.metric(t, "state", `state="no_kubelet"`) != 1 || r.metric(t, "state") != 1 {
		t.Error("the state's metric does not say so")
	}
	eventually(t, "the log says so", func() bool { return strings.Contains(r.log.String(), `"event":"State","state":"no_kubelet"`) })
	startKubelet(t, r.dir).waitHealth(t, v1beta1.Healthy)
}

// TestDeafKubelet: one that registers us and never lists is asked again.
func TestDeafKubelet(t *testing.T) {
	r := prepare(t)
	k := startKubelet(t, r.dir, func(k *kubelet) { k.deaf = true })
	r.start(t)
	eventually(t, "three registrations", func() bool { return k.registrations() >= 3 })
	if r.Ready(t.Context()) == nil {
		t.Error("ready without a stream")
	}
	k.mu.Lock()
	k.deaf = false
	k.mu.Unlock()
	r.waitReady(t)
}

// TestFullDirectory: no room or right for our socket is a state that passes.
func TestFullDirectory(t *testing.T) {
	r := prepare(t)
	blocked := filepath.Join(r.dir, Socket)
	if err := os.MkdirAll(filepath.Join(blocked, "occupied"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.start(t)
	eventually(t, "state no_socket", func() bool { return r.metrics.state.get() == stateNoSocket })
	if !strings.Contains(r.log.String(), "cannot serve in the kubelet's plugin directory") {
		t.Errorf("the log does not say so: %s", r.log)
	}
	if err := os.RemoveAll(blocked); err != nil {
		t.Fatal(err)
	}
	startKubelet(t, r.dir).waitHealth(t, v1beta1.Healthy)
}

func TestDP12SocketPath(t *testing.T) {
	if !regexp.MustCompile(`^[a-z0-9.-]+$`).MatchString(Socket) {
		t.Errorf("the socket's name is %s", Socket)
	}
	if got := filepath.Join(Directory, Socket); len(got) > 100 {
		t.Errorf("%s has %d bytes", got, len(got))
	}
	_, err := New(Options{Resource: Resource, Count: 1, Directory: "/" + strings.Repeat("d", 100), Metrics: newRegistry()})
	if err == nil || !strings.Contains(err.Error(), "at most 100") {
		t.Errorf("a path that is too long gives %v", err)
	}
}
