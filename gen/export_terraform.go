package gen

import (
	"strconv"
	"strings"

	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/policy"
	"github.com/fusiongen/fusiongen/schema/regex"
)

// terraform is a .tf.json file.
func terraform(ws *schema.Workspace, roles []Role) ([]byte, error) {
	resources := map[string]m{}
	add := func(kind, name string, block m) {
		if resources[kind] == nil {
			resources[kind] = m{}
		}
		resources[kind][name] = block
	}
	for _, r := range roles {
		id := identifier(r.Name)
		document := escapeHCL(policy.Compact(r.Permissions))
		if r.OwnPrincipal {
			add("aws_iam_policy", id, m{"name": r.Name, "path": r.Path, "policy": document})
			continue
		}
		add("aws_iam_role", id, m{"name": r.Name, "path": r.Path, "assume_role_policy": escapeHCL(policy.Compact(r.Trust)), "tags": m{OwnerTag: Owner(ws)}})
		add("aws_iam_role_policy", id, m{"name": PolicyName, "role": "${aws_iam_role." + id + ".name}", "policy": document})
		if !podIdentity(ws) {
			continue
		}
		for i, account := range r.Accounts {
			name := id
			if i > 0 {
				name += "_" + strconv.Itoa(i+1)
			}
			add("aws_eks_pod_identity_association", name, m{"cluster_name": ws.Cluster.Name, "namespace": ws.Name, "service_account": account, "role_arn": "${aws_iam_role." + id + ".arn}"})
		}
	}
	return jsonText(m{"resource": resources})
}

var notIdentifier = regex.Lazy(`[^a-z0-9_]+`)

// identifier is a Terraform name made from an IAM name.
func identifier(name string) string {
	id := notIdentifier().ReplaceAllString(strings.ToLower(name), "_")
	if id[0] >= '0' && id[0] <= '9' {
		id = "_" + id
	}
	return id
}

// escapeHCL keeps policy variables (${…}) from being Terraform's.
func escapeHCL(text string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(text)
}
