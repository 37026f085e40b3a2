// Package telemetry is how the node's daemons tell what they do: JSON logs, Prometheus metrics and two health checks.
package telemetry

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Logger writes one JSON object a line, each with the program's name.
func Logger(w io.Writer, program string) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, nil)).With("program", program)
}

// Registry has the metrics of the process and NAMESPACE_build_info, a constant 1 with the version as its label.
func Registry(namespace, version string) *prometheus.Registry {
	r := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "build_info",
		Help: "Always 1; the version is in the label.", ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	r.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Checks say whether the process works at all (Healthy; the kubelet restarts it otherwise) and whether it
// serves now (Ready). A nil error is yes; the error's text is the answer's body.
type Checks struct {
	Healthy, Ready func(context.Context) error
}

// Listen serves /metrics, /healthz and /readyz on address until ctx ends. It returns once the port is open.
func Listen(ctx context.Context, log *slog.Logger, address string, metrics *prometheus.Registry, checks Checks) (net.Addr, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", answer(checks.Healthy))
	mux.HandleFunc("GET /readyz", answer(checks.Ready))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the health port closed", "error", err)
		}
	}()
	return listener.Addr(), nil
}

func answer(check func(context.Context) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := check(ctx); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok\n")
	}
}
