package rules_test

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestComputeEnvForms: the rules on compute environments see them in every form, and each mistake by its rule.
func TestComputeEnvForms(t *testing.T) {
	const tw = `{"discriminator": "eks-platform", "region": "eu-west-1", "clusterName": "r", "namespace": "demo", "headServiceAccount": "h", "computeServiceAccount": "t", "workDir": "s3://acme-nf/demo", "waveEnabled": true, "fusion2Enabled": true, "nextflowConfig": "fusion.privileged = false\n"`
	const api = `{"computeEnv": {"name": "demo", "platform": "PLATFORM", "config": {"workDir": "s3://acme-nf/demo", "waveEnabled": true, "fusion2Enabled": true, "nextflowConfig": "fusion.privileged = false\n"`
	const tf = `{"resource": {"seqera_compute_env": {"demo": {"compute_env": {"config": {"eks_platform": {"work_dir": "s3://acme-nf/demo", "compute_service_account": "t", "enable_fusion": true, "nextflow_config": "fusion.privileged = false\n"`
	const trust = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::161471496260:role/SeqeraPlatformCloudAccessRole"}, "Action": ["sts:AssumeRole"CLOSE`
	for _, c := range []struct{ name, text, want string }{
		{"ce.json", tw + `, "storageClaimName": "scratch"}`, "warning FG553"},
		{"ce.json", strings.Replace(tw, "s3://acme-nf/demo", "/scratch", 1) + `}`, "FG553 platform-fusion-prerequisites: Fusion works on S3, and the work directory is /scratch"},
		{"ce.json", strings.Replace(tw, `false\n`, `false\naws.region = 'eu-west-2'\n`, 1) + `}`, "the environment is in eu-west-1 and its configuration says the buckets are in eu-west-2"},
		{"ce.json", strings.Replace(tw, `"waveEnabled": true`, `"waveEnabled": "true"`, 1) + `}`, "FG554 platform-unknown-field: waveEnabled is a boolean for Platform, and this is none"},
		{"ce.json", strings.Replace(tw, `"eks-platform"`, `"eks"`, 1) + `}`, `there is no kind of environment "eks"`},
		{"ce.json", strings.Replace(tw, `"discriminator": "eks-platform", `, ``, 1) + `}`, "reads the kind of environment from the discriminator"},
		{"ce.json", tw + `, "headJobCpus": "2"}`, "headJobCpus is an integer"},
		{"ce.json", tw + `, "environment": [{"name": "GITHUB_TOKEN", "value": "x", "head": true}]}`, "error FG557 platform-managed-option: GITHUB_TOKEN looks like a secret"},
		{"ce.json", strings.Replace(tw, `false\n`, `false\ntower.accessToken = 'eyJ0aWQiOiA'\n`, 1) + `}`, "error FG557 platform-managed-option: the configuration holds a token"},
		{"ce.json", strings.Replace(tw, `false\n`, `false\nwave.enabled = true\n`, 1) + `}`, "Platform sets wave.enabled itself, from waveEnabled"},
		{"ce.json", tw + `, "preRunScript": "` + strings.Repeat("x", 1025) + `"}`, "the script has 1025 bytes"},
		{"ce.json", tw + `, "labels": [{"name": "a--b", "value": "ok"}]}`, `Platform refuses "a--b" in a label`},
		{"ce.json", tw + `, "labels": [` + strings.Repeat(`{"name": "ab", "value": "ok"},`, 25) + `{"name": "ab", "value": "ok"}]}`, "these are 26 labels"},
		{"ce.json", tw + `, "environment": [{"name": "NXF_PLUGINS_DEFAULT", "value": "nf-amazon", "head": true}]}`, "this list replaces the plugins"},
		{"ce.json", tw + `, "headPodSpec": "spec:\n  nodeSelector: {a: b}\n"}`, "the head is placed by nodeSelector and the tasks by nothing"},
		{"ce.json", strings.Replace(tw, `false\n`, `false\nk8s.pod = [[toleration: [key: 'x']]]\n`, 1) + `}`, "the tasks are placed by toleration and the head by nothing"},
		{"api.json", strings.Replace(api, "PLATFORM", "eks-platform", 1) + `}}}`, "FG551 platform-compute-account"},
		{"api.json", strings.Replace(api, "PLATFORM", "k8s-platform", 1) + `}}}`, "an environment of the type k8s-platform has no fusion2Enabled"},
		{"ce.tf.json", tf + `}}}}}}}`, "FG553 platform-fusion-prerequisites: Fusion is on and Wave is not"},
		{"ce.tf.json", tf + `, "enable_wave": true, "headJobCpus": 2}}}}}}}`, "has no field headJobCpus: Platform refuses"},
		{"ce.tf.json", strings.Replace(tf, `"compute_service_account": "t", `, "", 1) + `, "enable_wave": true}}}}}}}`, "set compute_service_account"},
		{"kit.yml", "compute-envs:\n  - {name: demo, type: eks, region: eu-west-1, fusion-v2: true}\n", "has no option --fusion-v2"},
		{"trust.json", strings.Replace(trust, "CLOSE", `, "sts:TagSession"]}]}`, 1), "every customer of Platform Cloud may have this role assumed"},
		{"trust.json", strings.Replace(trust, "CLOSE", `], "Condition": {"StringEquals": {"sts:ExternalId": "abc-123"}}}]}`, 1), "Platform tags its sessions"},
		{"permissions.json", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["eks:ListClusters", "eks:DescribeCluster"], "Resource": "*"}]}`, "warning FG558 platform-trust: Platform may look into every cluster"},
		{"access.yaml", "apiVersion: eks.services.k8s.aws/v1alpha1\nkind: AccessEntry\nmetadata: {name: launcher}\nspec: {clusterName: r, principalARN: 'arn:aws:iam::123456789012:role/p', kubernetesGroups: [nf], type: STANDARD}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: x, namespace: demo}\nroleRef: {kind: Role, name: x, apiGroup: rbac.authorization.k8s.io}\nsubjects: [{kind: Group, name: other, apiGroup: rbac.authorization.k8s.io}]\n", "FG550 platform-principal-unbound: the cluster knows arn:aws:iam::123456789012:role/p as group nf"},
		{"config.yaml", "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: r, region: eu-west-1}\naccessConfig:\n  accessEntries: [{principalARN: 'arn:aws:iam::123456789012:role/p', kubernetesGroups: [nf]}]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: x, namespace: demo}\nroleRef: {kind: Role, name: x, apiGroup: rbac.authorization.k8s.io}\nsubjects: [{kind: Group, name: other, apiGroup: rbac.authorization.k8s.io}]\n", "FG550"},
		{"users.yaml", "mapUsers:\n  - {userarn: 'arn:aws:iam::123456789012:user/p', username: tower-launcher-user, groups: []}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: x, namespace: demo}\nroleRef: {kind: Role, name: x, apiGroup: rbac.authorization.k8s.io}\nsubjects: [{kind: User, name: other, apiGroup: rbac.authorization.k8s.io}]\n", "as user tower-launcher-user"},
		{"shared.yaml", "apiVersion: eks.services.k8s.aws/v1alpha1\nkind: AccessEntry\nmetadata: {name: launcher}\nspec: {clusterName: r, principalARN: 'arn:aws:iam::123456789012:role/p', kubernetesGroups: [], type: STANDARD}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: t, namespace: demo, annotations: {eks.amazonaws.com/role-arn: 'arn:aws:iam::123456789012:role/p'}}\n---\n" + tw + "}\n", "have the role that Platform logs in with"},
	} {
		tree := fstest.MapFS{c.name: &fstest.MapFile{Data: []byte(c.text)}}
		if got := text(run(t, tree)); !strings.Contains(got, c.want) {
			t.Errorf("%s: no %q in\n%s\n%s", c.name, c.want, got, c.text)
		}
	}
}

// TestComputeEnvQuiet: what is not Platform's is not judged: nodes and administrators in aws-auth, a user that is bound.
func TestComputeEnvQuiet(t *testing.T) {
	const text = `apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapRoles: |
    - {rolearn: 'arn:aws:iam::123456789012:role/nodes', username: 'system:node:{{EC2PrivateDNSName}}', groups: ['system:bootstrappers', 'system:nodes']}
    - {rolearn: 'arn:aws:iam::123456789012:role/team', username: team, groups: [team-admins]}
  mapUsers: |
    - {userarn: 'arn:aws:iam::123456789012:user/tower', username: tower-launcher-user, groups: []}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tower-launcher-userbind, namespace: tower-nf}
roleRef: {kind: Role, name: tower-launcher-role, apiGroup: rbac.authorization.k8s.io}
subjects: [{kind: User, name: tower-launcher-user, apiGroup: rbac.authorization.k8s.io}]
`
	for _, f := range run(t, fstest.MapFS{"auth.yaml": &fstest.MapFile{Data: []byte(text)}}) {
		if strings.HasPrefix(f.Rule, "FG55") {
			t.Errorf("%s: %s", f.Rule, f.Message)
		}
	}
}
