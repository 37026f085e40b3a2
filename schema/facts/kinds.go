package facts

import "strings"

// Kinds are the kinds of objects that a set-up on EKS has, each with the API versions that clusters serve, the best first.
//
// Sources: Kubernetes API reference 1.28 to 1.37; the CRDs of Karpenter 1.14 (karpenter.sh, karpenter.k8s.aws), of EKS Auto
// Mode (eks.amazonaws.com) and of Kueue.
func Kinds() map[string][]string {
	out := map[string][]string{}
	for row := range strings.Lines(kinds) {
		kind, versions, _ := strings.Cut(strings.TrimSpace(row), " ")
		if kind != "" {
			out[kind] = strings.Fields(versions)
		}
	}
	return out
}

const kinds = `
Namespace v1
ServiceAccount v1
ConfigMap v1
Secret v1
Pod v1
PersistentVolumeClaim v1
LimitRange v1
ResourceQuota v1
DaemonSet apps/v1
Deployment apps/v1
StatefulSet apps/v1
Job batch/v1
CronJob batch/v1
Role rbac.authorization.k8s.io/v1
RoleBinding rbac.authorization.k8s.io/v1
ClusterRole rbac.authorization.k8s.io/v1
ClusterRoleBinding rbac.authorization.k8s.io/v1
NetworkPolicy networking.k8s.io/v1 projectcalico.org/v3 crd.projectcalico.org/v1
CSIDriver storage.k8s.io/v1
StorageClass storage.k8s.io/v1
PriorityClass scheduling.k8s.io/v1
DeviceClass resource.k8s.io/v1 resource.k8s.io/v1beta2 resource.k8s.io/v1beta1
MutatingAdmissionPolicy admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1beta1 admissionregistration.k8s.io/v1alpha1
MutatingAdmissionPolicyBinding admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1beta1 admissionregistration.k8s.io/v1alpha1
ValidatingAdmissionPolicy admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1beta1
ValidatingAdmissionPolicyBinding admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1beta1
NodePool karpenter.sh/v1 karpenter.sh/v1beta1
NodeOverlay karpenter.sh/v1alpha1
EC2NodeClass karpenter.k8s.aws/v1 karpenter.k8s.aws/v1beta1
NodeClass eks.amazonaws.com/v1
ClusterQueue kueue.x-k8s.io/v1beta1 kueue.x-k8s.io/v1beta2
AccessEntry eks.services.k8s.aws/v1alpha1
ClusterConfig eksctl.io/v1alpha5
LocalQueue kueue.x-k8s.io/v1beta1 kueue.x-k8s.io/v1beta2
ResourceFlavor kueue.x-k8s.io/v1beta1 kueue.x-k8s.io/v1beta2
`
