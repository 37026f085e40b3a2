// Command node prints the memory of the node's daemons under load, beside what the issue allows: the device plugin with
// 1,000 devices, a kubelet that lists them and 10,000 allocations; the CSI service with 500 volumes made and removed.
// Each is measured once it has settled, 12 s after its start, and once it has worked; the peak is that of the start, which maps most of the binary.
// It needs root, for mounts. Exit code 1: one is over its limit.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: node FUSION, the runtime image's binary")
		os.Exit(2)
	}
	over, err := bench(os.Args[1])
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "node:", err)
		os.Exit(2)
	case over:
		os.Exit(1)
	}
}

func bench(binary string) (over bool, err error) {
	fmt.Println("| daemon | work | at rest MiB | after the work MiB | peak MiB | limit MiB |")
	fmt.Println("|---|---|---|---|---|---|")
	for _, d := range []struct {
		name, work string
		limit      float64
		run        func(dir, binary string) (cmd *exec.Cmd, rest float64, err error)
	}{
		{"fuse-device-plugin", "1,000 devices, 10,000 allocations", 20, plugin},
		{"fusion-node", "500 volumes made and removed", 40, node},
	} {
		dir, err := os.MkdirTemp("", "bench-")
		if err != nil {
			return over, err
		}
		defer os.RemoveAll(dir)
		cmd, rest, err := d.run(dir, binary)
		if cmd != nil && cmd.Process != nil {
			rss, peak := memory(cmd.Process.Pid)
			fmt.Printf("| %s | %s | %.1f | %.1f | %.1f | %.0f |\n", d.name, d.work, rest, rss, peak, d.limit)
			over = over || max(rest, rss) > d.limit
			_ = cmd.Process.Signal(syscall.SIGTERM)
			_ = cmd.Wait()
		}
		if err != nil {
			return over, fmt.Errorf("%s: %w", d.name, err)
		}
	}
	return over, nil
}

// start runs a program of the binary, by its name.
func start(binary, name string, args ...string) (*exec.Cmd, error) {
	cmd := exec.Command(binary, args...)
	cmd.Args[0] = name
	return cmd, cmd.Start()
}

func dial(path string) (*grpc.ClientConn, error) {
	return grpc.NewClient("unix://"+path, grpc.WithTransportCredentials(insecure.NewCredentials()))
}

// A registrar is the kubelet's side of registration.
type registrar struct {
	v1beta1.UnimplementedRegistrationServer
	endpoint chan string
}

func (r registrar) Register(_ context.Context, q *v1beta1.RegisterRequest) (*v1beta1.Empty, error) {
	select {
	case r.endpoint <- q.Endpoint:
	default:
	}
	return &v1beta1.Empty{}, nil
}

func plugin(dir, binary string) (cmd *exec.Cmd, rest float64, err error) {
	listener, err := net.Listen("unix", filepath.Join(dir, "kubelet.sock"))
	if err != nil {
		return nil, 0, err
	}
	kubelet, r := grpc.NewServer(), registrar{endpoint: make(chan string, 1)}
	v1beta1.RegisterRegistrationServer(kubelet, r)
	go func() { _ = kubelet.Serve(listener) }()
	defer kubelet.Stop()
	cmd, err = start(binary, "fuse-device-plugin", "--directory="+dir, "--listen=127.0.0.1:0")
	if err != nil {
		return cmd, rest, err
	}
	conn, err := dial(filepath.Join(dir, <-r.endpoint))
	if err != nil {
		return cmd, rest, err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	client := v1beta1.NewDevicePluginClient(conn)
	stream, err := client.ListAndWatch(ctx, &v1beta1.Empty{})
	if err != nil {
		return cmd, rest, err
	}
	list, err := stream.Recv()
	if err != nil {
		return cmd, rest, err
	}
	rest = settled(cmd)
	for n := range 10_000 {
		id := list.Devices[n%len(list.Devices)].ID
		if _, err := client.Allocate(ctx, &v1beta1.AllocateRequest{ContainerRequests: []*v1beta1.ContainerAllocateRequest{{DevicesIds: []string{id}}}}); err != nil {
			return cmd, rest, err
		}
	}
	return cmd, rest, nil
}

func node(dir, binary string) (cmd *exec.Cmd, rest float64, err error) {
	const driver = "fusion.fusiongen.dev"
	scratch, pods := filepath.Join(dir, "scratch"), filepath.Join(dir, "kubelet/pods")
	for _, d := range []string{scratch, pods} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, 0, err
		}
	}
	cmd, err = start(binary, "fusion-node", "--kubelet="+filepath.Dir(pods), "--scratch="+scratch, "--node=n", "--listen=127.0.0.1:0")
	if err != nil {
		return cmd, rest, err
	}
	conn, err := dial(filepath.Join(dir, "kubelet/plugins", driver, "csi.sock"))
	if err != nil {
		return cmd, rest, err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	client := spec.NewNodeClient(conn)
	rest = settled(cmd)
	for n := range 500 {
		id := "csi-" + strconv.Itoa(n)
		target := filepath.Join(pods, id, "volumes/kubernetes.io~csi/v/mount")
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return cmd, rest, err
		}
		_, err := client.NodePublishVolume(ctx, &spec.NodePublishVolumeRequest{VolumeId: id, TargetPath: target, VolumeContext: map[string]string{"type": "scratch"},
			VolumeCapability: &spec.VolumeCapability{AccessType: &spec.VolumeCapability_Mount{Mount: &spec.VolumeCapability_MountVolume{}}}}, grpc.WaitForReady(true))
		if err != nil {
			return cmd, rest, err
		}
		if _, err := client.NodeUnpublishVolume(ctx, &spec.NodeUnpublishVolumeRequest{VolumeId: id, TargetPath: target}); err != nil {
			return cmd, rest, err
		}
	}
	return cmd, rest, nil
}

// settled waits until a daemon's start is over, and gives its memory.
func settled(cmd *exec.Cmd) float64 {
	time.Sleep(12 * time.Second)
	rss, _ := memory(cmd.Process.Pid)
	return rss
}

// memory is VmRSS and VmHWM of a process in MiB (proc_pid_status(5)).
func memory(pid int) (rss, peak float64) {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		kilobytes, _ := strconv.ParseFloat(fields[1], 64)
		switch fields[0] {
		case "VmRSS:":
			rss = kilobytes / 1024
		case "VmHWM:":
			peak = kilobytes / 1024
		}
	}
	return rss, peak
}
