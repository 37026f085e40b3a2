package csi

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Volume attributes that a pod may set, and the values of AttributeType.
const (
	AttributeType    = "type"    // TypeScratch or TypeRuntime
	AttributeSize    = "size"    // scratch only: a quantity, like 20Gi; the volume cannot grow over it
	AttributeEnforce = "enforce" // scratch only: "false" takes a node whose kernel cannot hold the volume to its size

	TypeScratch = "scratch"
	TypeRuntime = "runtime"
)

// fromKubelet begins the attributes that the kubelet adds (CSIDriver podInfoOnMount).
const fromKubelet = "csi.storage.k8s.io/"

// volumeID keeps ids usable as names of directories. The kubelet's are csi- and 64 hexadecimal digits.
var volumeID = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)

// A request is a NodePublishVolume call that makes sense.
type request struct {
	id, target string
	kind       string
	size       int64 // bytes; 0 is as much as there is
	enforce    bool
	pod        string // NAMESPACE/NAME
}

// parse checks a call. The error has a gRPC code and one sentence that reaches the pod's events.
func (d *Driver) parse(r *spec.NodePublishVolumeRequest) (request, error) {
	invalid := func(format string, args ...any) (request, error) {
		return request{}, status.Errorf(codes.InvalidArgument, format, args...)
	}
	attributes := r.GetVolumeContext()
	out := request{id: r.GetVolumeId(), target: r.GetTargetPath(), kind: attributes[AttributeType], enforce: true,
		pod: attributes[fromKubelet+"pod.namespace"] + "/" + attributes[fromKubelet+"pod.name"]}
	switch {
	case r.GetVolumeCapability() == nil:
		return invalid("the volume capability is missing")
	case r.GetVolumeCapability().GetMount() == nil:
		return invalid("only mounted volumes are offered, no block devices")
	case attributes[fromKubelet+"ephemeral"] == "false":
		return invalid("only ephemeral inline volumes are offered: use a volume of the pod, not a PersistentVolumeClaim")
	}
	if err := d.checkPlace(out.id, out.target); err != nil {
		return request{}, err
	}
	known := []string{AttributeType}
	switch out.kind {
	case TypeRuntime:
	case TypeScratch:
		known = append(known, AttributeSize, AttributeEnforce)
	default:
		return invalid("the attribute %s is %q; it must be %q or %q", AttributeType, out.kind, TypeScratch, TypeRuntime)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if !slices.Contains(known, name) && !strings.HasPrefix(name, fromKubelet) {
			return invalid("no attribute %q for a %s volume; there are: %s", name, out.kind, strings.Join(known, ", "))
		}
	}
	if text, set := attributes[AttributeSize]; set {
		quantity, err := resource.ParseQuantity(text)
		if err != nil || quantity.Sign() <= 0 {
			return invalid("the attribute %s is %q; it must be a quantity above 0, like 20Gi", AttributeSize, text)
		}
		out.size = quantity.Value()
	}
	switch attributes[AttributeEnforce] {
	case "", "true":
	case "false":
		out.enforce = false
	default:
		return invalid("the attribute %s is %q; it must be \"true\" or \"false\"", AttributeEnforce, attributes[AttributeEnforce])
	}
	return out, nil
}

// checkPlace refuses ids that are no names and targets outside the kubelet's pods.
func (d *Driver) checkPlace(id, target string) error {
	pods := filepath.Join(d.Kubelet, "pods") + "/"
	switch {
	case id == "":
		return status.Error(codes.InvalidArgument, "the volume id is missing")
	case !volumeID.MatchString(id):
		return status.Errorf(codes.InvalidArgument, "the volume id %q has characters other than letters, digits, _, . and -, or more than 128", id)
	case target == "":
		return status.Error(codes.InvalidArgument, "the target path is missing")
	case filepath.Clean(target) != target || !strings.HasPrefix(target, pods):
		return status.Errorf(codes.InvalidArgument, "the target path %s is not below %s", target, pods)
	}
	return nil
}
