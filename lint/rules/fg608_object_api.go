package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
)

var objectAPI = lint.Rule{
	ID: "FG608", Slug: "object-api", Severity: lint.Error, Since: "0.1",
	Summary: "a manifest's apiVersion or kind is none that the API server has",
	Check:   checkAPIs,
}

// servedBy are the versions in which Kubernetes 1.33 to 1.37 serve the kinds of a set-up. Source: the API reference.
var servedBy = map[string][]string{
	"Namespace": {"v1"}, "ServiceAccount": {"v1"}, "ConfigMap": {"v1"}, "Secret": {"v1"}, "Pod": {"v1"}, "PersistentVolumeClaim": {"v1"}, "LimitRange": {"v1"}, "ResourceQuota": {"v1"}, "Service": {"v1"},
	"Role": {"rbac.authorization.k8s.io/v1"}, "RoleBinding": {"rbac.authorization.k8s.io/v1"}, "ClusterRole": {"rbac.authorization.k8s.io/v1"}, "ClusterRoleBinding": {"rbac.authorization.k8s.io/v1"},
	"DaemonSet": {"apps/v1"}, "Deployment": {"apps/v1"}, "StatefulSet": {"apps/v1"}, "Job": {"batch/v1"}, "CronJob": {"batch/v1"},
	"CSIDriver": {"storage.k8s.io/v1"}, "StorageClass": {"storage.k8s.io/v1"}, "PriorityClass": {"scheduling.k8s.io/v1"}, "NetworkPolicy": {"networking.k8s.io/v1"},
}

func checkAPIs(set *lint.Setup, report *lint.Reporter) {
	for _, o := range set.Objects {
		api, kind := o.Get("apiVersion"), o.Get("kind")
		right := servedBy[o.Kind]
		switch {
		case right != nil && !slices.Contains(right, o.APIVersion) && ofKubernetes(o.APIVersion, right):
			report.At(api, "write "+right[0], "Kubernetes serves %s as %s, not as %s: kubectl refuses the object", o.Kind, right[0], o.APIVersion).Safe(replace(api, right[0])...)
		case right == nil:
			var kinds []string
			for _, k := range slices.Sorted(maps.Keys(servedBy)) {
				if slices.Contains(servedBy[k], o.APIVersion) {
					kinds = append(kinds, k)
				}
			}
			if meant := schema.Suggest(o.Kind, kinds); meant != "" && !strings.HasSuffix(o.Kind, "List") && !otherKinds[o.Kind] {
				report.At(kind, "write "+meant, "%s has no kind %s: kubectl refuses the object", o.APIVersion, o.Kind).Safe(replace(kind, meant)...)
			}
		}
	}
	for _, d := range set.Data {
		if kind := d.Get("kind"); kind.Known() && d.Get("apiVersion") == nil && servedBy[kind.Value] != nil && d.Get("metadata") != nil {
			report.At(kind, "add apiVersion: "+servedBy[kind.Value][0], "the object has no apiVersion: kubectl refuses it")
		}
	}
}

// ofKubernetes says whether a version is one of Kubernetes itself, or was meant to be: other groups have kinds of the same names.
func ofKubernetes(version string, right []string) bool {
	group, _, grouped := strings.Cut(version, "/")
	return !grouped || !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io") && slices.ContainsFunc(slices.Collect(maps.Values(servedBy)), func(v []string) bool { return strings.HasPrefix(v[0], group+"/") }) ||
		schema.Suggest(version, right) != ""
}

// otherKinds are kinds of Kubernetes whose names are near to those of servedBy.
var otherKinds = map[string]bool{"Node": true, "Event": true, "Endpoints": true, "PodTemplate": true, "ReplicaSet": true, "ReplicationController": true, "PersistentVolume": true, "Binding": true,
	"ControllerRevision": true, "CSINode": true, "CSIStorageCapacity": true, "VolumeAttachment": true, "VolumeAttributesClass": true, "Ingress": true, "IngressClass": true, "ComponentStatus": true}
