package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var headNoToken = lint.Rule{
	ID: "FG112", Slug: "head-no-token", Severity: lint.Error, Since: "0.1",
	Summary: "the head's pod has no token for the Kubernetes API",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, o := range headPods(set) {
			spec := o.PodSpec()
			auto := spec.Get("automountServiceAccountToken")
			if auto.IsTrue() || ownsToken(set, o) || !submits(set, o) {
				continue
			}
			if auto.Known() {
				report.At(auto, "write true", "%s mounts no token, so Nextflow finds no cluster to submit tasks to and ends", o.ID()).Safe(replace(auto, "true")...)
				continue
			}
			a := podAccount(o)
			for _, sa := range set.Named("ServiceAccount", a.Namespace, a.Name) {
				if n := sa.Get("automountServiceAccountToken"); n.Known() && n.Value == "false" {
					at := spec.Get("serviceAccountName")
					if at == nil {
						at = o.NameNode()
					}
					report.At(at, "add automountServiceAccountToken: true to the pod", "%s mounts no token, as its service account says so, and Nextflow finds no cluster to submit tasks to", o.ID()).
						See(n, "the account's tokens are not mounted by themselves")
					break
				}
			}
		}
	},
}

// submits says whether the set-up has this head run tasks as pods.
func submits(set *lint.Setup, o *lint.Object) bool {
	for _, v := range set.Views() {
		if ns := v.Get("k8s.namespace").Text(); ns == "" || ns == o.Namespace {
			return true
		}
	}
	return false
}

// ownsToken says whether the head has its token from elsewhere: a projected volume, a kubeconfig, the configuration.
func ownsToken(set *lint.Setup, o *lint.Object) bool {
	for _, v := range o.PodSpec().Get("volumes").List() {
		for _, s := range v.Get("projected", "sources").List() {
			if s.Get("serviceAccountToken") != nil {
				return true
			}
		}
	}
	for _, c := range o.PodSpec().Get("containers").List() {
		if c.Get("env").Find("name", "KUBECONFIG") != nil {
			return true
		}
		for _, m := range c.Get("volumeMounts").List() {
			if strings.HasSuffix(m.Get("mountPath").Text(), "/.kube") || strings.HasSuffix(m.Get("mountPath").Text(), "/.kube/config") {
				return true
			}
		}
	}
	for _, v := range set.Views() {
		if v.Get("k8s.client.token") != nil || v.Get("k8s.client.tokenFile") != nil || v.Get("k8s.client.server") != nil {
			return true
		}
	}
	return false
}
