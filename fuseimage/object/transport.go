package object

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

func newTransport(cfg Config) (*http.Transport, error) {
	trust := &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(0)}
	if plain := strings.HasPrefix(cfg.Endpoint, "http://"); cfg.CABundle != "" && !plain { // parsing the system's takes as long as mounting
		pem, err := os.ReadFile(cfg.CABundle)
		if err != nil {
			return nil, fmt.Errorf("the bundle of trusted certificates: %w", err)
		}
		if trust.RootCAs, err = x509.SystemCertPool(); err != nil {
			trust.RootCAs = x509.NewCertPool()
		}
		if !trust.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no PEM certificate", cfg.CABundle)
		}
	}
	dialer := &net.Dialer{Timeout: cfg.Idle, KeepAlive: 15 * time.Second}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: cfg.Idle,
		TLSClientConfig:     trust,
		MaxIdleConnsPerHost: cfg.Concurrency,
		IdleConnTimeout:     20 * time.Second, // S3 closes idle connections about then
		DisableCompression:  true,
		WriteBufferSize:     64 << 10,
		ReadBufferSize:      16 << 10, // larger reads bypass it
	}, nil
}

// watchdog cancels a request whose connection moves no byte for a time.
type watchdog struct {
	timer *time.Timer
	limit time.Duration
	fired atomic.Bool
}

// watch returns a context that ends when limit passes without a call of alive.
func watch(ctx context.Context, limit time.Duration) (context.Context, *watchdog, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	w := &watchdog{limit: limit}
	w.timer = time.AfterFunc(limit, func() { w.fired.Store(true); cancel() })
	return ctx, w, func() { w.timer.Stop(); cancel() }
}

func (w *watchdog) alive() { w.timer.Reset(w.limit) }

// within changes the limit from now on.
func (w *watchdog) within(limit time.Duration) {
	w.limit = limit
	w.timer.Reset(limit)
}

// explain names the watchdog as the cause where it was.
func (w *watchdog) explain(err error) error {
	if err != nil && w.fired.Load() {
		return fmt.Errorf("%w: %w", errStalled, err)
	}
	return err
}

// timed runs f under a watchdog that nothing feeds.
func timed(ctx context.Context, limit time.Duration, f func(context.Context) error) error {
	ctx, w, stop := watch(ctx, limit)
	defer stop()
	return w.explain(f(ctx))
}
