package plugin

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

func TestDP08EachStreamSeesEverything(t *testing.T) {
	r, k := started(t)
	stream := func() (next func() string, end func()) {
		ctx, cancel := context.WithCancel(t.Context())
		s, err := client(t, r).ListAndWatch(ctx, &v1beta1.Empty{})
		if err != nil {
			t.Fatal(err)
		}
		return func() string {
			list, err := s.Recv()
			if err != nil || len(list.Devices) != 10 {
				t.Fatalf("a stream gave %v, %v; want all devices", list, err)
			}
			return list.Devices[0].Health
		}, cancel
	}
	a, endA := stream()
	b, endB := stream()
	defer endB()
	for _, next := range []func() string{a, b} {
		if got := next(); got != v1beta1.Healthy {
			t.Fatalf("the first list says %s", got)
		}
	}
	unloadFUSE(t, r.sys)
	if a() != v1beta1.Unhealthy || b() != v1beta1.Unhealthy {
		t.Fatal("a change did not reach both streams")
	}
	endA() // the end of one stream is no other's
	loadFUSE(t, r.sys)
	if b() != v1beta1.Healthy {
		t.Fatal("the second stream ended with the first")
	}
	k.waitHealth(t, v1beta1.Healthy)
	eventually(t, "two streams are counted", func() bool { return r.metric(t, "stream_up") == 2 })
}

func TestDP09HealthBothWays(t *testing.T) {
	r, k := started(t)
	for range 2 {
		unloadFUSE(t, r.sys)
		k.waitHealth(t, v1beta1.Unhealthy)
		if r.metric(t, "devices", `health="unhealthy"`) != 10 || r.metric(t, "devices", `health="healthy"`) != 0 {
			t.Error("the metric does not say unhealthy")
		}
		eventually(t, "the device is missing", func() bool { return r.metric(t, "device", `state="missing"`) == 1 && r.metric(t, "device") == 1 })
		loadFUSE(t, r.sys)
		k.waitHealth(t, v1beta1.Healthy)
	}
	if !strings.Contains(r.log.String(), "load the module fuse") {
		t.Errorf("the log does not say what would help: %s", r.log)
	}
}

// TestDP09Shut: a device that only root can open is offered all the same, for tasks that are root; metric and log say so,
// and that it is over.
func TestDP09Shut(t *testing.T) {
	needRoot(t)
	dev := t.TempDir()
	node := filepath.Join(dev, "fuse")
	mknod(t, node, 10, 229)
	r, k := started(t, func(o *Options, _ *timing) { o.Device.Dev = dev })
	k.waitHealth(t, v1beta1.Healthy)
	if r.metric(t, "device", `state="shut"`) != 1 || r.metric(t, "device") != 1 {
		t.Error("the metric does not say shut")
	}
	if !strings.Contains(r.log.String(), `"event":"Device","device":"shut","problem":"the node's /dev/fuse has mode 0600`) {
		t.Errorf("the log does not say so: %s", r.log)
	}
	if err := os.Chmod(node, 0o666); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the device is usable", func() bool { return r.metric(t, "device", `state="usable"`) == 1 })
}

// TestDP09Node looks at device nodes that are really made.
func TestDP09Node(t *testing.T) {
	needRoot(t)
	sys, dev := t.TempDir(), t.TempDir()
	loadFUSE(t, sys)
	node := filepath.Join(dev, "fuse")
	check := func(name string, state DeviceState, problem string) {
		t.Helper()
		got := Device{Sys: sys, Dev: dev}.Health()
		if got.State != state || !strings.Contains(got.Problem, problem) || (problem == "") != (got.Problem == "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	check("absent", DeviceMissing, "has no /dev/fuse")
	if err := os.WriteFile(node, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	check("a file", DeviceMissing, "not the character device 10:229")
	mknod(t, node, 10, 228)
	check("another device", DeviceMissing, "not the character device 10:229")
	mknod(t, node, 10, 229)
	check("shut", DeviceShut, "mode 0600")
	if err := os.Chmod(node, 0o666); err != nil {
		t.Fatal(err)
	}
	check("right", DeviceUsable, "")
	if err := os.WriteFile(filepath.Join(sys, "class/misc/fuse/dev"), []byte("10:1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	check("another number in the sysfs", DeviceMissing, "not 10:229")
}

func mknod(t *testing.T, path string, major, minor uint32) {
	t.Helper()
	_ = os.Remove(path)
	if err := unix.Mknod(path, unix.S_IFCHR|0o600, int(unix.Mkdev(major, minor))); err != nil {
		t.Fatal(err)
	}
}

func needRoot(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: needs root")
	}
	if os.Getuid() != 0 {
		t.Fatal("needs root; go test -short leaves it out")
	}
}

// TestDP10NoOpenNoCapability runs a plugin under a watch on the device's node, which tells of every open, as a
// process that has given up all its capabilities.
func TestDP10NoOpenNoCapability(t *testing.T) {
	if dir := os.Getenv("PLUGIN_TEST_POWERLESS"); dir != "" {
		powerless(t, dir)
		return
	}
	needRoot(t)
	dev := t.TempDir()
	node := filepath.Join(dev, "fuse")
	mknod(t, node, 10, 229)
	watch, err := unix.InotifyInit1(unix.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(watch)
	if _, err := unix.InotifyAddWatch(watch, node, unix.IN_OPEN); err != nil {
		t.Fatal(err)
	}
	child := exec.Command("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", os.Args[0], "-test.run=^TestDP10", "-test.v")
	child.Env = append(os.Environ(), "PLUGIN_TEST_POWERLESS="+dev)
	if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "capabilities 0000000000000000, ready") {
		t.Fatalf("without capabilities: %v\n%s", err, out)
	}
	buf := make([]byte, 4096)
	if n, err := unix.Read(watch, buf); err != unix.EAGAIN {
		t.Errorf("the device was opened: %d bytes of events, %v", n, err)
	}
	fd, err := unix.Open(node, unix.O_PATH, 0) // the watch does tell
	if err == nil {
		unix.Close(fd)
	}
	if fd, err = unix.Open(node, unix.O_RDONLY, 0); err == nil {
		unix.Close(fd)
		if n, err := unix.Read(watch, buf); n <= 0 {
			t.Errorf("the watch does not tell of an open: %v", err)
		}
	}
}

func powerless(t *testing.T, dev string) {
	r, k := started(t, func(o *Options, _ *timing) { o.Device.Dev = dev })
	k.waitHealth(t, v1beta1.Healthy)
	time.Sleep(5 * r.timing.look)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "CapEff:\t")
	capabilities, _, _ := strings.Cut(after, "\n")
	t.Logf("capabilities %s, ready", capabilities)
}

func TestDP11Stops(t *testing.T) {
	r, k := started(t)
	r.Restart() // what SIGHUP does
	eventually(t, "registered again", func() bool { return k.registrations() == 2 })
	r.waitReady(t)

	began := time.Now()
	r.stop()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("stopped after %v, want 5 s at most", took)
	}
	if _, err := os.Lstat(r.socket); !os.IsNotExist(err) {
		t.Errorf("our socket is still there: %v", err)
	}
	if n := r.metric(t, "stream_up"); n != 0 {
		t.Errorf("%v streams are left", n)
	}
}

func TestDP15MetricsAndReadiness(t *testing.T) {
	r := prepare(t)
	if r.Ready(t.Context()) == nil {
		t.Error("ready before it runs")
	}
	k := startKubelet(t, r.dir)
	r.start(t)
	r.waitReady(t)
	if _, err := allocate(t, r, []string{deviceID(0)}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"registrations_total": 1, "allocations_total": 1, "devices": 10, "kubelet_restarts_total": 0, "stream_up": 1, "state": 1, "device": 1} {
		if got := r.metric(t, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if err := r.Answers(t.Context()); err != nil {
		t.Errorf("not healthy: %v", err)
	}
	k.stop()
	clean(t, r.dir)
	eventually(t, "not ready without a kubelet", func() bool { return r.Ready(t.Context()) != nil })
}

func TestDP16RestartsUnderLoad(t *testing.T) {
	r, k := started(t)
	cycle := func(n int) {
		for range n {
			k.stop()
			k = startKubelet(t, r.dir)
			k.waitHealth(t, v1beta1.Healthy)
		}
	}
	cycle(3) // lazy starts of the libraries are no leak
	before := settled()
	var callers sync.WaitGroup
	for range 100 {
		callers.Go(func() {
			conn, err := dial(r.socket)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			request := &v1beta1.AllocateRequest{ContainerRequests: []*v1beta1.ContainerAllocateRequest{{DevicesIds: []string{deviceID(1)}}}}
			for range 20 {
				// A call may meet a socket that is being replaced; it must not meet half an answer.
				got, err := v1beta1.NewDevicePluginClient(conn).Allocate(context.Background(), request)
				if err == nil && len(got.ContainerResponses) != 1 {
					t.Errorf("%d responses to one request", len(got.ContainerResponses))
				}
			}
		})
	}
	cycle(50)
	callers.Wait()
	k.waitHealth(t, v1beta1.Healthy)
	eventually(t, "no more goroutines than before 50 kubelet restarts", func() bool { return runtime.NumGoroutine() <= before })
}

// settled is the number of goroutines once it no longer falls.
func settled() int {
	least := runtime.NumGoroutine()
	for range 20 {
		time.Sleep(10 * time.Millisecond)
		least = min(least, runtime.NumGoroutine())
	}
	return least
}
