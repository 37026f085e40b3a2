package telemetry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

// TestListen: metrics with the version, and checks that say why not.
func TestListen(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	log := &bytes.Buffer{}
	ready := errors.New("no disk")
	address, err := Listen(ctx, Logger(log, "p"), "127.0.0.1:0", Registry("p", "v1.2"), Checks{
		Healthy: func(context.Context) error { return nil }, Ready: func(context.Context) error { return ready }})
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) (int, string) {
		t.Helper()
		r, err := http.Get("http://" + address.String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		body, _ := io.ReadAll(r.Body)
		return r.StatusCode, string(body)
	}
	if code, body := get("/metrics"); code != 200 || !strings.Contains(body, `p_build_info{version="v1.2"} 1`) {
		t.Errorf("metrics: %d %s", code, body)
	}
	if code, _ := get("/healthz"); code != 200 {
		t.Errorf("healthz: %d", code)
	}
	if code, body := get("/readyz"); code != 503 || body != "no disk\n" {
		t.Errorf("readyz: %d %q", code, body)
	}
	cancel()
	if _, err := Listen(t.Context(), slog.New(slog.DiscardHandler), "no address", Registry("q", ""), Checks{}); err == nil {
		t.Error("listens at no address")
	}
}

// TestLowMemory: the program goes on after the pages of its file were given back.
func TestLowMemory(t *testing.T) {
	if err := LowMemory(); err != nil {
		t.Fatal(err)
	}
}
