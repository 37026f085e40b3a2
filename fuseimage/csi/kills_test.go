package csi

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
)

var killVolumes = flag.Int("fusion.volumes", 200, "volumes that TestKills publishes and unpublishes")

// The environment of the child that TestKills kills.
const (
	childKubelet = "CSI_TEST_KUBELET"
	childScratch = "CSI_TEST_SCRATCH"
)

func TestMain(m *testing.M) {
	if os.Getenv(childKubelet) != "" {
		serveAsChild()
	}
	os.Exit(m.Run())
}

// serveAsChild is a driver in a process of its own, until it is killed.
func serveAsChild() {
	d, err := New(Options{Name: Name, Node: "node1", Kubelet: os.Getenv(childKubelet), Scratch: os.Getenv(childScratch), Runtime: "/bin/sh",
		Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()})
	if err == nil {
		d.every = 100 * time.Millisecond
		err = d.Run(context.Background())
	}
	fmt.Fprintln(os.Stderr, "child:", err)
	os.Exit(1)
}

// TestKills publishes and unpublishes volumes in parallel while the driver is killed at random moments. In the end
// nothing is mounted, no directory is left, and no volume ever showed another's data.
func TestKills(t *testing.T) {
	scratch := disk(t, 320)
	r := newRig(t, scratch)
	share(t, r.Kubelet)
	ctx, cancel := context.WithCancel(t.Context())
	kills := make(chan int)
	go func() { kills <- r.killAgainAndAgain(ctx, t) }()

	conn, err := grpc.NewClient("unix://"+r.serviceSocket(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: 5 * time.Millisecond, Multiplier: 1, MaxDelay: 5 * time.Millisecond}}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	client := spec.NewNodeClient(conn)
	work := make(chan int)
	var pods sync.WaitGroup
	for range 8 {
		pods.Go(func() {
			for n := range work {
				r.live(t, client, n)
			}
		})
	}
	for n := range *killVolumes {
		work <- n
	}
	close(work)
	pods.Wait()
	cancel()
	n := <-kills
	t.Logf("%d volumes, %d kills", *killVolumes, n)
	if n < *killVolumes/50 {
		t.Errorf("only %d kills", n)
	}

	r.tidy() // what the next start does
	noneMounted(t, r.Kubelet)
	if left := r.stored(t); len(left) != 0 {
		t.Errorf("the store has %v", left)
	}
	if entries, err := os.ReadDir(filepath.Join(r.Kubelet, "pods")); err != nil || len(entries) != 0 {
		t.Errorf("targets are left: %v, %v", entries, err)
	}
}

// share makes the kubelet's directory a shared mount, as systemd makes the node's root. What is mounted in it from a
// container with Bidirectional propagation then reaches the node, and stays when the container has gone.
func share(t *testing.T, dir string) {
	t.Helper()
	command(t, "mount", "--bind", dir, dir)
	t.Cleanup(func() { command(t, "umount", dir) })
	command(t, "mount", "--make-shared", dir)
}

// killAgainAndAgain keeps a child serving in a mount namespace of its own, and kills it some time after it began to. It returns how often.
func (r *rig) killAgainAndAgain(ctx context.Context, t *testing.T) int {
	for kills := 0; ; kills++ {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childKubelet+"="+r.Kubelet, childScratch+"="+r.Scratch)
		child.Stderr = os.Stderr
		child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
		if err := child.Start(); err != nil {
			t.Error(err)
			return kills
		}
		for !r.answersSoon(ctx) && ctx.Err() == nil {
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(rand.IntN(30)) * time.Millisecond):
		}
		_ = child.Process.Kill()
		_ = child.Wait()
		if ctx.Err() != nil {
			return kills
		}
	}
}

// answersSoon dials anew each time, because a connection that failed waits before it tries again.
func (r *rig) answersSoon(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
	defer cancel()
	return r.Answers(ctx) == nil
}

// live is the life of a pod with one volume: as the kubelet does, each call is made until it succeeds.
func (r *rig) live(t *testing.T, client spec.NodeClient, n int) {
	id, uid := fmt.Sprintf("csi-%d", n), fmt.Sprintf("uid-%d", n)
	target := r.pod(t, uid)
	request := ask(id, target, "type=scratch", "size=1Mi", "enforce=false")
	if n%4 == 0 {
		request = ask(id, target, "type=runtime")
	}
	publish := func(ctx context.Context) error {
		_, err := client.NodePublishVolume(ctx, request)
		return err
	}
	r.insist(t, "publish "+id, publish)
	if n%4 != 0 {
		if entries, err := os.ReadDir(target); err != nil || len(entries) != 0 {
			t.Errorf("%s: a new volume has %v, %v", id, entries, err)
		}
		if err := os.WriteFile(filepath.Join(target, "secret"), []byte(id), 0o644); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		r.insist(t, "publish again "+id, publish)
		if data, err := os.ReadFile(filepath.Join(target, "secret")); err != nil || string(data) != id {
			t.Errorf("%s: reads %q, %v", id, data, err)
		}
	}
	r.insist(t, "unpublish "+id, func(ctx context.Context) error {
		_, err := client.NodeUnpublishVolume(ctx, &spec.NodeUnpublishVolumeRequest{VolumeId: id, TargetPath: target})
		return err
	})
	if err := os.RemoveAll(filepath.Join(r.Kubelet, "pods", uid)); err != nil {
		t.Errorf("%s: %v", id, err)
	}
}

func (r *rig) insist(t *testing.T, what string, call func(context.Context) error) {
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		err = call(ctx)
		cancel()
		if err == nil {
			return
		}
	}
	t.Errorf("%s: %v", what, err)
}
