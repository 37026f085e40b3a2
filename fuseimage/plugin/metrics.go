package plugin

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// MetricsNamespace begins the name of each metric.
const MetricsNamespace = "fuse_device_plugin"

// A state names what the plugin is waiting for, or that it waits for nothing.
type state string

const (
	stateStarting     state = "starting"
	stateNoSocket     state = "no_socket"    // the plugin directory is full, read-only or absent
	stateNoKubelet    state = "no_kubelet"   // no kubelet.sock
	stateUnregistered state = "unregistered" // the kubelet refused or did not answer
	stateNoStream     state = "no_stream"    // registered, but the kubelet does not list devices
	stateServing      state = "serving"
	stateStopped      state = "stopped"
)

// means is the state in words.
func (s state) means() string {
	return map[state]string{
		stateStarting:     "starting",
		stateNoSocket:     "the kubelet's plugin directory takes no socket",
		stateNoKubelet:    "waiting for the kubelet to make its socket",
		stateUnregistered: "the kubelet did not register the plugin",
		stateNoStream:     "registered; the kubelet does not list the devices yet",
		stateServing:      "registered, and the kubelet lists the devices",
		stateStopped:      "stopped",
	}[s]
}

func states() []state {
	return []state{stateStarting, stateNoSocket, stateNoKubelet, stateUnregistered, stateNoStream, stateServing, stateStopped}
}

type metrics struct {
	registrations, allocations *prometheus.CounterVec
	kubelets                   prometheus.Counter
	streams                    prometheus.Gauge
	devices, device            *prometheus.GaugeVec
	state                      *stateMetric
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: MetricsNamespace, Name: name, Help: help}
	}
	gauge := func(name, help string) prometheus.GaugeOpts {
		return prometheus.GaugeOpts{Namespace: MetricsNamespace, Name: name, Help: help}
	}
	m := &metrics{
		registrations: prometheus.NewCounterVec(counter("registrations_total", "Attempts to register with the kubelet, by result."), []string{"result"}),
		allocations:   prometheus.NewCounterVec(counter("allocations_total", "Allocate calls of the kubelet, by result."), []string{"result"}),
		kubelets:      prometheus.NewCounter(counter("kubelet_restarts_total", "How often the kubelet made its socket anew.")),
		streams:       prometheus.NewGauge(gauge("stream_up", "Open ListAndWatch streams; 1 is right.")),
		devices:       prometheus.NewGaugeVec(gauge("devices", "Devices offered, by health."), []string{"health"}),
		device:        prometheus.NewGaugeVec(gauge("device", "1 for the state of the node's FUSE device: usable, shut (only root can open it), unseen (its mode is not known), missing."), []string{"state"}),
		state:         &stateMetric{gauge: prometheus.NewGaugeVec(gauge("state", "1 for the state that the plugin is in."), []string{"state"})},
	}
	for _, result := range []string{"ok", "failed"} {
		m.registrations.WithLabelValues(result)
	}
	for _, result := range []string{"ok", "refused"} {
		m.allocations.WithLabelValues(result)
	}
	m.state.set(stateStarting)
	r.MustRegister(m.registrations, m.allocations, m.kubelets, m.streams, m.devices, m.device, m.state.gauge)
	return m
}

func (m *metrics) health(h Health, count int) {
	healthy, unhealthy := 0, count
	if h.Healthy() {
		healthy, unhealthy = count, 0
	}
	m.devices.WithLabelValues("healthy").Set(float64(healthy))
	m.devices.WithLabelValues("unhealthy").Set(float64(unhealthy))
	for _, s := range deviceStates() {
		m.device.WithLabelValues(string(s)).Set(0)
	}
	m.device.WithLabelValues(string(h.State)).Set(1)
}

// A stateMetric is a gauge with a 1 at the current state.
type stateMetric struct {
	gauge *prometheus.GaugeVec

	mu  sync.Mutex
	now state // guarded by mu
}

// set reports whether that is another state than before.
func (m *stateMetric) set(now state) (changed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	changed, m.now = now != m.now, now
	for _, s := range states() {
		m.gauge.WithLabelValues(string(s)).Set(0)
	}
	m.gauge.WithLabelValues(string(now)).Set(1)
	return changed
}

func (m *stateMetric) get() state {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}
