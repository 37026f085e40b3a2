package nvme

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// MetricsNamespace begins the name of each metric.
const MetricsNamespace = "nvme_prep"

type metrics struct {
	state, refusals           *prometheus.GaugeVec
	disks, bytes, free, spent prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: MetricsNamespace, Name: name, Help: help})
	}
	m := &metrics{
		state: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: MetricsNamespace, Name: "state",
			Help: "1 for the phase that the node's disks are in."}, []string{"phase"}),
		refusals: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: MetricsNamespace, Name: "refused",
			Help: "1 for the reason that the last run refused for."}, []string{"reason"}),
		disks: gauge("disks", "Instance-store disks of the node."),
		bytes: gauge("bytes", "Size of the mounted filesystem."),
		free:  gauge("free_bytes", "Free bytes of the mounted filesystem."),
		spent: gauge("prepare_seconds", "How long the last run took."),
	}
	m.phase(Starting)
	r.MustRegister(m.state, m.refusals, m.disks, m.bytes, m.free, m.spent)
	return m
}

func (m *metrics) phase(now Phase) {
	for _, p := range phases() {
		m.state.WithLabelValues(string(p)).Set(0)
	}
	m.state.WithLabelValues(string(now)).Set(1)
}

func (m *metrics) outcome(o Outcome, spent time.Duration) {
	m.phase(o.Phase)
	m.disks.Set(float64(len(o.Disks)))
	m.bytes.Set(float64(o.Total))
	m.free.Set(float64(o.Free))
	m.spent.Set(spent.Seconds())
	m.refusals.Reset()
	var r *Refusal
	if errors.As(o.Err, &r) {
		m.refusals.WithLabelValues(r.Reason).Set(1)
	}
}
