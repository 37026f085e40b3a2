package csi

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
	"github.com/fusiongen/fusiongen/fuseimage/socket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

// stopTime is how long calls in flight may take when we stop; a volume half made is swept by the next start.
const stopTime = 5 * time.Second

// The two sockets: the kubelet finds the registrar in the directory that it watches, and is told the service's.
func (d *Driver) serviceSocket() string {
	return filepath.Join(d.Kubelet, "plugins", d.Name, "csi.sock")
}

func (d *Driver) registrarSocket() string {
	return filepath.Join(d.Kubelet, "plugins_registry", d.Name+"-reg.sock")
}

// serve keeps both sockets until ctx ends, and makes them anew when their files vanish or the kubelet refused.
func (d *Driver) serve(ctx context.Context) error {
	for _, path := range []string{d.serviceSocket(), d.registrarSocket()} {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
	}
	changed := socket.Watch{Dir: filepath.Dir(d.registrarSocket()), Every: d.every}.Start(ctx)
	for ctx.Err() == nil {
		if err := d.serveOnce(ctx, changed); err != nil {
			d.Log.Error("cannot serve", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(d.every):
			}
		}
	}
	return nil
}

func (d *Driver) serveOnce(ctx context.Context, changed <-chan struct{}) error {
	service, err := listen(d.serviceSocket(), func(s *grpc.Server) {
		spec.RegisterIdentityServer(s, d)
		spec.RegisterNodeServer(s, d)
	})
	if err != nil {
		return err
	}
	defer service.stop()
	// Last, because the kubelet calls as soon as it sees this one.
	refused := make(chan string, 1)
	registrar, err := listen(d.registrarSocket(), func(s *grpc.Server) {
		registration.RegisterRegistrationServer(s, &registrar{driver: d, refused: refused})
	})
	if err != nil {
		return err
	}
	defer registrar.stop()
	defer d.setRegistered(false)
	for service.listener.Present() && registrar.listener.Present() {
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-time.After(d.every):
		case why := <-refused:
			return errors.New("the kubelet did not register us: " + why)
		}
	}
	d.Log.Info("a socket was removed; serving anew")
	return nil
}

// Answers dials our own socket; what /healthz asks.
func (d *Driver) Answers(ctx context.Context) error {
	conn, err := grpc.NewClient("unix://"+d.serviceSocket(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = spec.NewIdentityClient(conn).Probe(ctx, &spec.ProbeRequest{}, grpc.WaitForReady(true))
	return err
}

// Ready reports whether the kubelet has registered us; what /readyz asks.
func (d *Driver) Ready(context.Context) error {
	if !d.registered.Load() {
		return errors.New("not registered with the kubelet")
	}
	return nil
}

func (d *Driver) setRegistered(yes bool) {
	d.registered.Store(yes)
	d.metrics.registered(yes)
}

// A registrar introduces the driver to the kubelet's plugin watcher.
type registrar struct {
	registration.UnimplementedRegistrationServer
	driver  *Driver
	refused chan<- string
}

func (r *registrar) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{Type: registration.CSIPlugin, Name: r.driver.Name, Endpoint: r.driver.serviceSocket(), SupportedVersions: []string{"1.0.0"}}, nil
}

func (r *registrar) NotifyRegistrationStatus(_ context.Context, s *registration.RegistrationStatus) (*registration.RegistrationStatusResponse, error) {
	r.driver.setRegistered(s.PluginRegistered)
	if s.PluginRegistered {
		r.driver.Log.Info("registered with the kubelet")
	} else {
		select {
		case r.refused <- s.Error:
		default:
		}
	}
	return &registration.RegistrationStatusResponse{}, nil
}

// A server is one gRPC server on one socket.
type server struct {
	listener *socket.Listener
	grpc     *grpc.Server
	done     chan struct{}
}

func listen(path string, register func(*grpc.Server)) (*server, error) {
	listener, err := socket.Listen(path)
	if err != nil {
		return nil, err
	}
	s := &server{listener: listener, grpc: grpc.NewServer(), done: make(chan struct{})}
	register(s.grpc)
	go func() { defer close(s.done); _ = s.grpc.Serve(listener) }()
	return s, nil
}

func (s *server) stop() {
	s.listener.Remove()
	force := time.AfterFunc(stopTime, s.grpc.Stop)
	s.grpc.GracefulStop()
	force.Stop()
	<-s.done
}
