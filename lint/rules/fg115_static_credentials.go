package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var staticCredentials = lint.Rule{
	ID: "FG115", Slug: "static-credentials", Severity: lint.Error, Since: "0.1",
	Summary: "AWS keys or credential variables are set by hand, beside the role",
	Check:   checkStaticCredentials,
}

// credentialVariables are those that the SDKs read before the role, or that EKS sets itself and then leaves alone. Source:
// aws/amazon-eks-pod-identity-webhook, pkg/handler; the AWS SDKs' default chain.
var credentialVariables = []string{"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"}

func checkStaticCredentials(set *lint.Setup, report *lint.Reporter) {
	for _, v := range set.Views() {
		for _, name := range []string{"aws.accessKey", "aws.secretKey"} {
			if key := v.Get(name); key != nil && key.Kind == lint.String && !key.Unknown() && key.Value != "" {
				report.At(v.Key(name), "remove it: head and tasks have the role of their service account", "%s stands in a file that people commit, and the head uses it in place of its role", name)
			}
		}
		for _, name := range []string{"k8s.pod", "process.pod"} {
			for _, option := range podOptions(v.Get(name)) {
				if env := option.Get("env"); slices.Contains(credentialVariables, env.Text()) {
					reportVariable(report, env)
				}
			}
		}
	}
	for _, o := range headPods(set) {
		for _, c := range o.PodSpec().Get("containers").List() {
			for _, e := range c.Get("env").List() {
				if name := e.Get("name"); slices.Contains(credentialVariables, name.Text()) {
					reportVariable(report, name)
				}
			}
		}
	}
}

// podOptions are the maps of a pod setting: one, or a list.
func podOptions(n *lint.Node) []*lint.Node {
	if n != nil && n.Kind == lint.List {
		return n.Items
	}
	if n == nil {
		return nil
	}
	return []*lint.Node{n}
}

func reportVariable(report *lint.Reporter, name *lint.Node) {
	why := "the SDKs take it before the role of the service account"
	if name.Value == "AWS_ROLE_ARN" || name.Value == "AWS_WEB_IDENTITY_TOKEN_FILE" {
		why = "where it is set EKS does not set it to the role of the service account"
	}
	report.At(name, "remove it; the service account gives the role", "%s is set by hand: %s, so the pod may run with other rights than its role's, or with none", name.Value, why)
}
