package plugin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/socket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

// stopTime is how long calls in flight may take when the server stops.
const stopTime = 2 * time.Second

// A serving is one life of our socket.
type serving struct {
	*server
	listener *socket.Listener
	grpc     *grpc.Server
	done     chan struct{}
}

// serve binds the socket and answers on it before it returns, so that the kubelet may dial back during Register.
func (p *Plugin) serve() (*serving, error) {
	listener, err := socket.Listen(p.socket)
	if err != nil {
		return nil, err
	}
	s := &serving{
		server:   &server{plugin: p, ended: make(chan struct{}), moved: make(chan struct{}, 1)},
		listener: listener, grpc: grpc.NewServer(), done: make(chan struct{}),
	}
	v1beta1.RegisterDevicePluginServer(s.grpc, s.server)
	go func() { defer close(s.done); _ = s.grpc.Serve(listener) }()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := p.Answers(ctx); err != nil {
		s.stop()
		return nil, fmt.Errorf("our own socket does not answer: %w", err)
	}
	return s, nil
}

// stop ends the streams, lets calls in flight finish for a moment, and takes the socket away.
func (s *serving) stop() {
	s.plugin.registered.Store(false)
	s.listener.Remove()
	close(s.ended)
	force := time.AfterFunc(stopTime, s.grpc.Stop)
	s.grpc.GracefulStop()
	force.Stop()
	<-s.done
}

// Answers dials our own socket; what /healthz asks.
func (p *Plugin) Answers(ctx context.Context) error {
	conn, err := dial(p.socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = v1beta1.NewDevicePluginClient(conn).GetDevicePluginOptions(ctx, &v1beta1.Empty{}, grpc.WaitForReady(true))
	return err
}

// Ready reports whether the kubelet knows us and listens; what /readyz asks.
func (p *Plugin) Ready(context.Context) error {
	switch state := p.metrics.state.get(); state {
	case stateServing:
		return nil
	default:
		return errors.New(string(state))
	}
}

func dial(path string) (*grpc.ClientConn, error) {
	return grpc.NewClient("unix://"+path, grpc.WithTransportCredentials(insecure.NewCredentials()))
}
