package csi

import (
	"context"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"testing"
	"time"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("not within 10 s: %s", what)
}

func dial(t *testing.T, path string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("unix://"+path, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// register does what the kubelet's plugin watcher does with a socket: asks who it is, calls the service that it
// names, and tells the outcome.
func (r *rig) register(t *testing.T, refusal string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	client := registration.NewRegistrationClient(dial(t, r.registrarSocket()))
	info, err := client.GetInfo(ctx, &registration.InfoRequest{}, grpc.WaitForReady(true))
	if err != nil {
		t.Fatal(err)
	}
	if info.Type != registration.CSIPlugin || info.Name != Name || len(info.SupportedVersions) != 1 || info.SupportedVersions[0] != "1.0.0" {
		t.Errorf("registers as %v", info)
	}
	node, err := spec.NewNodeClient(dial(t, info.Endpoint)).NodeGetInfo(ctx, &spec.NodeGetInfoRequest{})
	if err != nil || node.NodeId != "node1" {
		t.Errorf("the service says %v, %v", node, err)
	}
	if _, err := client.NotifyRegistrationStatus(ctx, &registration.RegistrationStatus{PluginRegistered: refusal == "", Error: refusal}); err != nil {
		t.Fatal(err)
	}
}

func TestRegistration(t *testing.T) {
	needRoot(t)
	r := newRig(t, "/nonexistent/scratch")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	serving := func() bool { return exists(r.registrarSocket()) && r.Answers(ctx) == nil }

	eventually(t, "both sockets", serving)
	if r.Ready(ctx) == nil {
		t.Error("ready before the kubelet knows us")
	}
	r.register(t, "")
	if err := r.Ready(ctx); err != nil || r.gauge(t, "registered") != 1 {
		t.Errorf("after registration: %v", err)
	}

	for _, path := range []string{r.registrarSocket(), r.serviceSocket()} { // the kubelet cleans
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		eventually(t, "not ready without "+filepath.Base(path), func() bool { return r.Ready(ctx) != nil && serving() })
		r.register(t, "")
		eventually(t, "ready again", func() bool { return r.Ready(ctx) == nil })
	}

	r.register(t, "no such driver")
	eventually(t, "the refusal is told", func() bool { return strings.Contains(r.log.String(), "no such driver") })
	eventually(t, "sockets anew", serving)
	r.register(t, "")

	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if exists(r.registrarSocket()) || exists(r.serviceSocket()) {
		t.Error("a socket is left")
	}
}

// TestRestartsLeakNothing: a kubelet that starts again removes the sockets; fifty times of that leave no goroutine.
func TestRestartsLeakNothing(t *testing.T) {
	needRoot(t)
	r := newRig(t, "/nonexistent/scratch")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	restart := func(times int) {
		for range times {
			eventually(t, "both sockets", func() bool { return exists(r.registrarSocket()) && r.Answers(ctx) == nil })
			if err := os.Remove(r.registrarSocket()); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the registrar's socket anew", func() bool { return exists(r.registrarSocket()) })
		}
	}
	restart(3) // lazy starts of the libraries are no leak
	before := goruntime.NumGoroutine()
	restart(50)
	eventually(t, "no more goroutines than before 50 restarts", func() bool { return goruntime.NumGoroutine() <= before })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestProfile: installed, left alone when right, put right when changed, and never half written.
func TestProfile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "seccomp")
	install := func(want bool) {
		t.Helper()
		if changed, err := installProfile(dir); err != nil || changed != want {
			t.Errorf("changed %v, %v; want %v", changed, err, want)
		}
	}
	install(true)
	install(false)
	path := filepath.Join(dir, ProfileName)
	if err := os.WriteFile(path, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	install(true)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the directory has %v, %v", entries, err)
	}
	data, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(data), `"umount2"`) {
		t.Errorf("the profile does not allow umount2 (%v)", err)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		if _, err := Profile(arch); err != nil {
			t.Error(err)
		}
	}
	if _, err := Profile("s390x"); err == nil {
		t.Error("a profile for s390x")
	}
}
