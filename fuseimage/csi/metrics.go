package csi

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/status"
)

// MetricsNamespace begins the name of each metric.
const MetricsNamespace = "fusion_node"

type metrics struct {
	operations             *prometheus.CounterVec
	seconds                *prometheus.HistogramVec
	bytes                  *prometheus.GaugeVec
	volumes, ready         prometheus.Gauge
	quota, known, profiled prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: MetricsNamespace, Name: name, Help: help})
	}
	m := &metrics{
		operations: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: MetricsNamespace, Name: "operations_total",
			Help: "Calls of the kubelet, by operation and gRPC code."}, []string{"operation", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: MetricsNamespace, Name: "operation_seconds",
			Help: "How long the calls took.", Buckets: []float64{.001, .01, .1, 1, 10, 60}}, []string{"operation"}),
		bytes: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: MetricsNamespace, Name: "scratch_bytes",
			Help: "Of the scratch disk when a volume was last asked for: total, free, promised to volumes with a size."}, []string{"kind"}),
		volumes:  gauge("scratch_volumes", "Scratch volumes when one was last asked for."),
		ready:    gauge("scratch_ready", "1 where the scratch directory is there."),
		quota:    gauge("quota_enforced", "1 where the kernel holds scratch volumes to their size."),
		known:    gauge("registered", "1 while the kubelet has us registered."),
		profiled: gauge("seccomp_profile_installed", "1 where the seccomp profile is on the node."),
	}
	r.MustRegister(m.operations, m.seconds, m.bytes, m.volumes, m.ready, m.quota, m.known, m.profiled)
	return m
}

func (m *metrics) observe(operation string, began time.Time, err error) {
	m.operations.WithLabelValues(operation, status.Code(err).String()).Inc()
	m.seconds.WithLabelValues(operation).Observe(time.Since(began).Seconds())
}

func (m *metrics) space(total, free, promised int64, volumes int) {
	m.bytes.WithLabelValues("total").Set(float64(total))
	m.bytes.WithLabelValues("free").Set(float64(free))
	m.bytes.WithLabelValues("promised").Set(float64(promised))
	m.volumes.Set(float64(volumes))
}

func (m *metrics) enforced(yes bool)   { m.quota.Set(number(yes)) }
func (m *metrics) registered(yes bool) { m.known.Set(number(yes)) }
func (m *metrics) profile(yes bool)    { m.profiled.Set(number(yes)) }

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
