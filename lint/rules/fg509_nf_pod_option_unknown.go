package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
)

var nfPodOptionUnknown = lint.Rule{
	ID: "FG509", Slug: "nf-pod-option-unknown", Severity: lint.Error, Since: "0.1",
	Summary: "a pod option that Nextflow does not know, or an empty one",
	Check:   checkPodOptionUnknown,
}

// inexpressible are fields of a pod that people look for, and how to get them.
var inexpressible = []string{"hostUsers", "capabilities", "initContainers", "containers", "volumes", "image", "dnsPolicy", "dnsConfig", "hostAliases",
	"terminationGracePeriodSeconds", "topologySpreadConstraints", "hostNetwork", "resources", "limits", "serviceAccountName", "tolerations", "volumeMounts"}

func checkPodOptionUnknown(set *lint.Setup, report *lint.Reporter) {
	keys := podKeys()
	for _, o := range options(set) {
		_, found, known := o.kind()
		if found || !known {
			continue
		}
		const stop = "Nextflow stops with \"Unknown pod options\""
		for _, f := range o.Fields {
			if slices.Contains(keys, f.Key.Value) {
				continue
			}
			near := schema.Suggest(f.Key.Value, keys)
			hint := "remove it; the pod directive's documentation lists what there is"
			switch {
			case f.Key.Value == "tolerations":
				hint = "write one entry for each: [toleration: [key: …]]"
			case f.Key.Value == "serviceAccountName":
				hint = "set k8s.serviceAccount"
			case slices.Contains(inexpressible, f.Key.Value):
				hint = "Nextflow cannot set it: use an admission policy for pods with the label nextflow.io/app=nextflow"
			case near != "":
				hint = "did you mean " + near + "?"
			}
			x := report.At(f.Key, hint, "%s is no pod option: %s", f.Key.Value, stop)
			if near != "" && !slices.Contains(inexpressible, f.Key.Value) && !strings.ContainsAny(string(f.Key.File.Src[f.Key.Start:f.Key.End]), `'"`) {
				x.Unsafe(lint.Edit{File: f.Key.File, Start: f.Key.Start, End: f.Key.End, New: near})
			}
			found = true
		}
		if !found {
			report.At(o.Node, "give each key a value; an environment variable cannot be empty", "this entry is no pod option as it stands (a key is missing, or its value is empty or of another type): %s", stop)
		}
	}
}
