package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var platformAccess = lint.Rule{
	ID: "FG563", Slug: "platform-access", Severity: lint.Error, Since: "0.1",
	Summary: "the access entry of Platform's principal is incomplete, of a type without groups, or unlike its other form",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		checkAccessEntries(set, report)
		checkEntryForms(set, report)
		checkMappings(set, report)
	},
}

// ackEntries are the access entries of ACK; Crossplane's objects of the same kind have other fields.
func ackEntries(set *lint.Setup) []*lint.Object {
	return slices.DeleteFunc(set.Kind("AccessEntry"), func(o *lint.Object) bool {
		return !strings.HasPrefix(o.APIVersion, "eks.services.k8s.aws/")
	})
}

func checkAccessEntries(set *lint.Setup, report *lint.Reporter) {
	for _, o := range ackEntries(set) {
		spec := o.Get("spec")
		for _, field := range [][2]string{{"clusterName", "clusterRef"}, {"principalARN", "principalRef"}} {
			if spec.Get(field[0]) == nil && spec.Get(field[1]) == nil {
				report.At(orNode(spec, o.NameNode()), "write "+field[0], "%s has no %s: no entry is made, and the principal does not reach the cluster", o.ID(), field[0])
			}
		}
		if o.Get("metadata", "name") == nil {
			report.At(o.Get("kind"), "write a name", "the AccessEntry has no name: kubectl refuses it, and no entry is made")
		}
		checkEntryGroups(orNode(spec, o.NameNode()), spec.Get("type"), spec.Get("kubernetesGroups"), spec.Get("username"), spec.Get("accessPolicies"), report)
	}
	for _, o := range set.Kind("ClusterConfig") {
		for _, e := range o.Get("accessConfig", "accessEntries").List() {
			if e.Get("principalARN") == nil {
				report.At(e, "write principalARN", "the entry names no principal, and eksctl refuses it")
			}
			checkEntryGroups(e, e.Get("type"), e.Get("kubernetesGroups"), e.Get("kubernetesUsername"), e.Get("accessPolicies"), report)
		}
		for _, field := range []string{"name", "region"} {
			if len(set.Data) > 0 && o.Get("metadata", field) == nil && forEntries(o) {
				report.At(orNode(o.Get("metadata"), o.Get("kind")), "write metadata."+field, "the ClusterConfig has no metadata.%s, and eksctl refuses it", field)
			}
		}
	}
}

// checkEntryGroups: groups are for the type STANDARD, and an entry of it without groups, a user or policies may do nothing.
func checkEntryGroups(at, kind, groups, user, policies *lint.Node, report *lint.Reporter) {
	standard := kind == nil || kind.Unknown() || kind.Value == "STANDARD"
	switch {
	case !standard && (groups != nil || user != nil):
		report.At(kind, "write STANDARD", "an access entry of the type %s takes no groups and no user: EKS refuses it, and the principal does not reach the cluster", kind.Value)
	case standard && !groups.Unknown() && len(groups.List()) == 0 && user == nil && policies == nil:
		report.At(at, "write kubernetesGroups with a group that a RoleBinding names", "the access entry has no groups and no policies: the principal logs in and may do nothing")
	}
}

// forEntries says whether a ClusterConfig holds access entries only, so that it is read by eksctl create accessentry.
func forEntries(o *lint.Object) bool {
	return !slices.ContainsFunc(o.Fields, func(f lint.Field) bool {
		return !slices.Contains([]string{"apiVersion", "kind", "metadata", "accessConfig"}, f.Key.Value)
	})
}

// checkEntryForms compares an entry for ACK with eksctl's beside it: two ways to make the same one.
func checkEntryForms(set *lint.Setup, report *lint.Reporter) {
	for _, o := range set.Kind("ClusterConfig") {
		if !forEntries(o) {
			continue
		}
		for _, other := range ackEntries(set) {
			if o.NameNode().File == other.NameNode().File || path.Dir(o.NameNode().File.Name) != path.Dir(other.NameNode().File.Name) {
				continue
			}
			differ := func(at, seen *lint.Node, what string) {
				report.At(at, "make both say the same; of a generated tree, build it again", "two forms of one access entry name different %s: who gets into which cluster depends on the one that is applied", what).See(seen, "the other form")
			}
			principal, cluster := other.Get("spec", "principalARN"), other.Get("spec", "clusterName")
			entries := o.Get("accessConfig", "accessEntries").List()
			has := func(e *lint.Node) bool {
				return e.Get("principalARN").Unknown() || e.Get("principalARN").Text() == principal.Text()
			}
			if principal.Known() && !slices.ContainsFunc(entries, has) {
				differ(orNode(o.Get("accessConfig"), o.Get("kind")), principal, "principals")
			}
			if name := o.Get("metadata", "name"); cluster.Known() && name.Known() && cluster.Value != name.Value {
				differ(name, cluster, "clusters")
			}
		}
		for _, e := range computeEnvs(set) {
			cluster, region := o.Get("metadata", "name"), o.Get("metadata", "region")
			if want := e.get("region"); cluster.Known() && region.Known() && want.Known() && cluster.Value == e.get("clusterName").Text() && region.Value != want.Value {
				report.At(region, "write "+want.Value, "the access entry is for the cluster %s in %s, and the compute environment's is in %s", cluster.Value, region.Value, want.Value).See(want, "the compute environment")
			}
		}
	}
}

// checkMappings: what belongs into aws-auth maps somebody.
func checkMappings(set *lint.Setup, report *lint.Reporter) {
	for _, d := range set.Data {
		for key, arn := range map[string]string{"mapRoles": "rolearn", "mapUsers": "userarn"} {
			list := d.Get(key)
			if list != nil && list.Kind == lint.List && len(list.Items) == 0 && len(d.Fields) == 1 {
				report.At(list, "write the entry of Platform's principal", "%s maps nobody, so that Platform does not reach the cluster", key)
			}
			for _, e := range list.List() {
				if e.Kind == lint.Map && e.Get(arn) == nil {
					report.At(e, "write "+arn, "the entry of %s has no %s, and maps nobody", key, arn)
				}
			}
		}
	}
}
