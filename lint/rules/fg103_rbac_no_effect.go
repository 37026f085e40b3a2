package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
)

var rbacNoEffect = lint.Rule{
	ID: "FG103", Slug: "rbac-no-effect", Severity: lint.Error, Since: "0.1",
	Summary: "a Role names a resource, group or verb that the API does not have, so it grants nothing",
	Check:   checkNoEffect,
}

// groupOf are the API groups of the resources that such Roles name. Source: the API reference of Kubernetes 1.37.
var groupOf = map[string]string{
	"pods": "", "pods/log": "", "pods/status": "", "pods/exec": "", "pods/attach": "", "pods/portforward": "", "pods/eviction": "",
	"pods/ephemeralcontainers": "", "pods/proxy": "", "pods/binding": "", "pods/resize": "", "services": "", "configmaps": "", "secrets": "", "serviceaccounts": "",
	"serviceaccounts/token": "", "persistentvolumeclaims": "", "persistentvolumes": "", "nodes": "", "namespaces": "", "limitranges": "", "resourcequotas": "",
	"jobs": "batch", "jobs/status": "batch", "cronjobs": "batch", "cronjobs/status": "batch",
	"deployments": "apps", "deployments/scale": "apps", "daemonsets": "apps", "statefulsets": "apps", "replicasets": "apps",
	"roles": "rbac.authorization.k8s.io", "rolebindings": "rbac.authorization.k8s.io",
	"networkpolicies": "networking.k8s.io", "ingresses": "networking.k8s.io",
}

// verbNames are the verbs that an API server knows.
var verbNames = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "use", "bind", "escalate", "impersonate", "approve", "sign", "*"}

func checkNoEffect(set *lint.Setup, report *lint.Reporter) {
	for _, role := range launchers(set) {
		for _, g := range role.Grants() {
			for _, n := range g.GroupsNode.List() {
				if right, ok := rightGroup(n); ok {
					if i := slices.IndexFunc(g.Resources, func(r *lint.Node) bool { _, ok := groupOf[r.Text()]; return ok }); right == "" && i >= 0 {
						right = groupOf[g.Resources[i].Text()]
					}
					report.At(n, "write \""+right+"\"", "%q is no API group (groups have no version, and the core group is the empty string), so this rule of %s grants nothing", n.Value, role.ID()).
						Safe(replace(n, right)...)
				}
			}
			for _, n := range g.VerbsNode.List() {
				if n.Known() && !slices.Contains(verbNames, n.Value) {
					noSuchVerb(report, role, n)
				}
			}
			for _, n := range g.Resources {
				noSuchResource(report, role, g, n)
			}
		}
	}
}

func rightGroup(n *lint.Node) (string, bool) {
	if !n.Known() {
		return "", false
	}
	group, version, versioned := strings.Cut(n.Value, "/")
	switch {
	case n.Value == "core" || n.Value == "v1" || group == "core":
		return "", true
	case versioned && strings.HasPrefix(version, "v"):
		return group, true
	case n.Value != "" && !slices.Contains(knownGroups, n.Value) && !strings.Contains(n.Value, "."):
		return schema.Suggest(n.Value, ownGroups), !slices.Contains(ownGroups, n.Value)
	}
	return "", false
}

// ownGroups are the groups without a dot; they are Kubernetes' own, and no other has such a name.
var ownGroups = []string{"batch", "apps", "autoscaling", "policy", "extensions"}

func noSuchVerb(report *lint.Reporter, role *lint.Object, n *lint.Node) {
	hint := "use the verbs of the API: " + english(verbNames[:8])
	meant := map[string]string{"read": "get", "write": "update", "remove": "delete", "post": "create", "put": "update"}[strings.ToLower(n.Value)]
	if meant == "" {
		meant = schema.Suggest(strings.ToLower(n.Value), verbNames[:8])
	}
	if meant != "" {
		hint = "write " + meant
	}
	f := report.At(n, hint, "%q is no verb of the API, so %s grants nothing by it", n.Value, role.ID())
	if meant != "" {
		f.Safe(replace(n, meant)...)
	}
}

// noSuchResource reports a resource that its rule's groups do not have, and near misses of those that they have.
func noSuchResource(report *lint.Reporter, role *lint.Object, g lint.Grant, n *lint.Node) {
	why := grantsNothing(g, n.Text())
	if why == "" {
		return
	}
	if group, ok := groupOf[n.Value]; ok {
		report.At(n, "add \""+group+"\" to apiGroups, or grant it in a rule of its own", "%s, so %s grants nothing on it", why, role.ID()).
			See(g.GroupsNode, "the groups of this rule").Safe(add(g.GroupsNode, group)...)
		return
	}
	meant := nearResource(n.Value)
	f := report.At(n, "write "+meant, "%s, so %s grants nothing by it", why, role.ID())
	if meant == "" {
		f.Hint = "remove it"
		f.Safe(remove(g.ResourcesNode, slices.Index(g.ResourcesNode.Items, n))...)
		return
	}
	f.Safe(replace(n, meant)...)
}

// grantsNothing is why a resource of a rule has no effect, or "".
func grantsNothing(g lint.Grant, resource string) string {
	if resource == "" || strings.Contains(resource, "*") || slices.Contains(g.Groups, "*") {
		return ""
	}
	if group, ok := groupOf[resource]; ok {
		for _, have := range g.Groups {
			if _, wrong := rightGroup(&lint.Node{Kind: lint.String, Value: have}); wrong || have == group || !slices.Contains(knownGroups, have) {
				return ""
			}
		}
		if len(g.Groups) == 0 {
			return ""
		}
		name := "the group " + group
		if group == "" {
			name = `the core group ""`
		}
		return resource + " belongs to " + name + ", which this rule does not name"
	}
	if parent, sub, nested := strings.Cut(resource, "/"); nested {
		if _, ok := groupOf[parent]; ok && (parent == "pods" || parent == "jobs") {
			return parent + " have no subresource " + sub
		}
		return ""
	}
	if nearResource(resource) != "" {
		return resource + " is no resource of the API (they are lower case and plural)"
	}
	return ""
}

// knownGroups are the groups whose resources groupOf has; another one may have resources of the same names.
var knownGroups = []string{"", "batch", "apps", "rbac.authorization.k8s.io", "networking.k8s.io"}

func nearResource(resource string) string {
	lower := strings.ToLower(resource)
	if _, ok := groupOf[lower]; ok && lower != resource {
		return lower
	}
	if _, ok := groupOf[lower+"s"]; ok {
		return lower + "s"
	}
	if parent, sub, nested := strings.Cut(lower, "/"); nested && parent == "pods" && sub == "logs" {
		return "pods/log"
	}
	return ""
}
