package rules

import (
	"path"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

// Ids of Platform: those of credentials are letters and digits, those of workspaces numbers; a reference of Terraform stands alone.
var (
	credentialsID = regex.Lazy(`^(\$\{[^}]*\}|[A-Za-z0-9]+)$`)
	workspaceID   = regex.Lazy(`^(\$\{[^}]*\}|[0-9]+)$`)
)

// checkWrapper looks at what is around the fields of an environment, in the request to the API and in Terraform.
func checkWrapper(set *lint.Setup, d *lint.Data, report *lint.Reporter) {
	if body := d.Get("computeEnv"); body.Get("config") != nil || body.Get("platform") != nil {
		checkBody(body, report)
	}
	for _, r := range entriesOf(d.Get("resource", "seqera_compute_env")) {
		body := r.Value.Get("compute_env")
		if body == nil {
			report.At(r.Key, "write compute_env with name, platform and config", "the resource %s describes no environment, and Terraform refuses it", r.Key.Value)
			continue
		}
		checkBody(body, report)
		if body.Get("credentials_id") == nil {
			report.At(body, "write credentials_id", "the environment has no credentials_id, and Platform refuses it")
		}
		if n := body.Get("credentials_id"); n != nil && lint.Placeholder(n.Value) == "" && !credentialsID().MatchString(n.Value) {
			report.At(n, "write the id of the credentials, or one reference to it", "%s is no id of credentials: it has letters and digits only", n.Value)
		}
		id, kit := r.Value.Get("workspace_id"), kitWorkspace(set, d.Node)
		switch {
		case id == nil && kit != nil:
			report.At(r.Key, "write workspace_id", "Terraform makes the environment in no workspace, and seqerakit beside it in %s", kit.Value).See(kit, "the other form")
		case id != nil && lint.Placeholder(id.Value) == "" && !workspaceID().MatchString(id.Value):
			report.At(id, "write the number of the workspace, or one reference to it", "%s is no id of a workspace, which is a number", id.Value)
		}
	}
}

// checkBody: Platform takes an environment that has a name, a platform that it knows, and a configuration.
func checkBody(body *lint.Node, report *lint.Reporter) {
	for _, field := range [...]string{"name", "platform", "config"} {
		if n := body.Get(field); n == nil || n.Kind == lint.Map && len(n.Fields) == 0 {
			report.At(body, "write "+field, "the environment has no %s, and Platform refuses it", field)
		}
	}
	if p := body.Get("platform"); p.Known() && p.Value != "eks-platform" && strings.HasPrefix(p.Value, "eks") {
		report.At(p, "write eks-platform", "there is no kind of environment %q, and Platform refuses it", p.Value).Safe(replace(p, "eks-platform")...)
	}
}

// kitWorkspace is the workspace that seqerakit's file beside n names, nil where there is none.
func kitWorkspace(set *lint.Setup, n *lint.Node) *lint.Node {
	for _, d := range set.Data {
		if path.Dir(d.File.Name) != path.Dir(n.File.Name) {
			continue
		}
		for _, e := range d.Get("compute-envs").List() {
			if w := e.Get("workspace"); w.Known() {
				return w
			}
		}
	}
	return nil
}

// compareNames: forms of one environment give it one name.
func compareNames(set *lint.Setup, a, b computeEnv, report *lint.Reporter) {
	x, y := titleOf(set, a), titleOf(set, b)
	if x.Known() && y.Known() && x.Value != y.Value {
		report.At(y, "make both say the same; of a generated tree, build it again", "two forms of one environment name it %s and %s: Platform gets two", x.Value, y.Value).See(x, "the other form")
	}
}

// titleOf is the name of an environment, for a file of tw compute-envs import that which seqerakit gives it.
func titleOf(set *lint.Setup, e computeEnv) *lint.Node {
	if !e.imported {
		return e.title
	}
	for _, d := range set.Data {
		for _, entry := range d.Get("compute-envs").List() {
			if file := entry.Get("file-path").Text(); file != "" && strings.HasSuffix("/"+e.block.File.Name, "/"+path.Clean(file)) {
				return entry.Get("name")
			}
		}
	}
	return nil
}
