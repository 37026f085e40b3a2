package rules

import "github.com/fusiongen/fusiongen/lint"

// kustomizeRules are FG6: kustomize and GitOps.
func kustomizeRules() []lint.Rule {
	return []lint.Rule{kustomizeDeprecated, namespaceCapture, patchMiss, kustomizeSort, generatedEdited, orphanFile, referenceDangling, namespaceMissing, headRefused, baseLeftOut}
}
