package plugin

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

// A server answers the kubelet. Options that it does not offer (preferred allocation, a call before each start)
// are left to the embedded server, which refuses them.
type server struct {
	v1beta1.UnimplementedDevicePluginServer
	plugin  *Plugin
	streams atomic.Int32
	ended   chan struct{} // closed when the server stops; ends the streams
	moved   chan struct{} // gets a value when a stream begins or ends
}

func (s *server) GetDevicePluginOptions(context.Context, *v1beta1.Empty) (*v1beta1.DevicePluginOptions, error) {
	return &v1beta1.DevicePluginOptions{}, nil
}

// ListAndWatch sends the whole list at once and after each change.
func (s *server) ListAndWatch(_ *v1beta1.Empty, stream grpc.ServerStreamingServer[response]) error {
	s.count(1)
	defer s.count(-1)
	for {
		list, changed := s.plugin.inventory.current()
		if err := stream.Send(list); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-stream.Context().Done():
			return nil
		case <-s.ended:
			return nil
		}
	}
}

func (s *server) count(streams int32) {
	s.plugin.metrics.streams.Add(float64(streams))
	s.streams.Add(streams)
	select {
	case s.moved <- struct{}{}:
	default:
	}
}

// Allocate answers every container of the request with the one device, or fails as a whole.
func (s *server) Allocate(_ context.Context, request *v1beta1.AllocateRequest) (*v1beta1.AllocateResponse, error) {
	out, err := s.allocate(request)
	if err != nil {
		s.plugin.metrics.allocations.WithLabelValues("refused").Inc()
		s.plugin.Log.Warn("refused to allocate", "error", err)
		return nil, err
	}
	s.plugin.metrics.allocations.WithLabelValues("ok").Inc()
	return out, nil
}

func (s *server) allocate(request *v1beta1.AllocateRequest) (*v1beta1.AllocateResponse, error) {
	out := &v1beta1.AllocateResponse{}
	for _, container := range request.ContainerRequests {
		for _, id := range container.DevicesIds {
			if !s.plugin.inventory.has(id) {
				return nil, status.Errorf(codes.InvalidArgument, "no device %q: they are %s to %s", id, deviceID(0), deviceID(s.plugin.Count-1))
			}
		}
		answer := &v1beta1.ContainerAllocateResponse{}
		if len(container.DevicesIds) > 0 { // who asks for nothing gets nothing
			if !s.plugin.inventory.isHealthy() {
				return nil, status.Error(codes.FailedPrecondition, s.plugin.Device.Health().Problem)
			}
			answer.Devices = []*v1beta1.DeviceSpec{{ContainerPath: DevicePath, HostPath: DevicePath, Permissions: "rw"}}
		}
		out.ContainerResponses = append(out.ContainerResponses, answer)
	}
	return out, nil
}
