package plugin

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

func client(t *testing.T, r *rig) v1beta1.DevicePluginClient {
	t.Helper()
	conn, err := dial(r.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return v1beta1.NewDevicePluginClient(conn)
}

func allocate(t *testing.T, r *rig, containers ...[]string) (*v1beta1.AllocateResponse, error) {
	t.Helper()
	request := &v1beta1.AllocateRequest{}
	for _, ids := range containers {
		request.ContainerRequests = append(request.ContainerRequests, &v1beta1.ContainerAllocateRequest{DevicesIds: ids})
	}
	return client(t, r).Allocate(context.Background(), request)
}

// started is a plugin that a kubelet lists.
func started(t *testing.T, change ...func(*Options, *timing)) (*rig, *kubelet) {
	t.Helper()
	r := prepare(t, change...)
	k := startKubelet(t, r.dir)
	r.start(t)
	r.waitReady(t)
	return r, k
}

func TestDP01OneResponsePerContainer(t *testing.T) {
	r, _ := started(t)
	many := []string{deviceID(1), deviceID(2), deviceID(3)}
	for _, containers := range [][][]string{{}, {{}}, {{deviceID(0)}}, {many}, {{deviceID(0)}, {}, many}} {
		got, err := allocate(t, r, containers...)
		if err != nil {
			t.Fatalf("%v: %v", containers, err)
		}
		if len(got.ContainerResponses) != len(containers) {
			t.Fatalf("%v: %d responses, want %d", containers, len(got.ContainerResponses), len(containers))
		}
		for i, c := range got.ContainerResponses {
			if want := min(len(containers[i]), 1); len(c.Devices) != want {
				t.Errorf("%v: container %d gets %d devices, want %d", containers, i, len(c.Devices), want)
			}
		}
	}
}

func TestDP02OnlyTheDevice(t *testing.T) {
	r, _ := started(t)
	got, err := allocate(t, r, []string{deviceID(0), deviceID(9)})
	if err != nil {
		t.Fatal(err)
	}
	c := got.ContainerResponses[0]
	if len(c.Devices) != 1 || c.Devices[0].HostPath != "/dev/fuse" || c.Devices[0].ContainerPath != "/dev/fuse" || c.Devices[0].Permissions != "rw" {
		t.Errorf("devices are %v, want /dev/fuse alone, rw", c.Devices)
	}
	if len(c.Envs)+len(c.Mounts)+len(c.Annotations)+len(c.CdiDevices) != 0 {
		t.Errorf("more than the device is given: %v", c)
	}
}

func TestDP03StableIDs(t *testing.T) {
	ids := func() []string {
		_, k := started(t, func(o *Options, _ *timing) { o.Count = MaxCount })
		k.waitHealth(t, v1beta1.Healthy)
		var out []string
		for _, d := range k.last().Devices {
			out = append(out, d.ID)
		}
		return out
	}
	first := ids()
	if first[0] != "fuse-0000" || first[999] != "fuse-0999" || first[MaxCount-1] != "fuse-99999" {
		t.Errorf("ids are %s, %s, %s", first[0], first[999], first[MaxCount-1])
	}
	for _, id := range first {
		if len(id) > 63 {
			t.Errorf("%s has %d characters; the API allows 63", id, len(id))
		}
	}
	if !slices.Equal(first, ids()) {
		t.Error("ids change with a restart in another directory")
	}
}

func TestDP07RefusesWhatItHasNot(t *testing.T) {
	r, k := started(t)
	for _, id := range []string{"fuse-0010", "fuse-00001", "fuse-1", "fuse--001", "fuse-+001", "", "other", "fuse-0x01"} {
		got, err := allocate(t, r, []string{deviceID(0)}, []string{deviceID(1), id})
		if status.Code(err) != codes.InvalidArgument || len(got.GetContainerResponses()) != 0 {
			t.Errorf("%q: %v, %v; want InvalidArgument and no response", id, got, err)
		}
	}
	unloadFUSE(t, r.sys)
	k.waitHealth(t, v1beta1.Unhealthy)
	if got, err := allocate(t, r, []string{deviceID(0)}); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("unhealthy: %v, %v; want FailedPrecondition", got, err)
	}
	if n := r.metric(t, "allocations_total", `result="refused"`); n != 9 {
		t.Errorf("%v refusals counted, want 9", n)
	}
}

func TestDP13CountLimits(t *testing.T) {
	for count, ok := range map[int]bool{-1: false, 0: false, 1: true, MaxCount: true, MaxCount + 1: false} {
		_, err := New(Options{Resource: Resource, Count: count, Directory: "/x", Metrics: newRegistry()})
		if (err == nil) != ok {
			t.Errorf("count %d: %v", count, err)
		}
	}
	if got := protoSize(list(MaxCount, false)); got >= 4<<20 {
		t.Errorf("the longest list has %d bytes; the kubelet reads less than %d", got, 4<<20)
	}
	if Count < 110 {
		t.Errorf("the default count %d is below a node's usual 110 pods", Count)
	}
}

func TestDP14OffersNoOptions(t *testing.T) {
	r, k := started(t)
	options, err := client(t, r).GetDevicePluginOptions(context.Background(), &v1beta1.Empty{})
	if err != nil || options.PreStartRequired || options.GetPreferredAllocationAvailable {
		t.Errorf("options are %v, %v; want none", options, err)
	}
	if o := k.requests[0].Options; o.PreStartRequired || o.GetPreferredAllocationAvailable {
		t.Errorf("registered with options %v", o)
	}
	_, err = client(t, r).GetPreferredAllocation(context.Background(), &v1beta1.PreferredAllocationRequest{})
	_, err2 := client(t, r).PreStartContainer(context.Background(), &v1beta1.PreStartContainerRequest{})
	if status.Code(err) != codes.Unimplemented || status.Code(err2) != codes.Unimplemented {
		t.Errorf("%v, %v; want Unimplemented", err, err2)
	}
}

// TestResourceNames: what the scheduler takes for an extended resource, and nothing else.
func TestResourceNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"nextflow.io/fuse": true, "github.com/fuse": true, "fuse": false, "kubernetes.io/fuse": false, "x.kubernetes.io/fuse": false,
		"requests.nextflow.io/fuse": false, "nextflow.io/": false, "nextflow.io/a/b": false, "-x.io/fuse": false, "": false,
	} {
		_, err := New(Options{Resource: name, Count: 1, Directory: "/x", Metrics: newRegistry()})
		if (err == nil) != ok {
			t.Errorf("%q: %v", name, fmt.Sprint(err))
		}
	}
}
