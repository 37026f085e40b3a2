// Package csi runs Kubernetes' own sanity suite for CSI drivers against fusion-node's service.
package csi

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
	driver "github.com/fusiongen/fusiongen/fuseimage/csi"
	"github.com/kubernetes-csi/csi-test/v5/pkg/sanity"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// withController is the driver under test beside a controller that the suite wants before it publishes anything: it
// names volumes, as the kubelet does for ephemeral ones, and makes nothing.
type withController struct {
	*driver.Driver
	spec.UnimplementedControllerServer
}

func (withController) GetPluginCapabilities(context.Context, *spec.GetPluginCapabilitiesRequest) (*spec.GetPluginCapabilitiesResponse, error) {
	return &spec.GetPluginCapabilitiesResponse{Capabilities: []*spec.PluginCapability{{Type: &spec.PluginCapability_Service_{
		Service: &spec.PluginCapability_Service{Type: spec.PluginCapability_Service_CONTROLLER_SERVICE}}}}}, nil
}

func (withController) ControllerGetCapabilities(context.Context, *spec.ControllerGetCapabilitiesRequest) (*spec.ControllerGetCapabilitiesResponse, error) {
	return &spec.ControllerGetCapabilitiesResponse{Capabilities: []*spec.ControllerServiceCapability{{Type: &spec.ControllerServiceCapability_Rpc{
		Rpc: &spec.ControllerServiceCapability_RPC{Type: spec.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME}}}}}, nil
}

func (withController) CreateVolume(_ context.Context, r *spec.CreateVolumeRequest) (*spec.CreateVolumeResponse, error) {
	if r.Name == "" || len(r.VolumeCapabilities) == 0 {
		return nil, status.Error(codes.InvalidArgument, "a name and capabilities are needed")
	}
	return &spec.CreateVolumeResponse{Volume: &spec.Volume{VolumeId: fmt.Sprintf("csi-%x", sha256.Sum256([]byte(r.Name))),
		VolumeContext: map[string]string{driver.AttributeType: driver.TypeScratch, "csi.storage.k8s.io/ephemeral": "true"}}}, nil
}

func (withController) DeleteVolume(context.Context, *spec.DeleteVolumeRequest) (*spec.DeleteVolumeResponse, error) {
	return &spec.DeleteVolumeResponse{}, nil
}

func (withController) ValidateVolumeCapabilities(context.Context, *spec.ValidateVolumeCapabilitiesRequest) (*spec.ValidateVolumeCapabilitiesResponse, error) {
	return &spec.ValidateVolumeCapabilitiesResponse{}, nil
}

// TestSanity runs the parts of the suite that are about the node; the controller is not ours.
func TestSanity(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: needs root, for mounts")
	}
	dir := t.TempDir()
	kubelet, scratch := filepath.Join(dir, "kubelet"), filepath.Join(dir, "scratch")
	targets := filepath.Join(kubelet, "pods/uid/volumes/kubernetes.io~csi")
	for _, d := range []string{targets, scratch} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	d, err := driver.New(driver.Options{Name: driver.Name, Node: "node1", Version: "1", Kubelet: kubelet, Scratch: scratch, Runtime: "/bin/sh",
		Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "csi.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	all := withController{Driver: d}
	spec.RegisterIdentityServer(server, all)
	spec.RegisterNodeServer(server, all)
	spec.RegisterControllerServer(server, all)
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()

	if err := flag.Set("ginkgo.focus", "Identity Service|Node Service"); err != nil {
		t.Fatal(err)
	}
	config := sanity.NewTestConfig()
	config.Address = "unix://" + socket
	config.TargetPath = filepath.Join(targets, "volume")
	config.StagingPath = filepath.Join(dir, "staging")
	config.IdempotentCount = 3
	sanity.Test(t, config)

	if left, err := os.ReadDir(filepath.Join(scratch, "csi")); err != nil || len(left) != 0 {
		t.Errorf("the suite left volumes: %v, %v", left, err)
	}
}
