package plugin

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

// An inventory is the list of devices as of now, and a way to wait for the next one. All devices are one
// device, so they are healthy or not together.
type inventory struct {
	count int

	mu      sync.Mutex
	healthy bool          // guarded by mu
	list    *response     // guarded by mu; shared with streams, never changed once made
	changed chan struct{} // guarded by mu; closed when list is replaced
}

type response = v1beta1.ListAndWatchResponse

func newInventory(count int) *inventory {
	return &inventory{count: count, list: list(count, false), changed: make(chan struct{})}
}

// current returns the list and a channel that closes when it is no longer current.
func (i *inventory) current() (*response, <-chan struct{}) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.list, i.changed
}

func (i *inventory) set(healthy bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if healthy == i.healthy {
		return
	}
	i.healthy, i.list = healthy, list(i.count, healthy)
	close(i.changed)
	i.changed = make(chan struct{})
}

func (i *inventory) isHealthy() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.healthy
}

// has reports whether id is one of ours.
func (i *inventory) has(id string) bool {
	digits, ours := strings.CutPrefix(id, "fuse-")
	n, err := strconv.Atoi(digits)
	return ours && err == nil && n >= 0 && n < i.count && deviceID(n) == id
}

// deviceID depends on nothing but n, so that a restarted plugin offers the devices that pods already hold.
func deviceID(n int) string { return fmt.Sprintf("fuse-%04d", n) }

func list(count int, healthy bool) *response {
	health := v1beta1.Unhealthy
	if healthy {
		health = v1beta1.Healthy
	}
	devices := make([]*v1beta1.Device, count)
	for n := range devices {
		devices[n] = &v1beta1.Device{ID: deviceID(n), Health: health}
	}
	return &response{Devices: devices}
}
