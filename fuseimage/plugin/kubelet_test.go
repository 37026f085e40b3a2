package plugin

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

// A kubelet is what the device manager does with plugins: on Register it dials back, asks for the options, and
// only then answers; then it follows the list.
type kubelet struct {
	v1beta1.UnimplementedRegistrationServer
	dir  string
	grpc *grpc.Server

	mu       sync.Mutex
	refuse   error
	deaf     bool // registers, but never lists
	requests []*v1beta1.RegisterRequest
	lists    []*response
	conns    []*grpc.ClientConn
}

// startKubelet cleans the directory as the real one does when it starts, and serves.
func startKubelet(t *testing.T, dir string, change ...func(*kubelet)) *kubelet {
	t.Helper()
	k := &kubelet{dir: dir, grpc: grpc.NewServer()}
	for _, c := range change {
		c(k)
	}
	clean(t, dir)
	listener, err := net.Listen("unix", filepath.Join(dir, "kubelet.sock"))
	if err != nil {
		t.Fatal(err)
	}
	v1beta1.RegisterRegistrationServer(k.grpc, k)
	go func() { _ = k.grpc.Serve(listener) }()
	t.Cleanup(k.stop)
	return k
}

func clean(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		_ = os.Remove(filepath.Join(dir, e.Name()))
	}
}

func (k *kubelet) stop() {
	k.grpc.Stop()
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.conns {
		_ = c.Close()
	}
	k.conns = nil
}

func (k *kubelet) Register(ctx context.Context, r *v1beta1.RegisterRequest) (*v1beta1.Empty, error) {
	k.mu.Lock()
	k.requests = append(k.requests, r)
	refuse, deaf := k.refuse, k.deaf
	k.mu.Unlock()
	if refuse != nil {
		return nil, refuse
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := dial(filepath.Join(k.dir, r.Endpoint))
	if err != nil {
		return nil, err
	}
	client := v1beta1.NewDevicePluginClient(conn)
	if _, err := client.GetDevicePluginOptions(ctx, &v1beta1.Empty{}); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("dialled back: %w", err)
	}
	k.mu.Lock()
	k.conns = append(k.conns, conn)
	k.mu.Unlock()
	if !deaf {
		go k.follow(client)
	}
	return &v1beta1.Empty{}, nil
}

func (k *kubelet) follow(client v1beta1.DevicePluginClient) {
	stream, err := client.ListAndWatch(context.Background(), &v1beta1.Empty{})
	for err == nil {
		var list *response
		if list, err = stream.Recv(); err == nil {
			k.mu.Lock()
			k.lists = append(k.lists, list)
			k.mu.Unlock()
		}
	}
}

func (k *kubelet) registrations() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.requests)
}

// last is the newest list, nil before the first.
func (k *kubelet) last() *response {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.lists) == 0 {
		return nil
	}
	return k.lists[len(k.lists)-1]
}

// waitHealth waits for a list in which every device has that health.
func (k *kubelet) waitHealth(t *testing.T, health string) {
	t.Helper()
	eventually(t, "the kubelet lists devices as "+health, func() bool {
		list := k.last()
		return list != nil && list.Devices[0].Health == health && list.Devices[len(list.Devices)-1].Health == health
	})
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("not within 10 s: %s", what)
}
