package rules

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var platformUnbound = lint.Rule{
	ID: "FG550", Slug: "platform-principal-unbound", Severity: lint.Error, Since: "0.1",
	Summary: "Platform's principal is mapped to a user and groups that no RoleBinding names",
	Check:   checkPlatformUnbound,
}

// identity is an AWS principal as the cluster sees it.
type identity struct {
	at       *lint.Node
	arn      string
	username string
	groups   []string
}

func checkPlatformUnbound(set *lint.Setup, report *lint.Reporter) {
	bindings := set.Kind("RoleBinding", "ClusterRoleBinding")
	for _, id := range identities(set) {
		if id.username == "" && len(id.groups) == 0 || boundAs(bindings, id) {
			continue
		}
		names := english(slices.Concat(quoteEach("group ", id.groups), quoteEach("user ", nonEmpty(id.username))))
		f := report.At(id.at, "add a subject of kind Group to the launcher's RoleBinding, with a group of this mapping",
			"the cluster knows %s as %s, and no RoleBinding has such a subject: Platform logs in and may do nothing", id.arn, names)
		if len(bindings) == 0 {
			f.NotGiven()
			continue
		}
		for _, b := range bindings {
			if strings.Contains(b.Name, "launcher") || strings.Contains(b.Name, "tower") {
				f.See(b.NameNode(), "%s has other subjects", b.ID())
			}
		}
	}
}

func quoteEach(prefix string, names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, prefix+n)
	}
	return out
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func boundAs(bindings []*lint.Object, id identity) bool {
	return slices.ContainsFunc(bindings, func(b *lint.Object) bool {
		return slices.ContainsFunc(b.Get("subjects").List(), func(s *lint.Node) bool {
			kind := s.Get("kind").Text()
			return id.is(s) || kind != "Group" && kind != "User" && s.Get("name").Unknown()
		})
	})
}

// is says whether a subject of a binding is the identity.
func (id identity) is(subject *lint.Node) bool {
	name := subject.Get("name").Text()
	switch subject.Get("kind").Text() {
	case "Group":
		return slices.Contains(id.groups, name)
	case "User":
		return name != "" && name == id.username
	}
	return false
}

// identities are the mappings of Platform's principal: entries of aws-auth and access entries. In the ConfigMap of a whole
// cluster only those that are named like Platform's.
func identities(set *lint.Setup) []identity {
	var out []identity
	for _, o := range set.Kind("ConfigMap") {
		if o.Name == "aws-auth" {
			for _, key := range []string{"mapRoles", "mapUsers"} {
				out = append(out, slices.DeleteFunc(mapped(o.Get("data", key)), func(id identity) bool { return !platformLike(id) })...)
			}
		}
	}
	for _, o := range set.Kind("AccessEntry") {
		spec := o.Get("spec")
		out = append(out, entry(spec, spec.Get("principalARN"), spec.Get("username"), spec.Get("kubernetesGroups")))
	}
	for _, o := range set.Kind("ClusterConfig") {
		for _, e := range o.Get("accessConfig", "accessEntries").List() {
			out = append(out, entry(e, e.Get("principalARN"), e.Get("kubernetesUsername"), e.Get("kubernetesGroups")))
		}
		for _, e := range o.Get("iamIdentityMappings").List() {
			out = append(out, slices.DeleteFunc([]identity{entry(e, e.Get("arn"), e.Get("username"), e.Get("groups"))}, func(id identity) bool { return !platformLike(id) })...)
		}
	}
	for _, d := range set.Data {
		out = append(out, mapped(d.Get("mapRoles"))...)
		out = append(out, mapped(d.Get("mapUsers"))...)
	}
	return slices.DeleteFunc(out, func(id identity) bool { return ofNodes(id) })
}

func entry(at, arn, username, groups *lint.Node) identity {
	if arn != nil {
		at = arn
	}
	return identity{at, arn.Text(), username.Text(), groups.Texts()}
}

// mapped reads entries of aws-auth: a list, or a text that holds one.
func mapped(n *lint.Node) []identity {
	var out []identity
	for _, e := range n.List() {
		arn := e.Get("rolearn")
		if arn == nil {
			arn = e.Get("userarn")
		}
		out = append(out, entry(e, arn, e.Get("username"), e.Get("groups")))
	}
	if n.Known() {
		var entries []struct {
			RoleARN  string `yaml:"rolearn"`
			UserARN  string `yaml:"userarn"`
			Username string
			Groups   []string
		}
		if yaml.Unmarshal([]byte(n.Value), &entries) == nil {
			for _, e := range entries {
				out = append(out, identity{n, e.RoleARN + e.UserARN, e.Username, e.Groups})
			}
		}
	}
	return out
}

var platformWords = regex.Lazy(`(?i)tower|seqera|nextflow|launcher`)

func platformLike(id identity) bool {
	return platformWords().MatchString(id.arn + " " + id.username + " " + strings.Join(id.groups, " "))
}

// ofNodes says whether a mapping is of a node, or of somebody that Kubernetes itself knows.
func ofNodes(id identity) bool {
	return slices.ContainsFunc(id.groups, func(g string) bool { return strings.HasPrefix(g, "system:") }) || strings.HasPrefix(id.username, "system:")
}
