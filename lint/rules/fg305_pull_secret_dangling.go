package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var pullSecretDangling = lint.Rule{
	ID: "FG305", Slug: "pull-secret-dangling", Severity: lint.Warning, Since: "0.1",
	Summary: "a node part names an image pull secret that nothing makes",
	Check:   checkPullSecretDangling,
}

// publicRegistries hold images that anybody may pull.
var publicRegistries = [...]string{"quay.io/nextflow/", "public.ecr.aws/", "registry.k8s.io/", "ghcr.io/fusiongen/", "docker.io/nextflow/"}

func checkPullSecretDangling(set *lint.Setup, report *lint.Reporter) {
	for _, p := range fuseParts(set) {
		list := p.PodSpec().Get("imagePullSecrets")
		for i, s := range list.List() {
			name := s.Get("name")
			if !name.Known() || makesSecret(set, p.Namespace, name.Value) {
				continue
			}
			image := p.PodSpec().Get("containers").List()
			public := len(image) > 0 && slices.ContainsFunc(publicRegistries[:], func(r string) bool { return strings.HasPrefix(image[0].Get("image").Text(), r) })
			message := "the Secret %s/%s is not in this set-up: where the cluster has none, a private image cannot be pulled"
			if public {
				message = "the Secret %s/%s is not in this set-up, and the image is public: every pod gets an event about a secret that cannot be found"
			}
			f := report.At(name, "remove the entry, or add the Secret", message, p.Namespace, name.Value)
			if !public && len(set.Kind(secretKinds[:]...)) == 0 {
				f.NotGiven()
			}
			if public && len(list.List()) == 1 {
				f.Safe(lint.RemoveField(p.PodSpec().Field("imagePullSecrets")))
			} else if public {
				f.Safe(lint.RemoveItem(list, i))
			}
		}
	}
}

var secretKinds = [...]string{"Secret", "ExternalSecret", "SealedSecret", "SecretProviderClass"}

func makesSecret(set *lint.Setup, namespace, name string) bool {
	return slices.ContainsFunc(set.Kind(secretKinds[:]...), func(o *lint.Object) bool {
		target := o.Get("spec", "target", "name").Text()
		return (o.Name == name || target == name) && (o.Namespace == namespace || o.Namespace == "" || namespace == "")
	})
}
