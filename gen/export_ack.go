package gen

import (
	"strings"

	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/schema/policy"
	"github.com/fusiongen/fusiongen/schema/regex"
)

// ack are objects for the AWS Controllers for Kubernetes (IAM v1.8, EKS v1.20).
func ack(ws *schema.Workspace, roles []Role) ([]byte, error) {
	var out []any
	object := func(group, kind, name string, spec m) {
		out = append(out, m{"apiVersion": group + ".services.k8s.aws/v1alpha1", "kind": kind, "metadata": m{"name": name, "namespace": ws.Name}, "spec": spec})
	}
	partition, _ := facts.PartitionOf(ws.Cluster.Region) // Load has checked the region
	for _, r := range roles {
		name := objectName(r.Name)
		tags := []any{m{"key": OwnerTag, "value": Owner(ws)}}
		if r.OwnPrincipal {
			object("iam", "Policy", name, m{"name": r.Name, "path": r.Path, "policyDocument": policy.Compact(r.Permissions), "tags": tags})
			continue
		}
		object("iam", "Role", name, m{
			"name": r.Name, "path": r.Path, "assumeRolePolicyDocument": policy.Compact(r.Trust),
			"inlinePolicies": m{PolicyName: policy.Compact(r.Permissions)}, "tags": tags,
		})
		if !podIdentity(ws) {
			continue
		}
		for _, account := range r.Accounts {
			object("eks", "PodIdentityAssociation", account, m{
				"clusterName": ws.Cluster.Name, "namespace": ws.Name, "serviceAccount": account,
				"roleARN": partition.RoleARN(ws.Cluster.Account, strings.TrimPrefix(r.Path, "/")+r.Name),
			})
		}
	}
	return yamlText(out...)
}

var notObjectName = regex.Lazy(`[^a-z0-9.-]+`)

// objectName is a Kubernetes name made from an IAM name.
func objectName(name string) string {
	return strings.Trim(notObjectName().ReplaceAllString(strings.ToLower(name), "-"), ".-")
}
