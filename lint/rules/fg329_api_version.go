package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
)

var servedKinds = lint.Rule{
	ID: "FG329", Slug: "api-version", Severity: lint.Error, Since: "0.1",
	Summary: "an object of a kind or API version that no cluster has",
	Check:   checkAPIVersion,
}

func checkAPIVersion(set *lint.Setup, report *lint.Reporter) {
	kinds := facts.Kinds()
	for _, d := range set.Data {
		named := d.Get("metadata", "name") != nil || d.Get("metadata", "generateName") != nil
		if api := d.Get("apiVersion"); api.Known() && d.Get("kind") == nil && named {
			report.At(api, "write the object's kind", "this object of %s has no kind: kubectl refuses it, and the object is not there", api.Value)
		}
	}
	for _, o := range set.Objects {
		group, kind := o.Get("apiVersion"), o.Get("kind")
		if versions := kinds[o.Kind]; group == nil && len(versions) > 0 {
			report.At(o.NameNode(), "write apiVersion: "+versions[0], "%s has no apiVersion: kubectl refuses it, and the object is not there", o.ID())
		}
		if !group.Known() || !kind.Known() {
			continue
		}
		versions, known := kinds[o.Kind]
		const message = "no cluster serves %s of %s: kubectl apply fails with \"no matches for kind\", and the object is not there"
		switch {
		case known && slices.Contains(versions, o.APIVersion):
		case known:
			name, _, _ := strings.Cut(o.APIVersion, "/")
			same := func(v string) bool {
				g, _, _ := strings.Cut(v, "/")
				return g == name || !strings.Contains(o.APIVersion, "/") || typo(o.APIVersion, []string{v}) != ""
			}
			i := slices.IndexFunc(versions, same)
			if i < 0 {
				continue // another group's kind of the same name
			}
			report.At(group, "write "+versions[0], message, o.Kind, o.APIVersion).Unsafe(lint.Replace(group, versions[0]))
		default:
			var names []string
			for k, v := range kinds {
				if slices.Contains(v, o.APIVersion) {
					names = append(names, k)
				}
			}
			slices.Sort(names)
			if o.APIVersion == "batch/v1" && o.Kind != "Job" && o.Kind != "CronJob" {
				report.At(kind, "write Job or CronJob", message, o.Kind, o.APIVersion) // a group with two kinds
				continue
			}
			if near := typo(o.Kind, names); near != "" && schema.Suggest(o.Kind, names) != "" {
				report.At(kind, "did you mean "+near+"?", message, o.Kind, o.APIVersion).Unsafe(lint.Replace(kind, near))
			}
		}
	}
}
