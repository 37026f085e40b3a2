package csi

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// NodePublishVolume makes the volume and shows it at the target. Asked again, it finds both done.
func (d *Driver) NodePublishVolume(_ context.Context, r *spec.NodePublishVolumeRequest) (*spec.NodePublishVolumeResponse, error) {
	began := time.Now()
	q, err := d.parse(r)
	if err == nil {
		err = d.exclusively(q.id, func() error { return d.publish(q) })
	}
	d.metrics.observe("publish", began, err)
	if err != nil {
		d.Log.Warn("did not publish", "volume", r.GetVolumeId(), "pod", q.pod, "error", err)
		return nil, err
	}
	d.Log.Info("published", "volume", q.id, "type", q.kind, "pod", q.pod, "bytes", q.size)
	return &spec.NodePublishVolumeResponse{}, nil
}

// NodeUnpublishVolume takes the volume from the target and removes it with all it has. What is gone already is
// no error.
func (d *Driver) NodeUnpublishVolume(_ context.Context, r *spec.NodeUnpublishVolumeRequest) (*spec.NodeUnpublishVolumeResponse, error) {
	began := time.Now()
	id, target := r.GetVolumeId(), r.GetTargetPath()
	err := d.checkPlace(id, target)
	if err == nil {
		err = d.exclusively(id, func() error { return d.remove(id, target) })
	}
	d.metrics.observe("unpublish", began, err)
	if err != nil {
		d.Log.Warn("did not unpublish", "volume", id, "error", err)
		return nil, err
	}
	d.Log.Info("unpublished", "volume", id)
	return &spec.NodeUnpublishVolumeResponse{}, nil
}

// exclusively runs do unless another call has the volume; the kubelet asks again.
func (d *Driver) exclusively(id string, do func() error) error {
	if !d.lock(id) {
		return status.Errorf(codes.Aborted, "another call for volume %s is under way", id)
	}
	defer d.unlock(id)
	err := do()
	if _, coded := status.FromError(err); !coded {
		err = status.Error(codes.Internal, err.Error())
	}
	return err
}

func (d *Driver) publish(q request) error {
	if q.kind == TypeRuntime {
		return d.publishRuntime(q)
	}
	v, made, err := d.scratch.make(q)
	if err != nil {
		return err
	}
	err = d.attach(v.data, q.target, false)
	if err != nil && made {
		// The kubelet does not unpublish what it could not publish.
		err = errors.Join(err, d.remove(q.id, q.target))
	}
	return err
}

func (d *Driver) publishRuntime(q request) error {
	at, err := mountsAt(q.target)
	if err != nil {
		return err
	}
	if len(at) > 0 && d.runtime.shows(at[len(at)-1]) {
		return nil // an older runtime stays for as long as the pod that began with it
	}
	err = d.attach(d.runtime.path, q.target, true)
	if err != nil {
		err = errors.Join(err, d.remove(q.id, q.target))
	}
	return err
}

// attach mounts source, a directory or a file, at target, unless it is there already.
func (d *Driver) attach(source, target string, readOnly bool) error {
	at, err := mountsAt(target)
	if err != nil {
		return err
	}
	if len(at) > 0 {
		if same(source, target) {
			return nil
		}
		return status.Errorf(codes.Internal, "something else is mounted at %s: %s of %s", target, at[len(at)-1].Root, at[len(at)-1].Source)
	}
	if err := mountPoint(source, target); err != nil {
		return err
	}
	return bind(source, target, readOnly)
}

// remove takes a volume's mounts, target and data away, in this order; each step finds the earlier ones done.
func (d *Driver) remove(id, target string) error {
	if err := unmountAll(target); err != nil {
		return err
	}
	// Not RemoveAll: what should be an empty mount point and is not, is not ours to delete.
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return d.scratch.remove(id)
}
