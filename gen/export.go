package gen

import (
	"bytes"
	"encoding/json"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/policy"
)

// PolicyName is the name of the one inline policy that a role of ours has.
const PolicyName = "fusiongen"

// OwnerTag is the tag that marks what fusiongen made in an account. Its value is Owner.
const OwnerTag = "fusiongen:workspace"

// Owner says whose a role is: REGION/CLUSTER/NAMESPACE.
func Owner(ws *schema.Workspace) string {
	return ws.Cluster.Region + "/" + ws.Cluster.Name + "/" + ws.Name
}

// Role is one IAM role of a workspace, whole.
type Role struct {
	Who          string // head, task
	Name, Path   string // Path begins and ends with a slash
	Trust        policy.Document
	Permissions  policy.Document
	Accounts     []string // service accounts that take it
	OwnPrincipal bool     // the head runs outside the cluster with the user's own principal: no role, permissions only
}

// Roles are the roles of a workspace.
func Roles(ws *schema.Workspace) []Role {
	var out []Role
	for _, who := range roles(ws) {
		role, sa := ws.Identity.Head.Role, []string{ws.Identity.Head.ServiceAccount}
		if who == "task" {
			role, sa = ws.Identity.Task.Role, []string{ws.Identity.Task.ServiceAccount}
		} else if shared(ws) {
			sa = unique(ws.Identity.Head.ServiceAccount, ws.Identity.Task.ServiceAccount)
		}
		i := strings.LastIndexByte(role, '/') + 1
		r := Role{Who: who, Name: role[i:], Path: "/" + strings.Trim(role[:i], "/") + "/", Trust: Trust(ws, who), Permissions: Permissions(ws, who), Accounts: sa,
			OwnPrincipal: who == "head" && ws.Nextflow.Head == "workstation" && !shared(ws)}
		if r.Path == "//" {
			r.Path = "/"
		}
		out = append(out, r)
	}
	return out
}

// exportForms are the ways to write roles for the tools that people keep them with.
func exportForms() map[string]func(*schema.Workspace, []Role) ([]byte, error) {
	return map[string]func(*schema.Workspace, []Role) ([]byte, error){
		"cloudformation": cloudFormation, "terraform": terraform, "eksctl": eksctl, "ack": ack,
	}
}

// ExportForms are the names of the forms, sorted as help shows them.
func ExportForms() []string { return []string{"cloudformation", "terraform", "eksctl", "ack"} }

// Export writes the roles of a workspace in a form; the form is one of ExportForms. What a form cannot say is given as
// Diagnostics.
func Export(ws *schema.Workspace, form string) ([]byte, error) {
	if err := CheckSizes(ws); err != nil {
		return nil, err
	}
	return exportForms()[form](ws, Roles(ws))
}

// m is a block of a form.
type m = map[string]any

// jsonText is indented JSON with sorted keys.
func jsonText(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(v)
	return out.Bytes(), err
}

// yamlText is one YAML document for each value, with sorted keys.
func yamlText(values ...any) ([]byte, error) {
	var out []byte
	for i, v := range values {
		data, err := yaml.Marshal(v)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, "---\n"...)
		}
		out = append(out, data...)
	}
	return out, nil
}

func podIdentity(ws *schema.Workspace) bool { return ws.Identity.Provider == "pod-identity" }
