package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var policyUnbound = lint.Rule{
	ID: "FG327", Slug: "policy-unbound", Severity: lint.Error, Since: "0.1",
	Summary: "an admission policy has no binding, or a binding no policy",
	Check:   checkPolicyUnbound,
}

func checkPolicyUnbound(set *lint.Setup, report *lint.Reporter) {
	for _, kind := range [...]string{"MutatingAdmissionPolicy", "ValidatingAdmissionPolicy"} {
		bindings := set.Kind(kind + "Binding")
		dangling := slices.ContainsFunc(bindings, func(b *lint.Object) bool {
			name := b.Get("spec", "policyName")
			return name.Known() && len(set.Named(kind, "", name.Value)) == 0
		})
		for _, o := range set.Kind(kind) {
			if dangling { // said below: it was meant for one of these
				break
			}
			if !slices.ContainsFunc(bindings, func(b *lint.Object) bool { return b.Root == o.Root && b.Get("spec", "policyName").Text() == o.Name }) {
				f := report.At(o.NameNode(), "add a "+kind+"Binding with policyName: "+o.Name, "no binding applies %s: it does nothing", o.ID())
				if set.Partial {
					f.NotGiven()
				}
			}
		}
		for _, b := range bindings {
			name := b.Get("spec", "policyName")
			if !name.Known() || len(set.Named(kind, "", name.Value)) > 0 {
				continue
			}
			f := report.At(name, "add the policy, or mend the name", "the policy %s is not here: the binding does nothing", name.Value)
			if set.Partial || len(set.Kind(kind)) == 0 {
				f.NotGiven()
			}
		}
	}
}
