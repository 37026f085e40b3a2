package gen

import (
	"github.com/fusiongen/fusiongen/schema"
)

// eksctl is the iam part of a ClusterConfig. eksctl writes the trust policies itself, for exactly one account each.
func eksctl(ws *schema.Workspace, roles []Role) ([]byte, error) {
	iam := m{}
	var entries []any
	for _, r := range roles {
		switch {
		case r.OwnPrincipal:
			continue
		case r.Path != "/":
			return nil, cannot(ws, r, "eksctl makes roles without a path, and this one's is "+r.Path)
		case len(r.Accounts) > 1:
			return nil, cannot(ws, r, "eksctl makes a role for each service account, and head and tasks share one here")
		}
		tags := m{OwnerTag: Owner(ws)}
		if podIdentity(ws) {
			entries = append(entries, m{"namespace": ws.Name, "serviceAccountName": r.Accounts[0], "roleName": r.Name, "permissionPolicy": r.Permissions, "tags": tags})
			continue
		}
		entries = append(entries, m{
			"metadata": m{"name": r.Accounts[0], "namespace": ws.Name}, "roleName": r.Name, "attachPolicy": r.Permissions, "tags": tags,
			"roleOnly": true, // the ServiceAccount is in the tree
		})
	}
	if podIdentity(ws) {
		iam["podIdentityAssociations"] = entries
	} else {
		iam["withOIDC"], iam["serviceAccounts"] = true, entries
	}
	return yamlText(m{"apiVersion": "eksctl.io/v1alpha5", "kind": "ClusterConfig", "metadata": m{"name": ws.Cluster.Name, "region": ws.Cluster.Region}, "iam": iam})
}

func cannot(ws *schema.Workspace, r Role, message string) error {
	path := "identity." + r.Who + ".role"
	return schema.Diagnostics{{Pos: ws.Source.Pos(path), Path: path, Message: message, Hint: "change the spec, or take another form"}}
}
