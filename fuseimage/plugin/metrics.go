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

func states() []state {
	return []state{stateStarting, stateNoSocket, stateNoKubelet, stateUnregistered, stateNoStream, stateServing, stateStopped}
}

type metrics struct {
	registrations, allocations *prometheus.CounterVec
	kubelets                   prometheus.Counter
	streams, shut              prometheus.Gauge
	devices                    *prometheus.GaugeVec
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
		shut:          prometheus.NewGauge(gauge("device_shut", "1 where the node's /dev/fuse is not open to all users, so that tasks that are not root cannot mount.")),
		devices:       prometheus.NewGaugeVec(gauge("devices", "Devices offered, by health."), []string{"health"}),
		state:         &stateMetric{gauge: prometheus.NewGaugeVec(gauge("state", "1 for the state that the plugin is in."), []string{"state"})},
	}
	for _, result := range []string{"ok", "failed"} {
		m.registrations.WithLabelValues(result)
	}
	for _, result := range []string{"ok", "refused"} {
		m.allocations.WithLabelValues(result)
	}
	m.state.set(stateStarting)
	r.MustRegister(m.registrations, m.allocations, m.kubelets, m.streams, m.shut, m.devices, m.state.gauge)
	return m
}

func (m *metrics) health(h Health, count int) {
	healthy, unhealthy := 0, count
	if h.Healthy {
		healthy, unhealthy = count, 0
	}
	m.devices.WithLabelValues("healthy").Set(float64(healthy))
	m.devices.WithLabelValues("unhealthy").Set(float64(unhealthy))
	m.shut.Set(0)
	if h.Shut {
		m.shut.Set(1)
	}
}

// A stateMetric is a gauge with a 1 at the current state.
type stateMetric struct {
	gauge *prometheus.GaugeVec

	mu  sync.Mutex
	now state // guarded by mu
}

func (m *stateMetric) set(now state) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = now
	for _, s := range states() {
		m.gauge.WithLabelValues(string(s)).Set(0)
	}
	m.gauge.WithLabelValues(string(now)).Set(1)
}

func (m *stateMetric) get() state {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}
