package lint

import (
	"slices"
	"strings"
)

// Grant is what one rule of a Role grants.
type Grant struct {
	Role                  *Object
	Rule                  *Node
	Groups, Verbs         []string
	Resources             []*Node
	GroupsNode, VerbsNode *Node
	ResourcesNode         *Node
}

// Grants are the rules of a Role or ClusterRole.
func (o *Object) Grants() []Grant {
	var out []Grant
	for _, r := range o.Get("rules").List() {
		out = append(out, Grant{
			Role: o, Rule: r, Groups: r.Get("apiGroups").Texts(), Verbs: r.Get("verbs").Texts(), Resources: r.Get("resources").List(),
			GroupsNode: r.Get("apiGroups"), VerbsNode: r.Get("verbs"), ResourcesNode: r.Get("resources"),
		})
	}
	return out
}

// Allows says whether the rule grants a verb on a resource of a group.
func (g Grant) Allows(group, resource, verb string) bool {
	has := func(list []string, s string) bool { return slices.Contains(list, s) || slices.Contains(list, "*") }
	resources := make([]string, 0, len(g.Resources))
	for _, n := range g.Resources {
		resources = append(resources, n.Text())
	}
	return has(g.Groups, group) && has(g.Verbs, verb) && has(resources, resource) && len(g.Rule.Get("resourceNames").List()) == 0
}

// Launchers are the Roles that let Nextflow submit tasks: those that may create pods or Jobs.
func (set *Setup) Launchers() []*Object {
	var out []*Object
	for _, o := range set.Kind("Role", "ClusterRole") {
		if slices.ContainsFunc(o.Grants(), func(g Grant) bool {
			return g.Allows("", "pods", "create") || g.Allows("batch", "jobs", "create") || g.Allows("", "jobs", "create")
		}) {
			out = append(out, o)
		}
	}
	return out
}

// Kind are the objects of these kinds.
func (set *Setup) Kind(kinds ...string) []*Object {
	var out []*Object
	for _, o := range set.Objects {
		if slices.Contains(kinds, o.Kind) {
			out = append(out, o)
		}
	}
	return out
}

// Named are the objects of a kind with this namespace and name; an object without a namespace may land in any.
func (set *Setup) Named(kind, namespace, name string) []*Object {
	var out []*Object
	for _, o := range set.Kind(kind) {
		if o.Name == name && (o.Namespace == namespace || o.Namespace == "" || namespace == "") {
			out = append(out, o)
		}
	}
	return out
}

// Bindings are the RoleBindings and ClusterRoleBindings of a role.
func (set *Setup) Bindings(role *Object) []*Object {
	var out []*Object
	for _, b := range set.Kind("RoleBinding", "ClusterRoleBinding") {
		if b.Root == role.Root && b.Get("roleRef", "kind").Text() == role.Kind && b.Get("roleRef", "name").Text() == role.Name &&
			(role.Kind == "ClusterRole" || b.Namespace == role.Namespace) {
			out = append(out, b)
		}
	}
	return out
}

// Account is a service account by identity.
type Account struct{ Namespace, Name string }

func (a Account) String() string { return a.Namespace + "/" + a.Name }

// Subjects are the service accounts that a binding names.
func (o *Object) Subjects() []Account {
	var out []Account
	for _, s := range o.Get("subjects").List() {
		if s.Get("kind").Text() == "ServiceAccount" {
			ns := s.Get("namespace").Text()
			if ns == "" {
				ns = o.Namespace
			}
			out = append(out, Account{ns, s.Get("name").Text()})
		}
	}
	return out
}

// Heads are the service accounts that submit tasks: subjects of the launchers' bindings.
func (set *Setup) Heads() []Account {
	var out []Account
	for _, role := range set.Launchers() {
		for _, b := range set.Bindings(role) {
			out = append(out, b.Subjects()...)
		}
	}
	return out
}

// HasWorkspace says whether the set-up holds the Kubernetes side of a workspace at all.
func (set *Setup) HasWorkspace() bool {
	return len(set.Kind("ServiceAccount", "Role", "RoleBinding")) > 0
}

// Platform says whether Seqera Platform launches here, whose own launcher may do more than Nextflow.
func (set *Setup) Platform() bool {
	for _, d := range set.Data {
		if strings.HasPrefix(d.Get("discriminator").Text(), "eks") || d.Get("computeServiceAccount") != nil {
			return true
		}
	}
	return slices.ContainsFunc(set.Objects, func(o *Object) bool { return strings.Contains(o.Name, "tower-launcher") })
}

// ComputeMode is "Pod" or "Job" as the configuration that uses this namespace says, or as the version's default is;
// "" when neither is known. The node is the setting, nil for a default.
func (set *Setup) ComputeMode(namespace string) (string, *Node) {
	for _, v := range set.Views() {
		ns := v.Get("k8s.namespace")
		if ns != nil && ns.Known() && namespace != "" && ns.Value != namespace {
			continue
		}
		if mode := v.Get("k8s.computeResourceType"); mode != nil {
			return mode.Text(), mode
		}
	}
	switch version := set.NextflowVersion(); {
	case version == "":
		return "", nil
	case AtLeast(version, "26.10"):
		return "Job", nil
	}
	return "Pod", nil
}

// NextflowVersion is the version of --nextflow-version, else of the image of a head in the set-up, else "".
func (set *Setup) NextflowVersion() string {
	if set.Options.Nextflow != "" {
		return set.Options.Nextflow
	}
	for _, o := range set.Objects {
		for _, c := range o.PodSpec().Get("containers").List() {
			image, _, _ := strings.Cut(c.Get("image").Text(), "@")
			if _, version, ok := strings.Cut(image, "nextflow/nextflow:"); ok {
				return version
			}
		}
	}
	return ""
}

// AtLeast compares versions by their numbers: "26.04.6" is at least "26.04".
func AtLeast(version, least string) bool {
	a, b := strings.FieldsFunc(version, notDigit), strings.FieldsFunc(least, notDigit)
	for i := range b {
		if i >= len(a) {
			return false
		}
		x, y := strings.TrimLeft(a[i], "0"), strings.TrimLeft(b[i], "0")
		if len(x) != len(y) {
			return len(x) > len(y)
		}
		if x != y {
			return x > y
		}
	}
	return true
}

func notDigit(r rune) bool { return r < '0' || r > '9' }
