package e2e_test

// Roles, bindings and service accounts.
var grantDefects = []defect{
	{rules: "FG101", edits: []edit{{role, "      - jobs\n    verbs:\n      - create\n", "      - jobs\n    verbs:\n"}}, made: run("smoke"), sees: "cannot create resource"},
	{rules: "FG102", edits: []edit{{role, "      - pods\n    verbs:\n", "      - pods\n      - pods/exec\n    verbs:\n      - create\n"}},
		made: may("create pods/exec --as=system:serviceaccount:%s:%s-head"), sees: "-head: yes"},
	{rules: "FG103", edits: []edit{{role, "- batch\n    resources:\n      - jobs\n", "- \"\"\n    resources:\n      - jobs\n"}}, made: run("smoke"), sees: "cannot create resource"},
	{rules: "FG104", beside: "FG224", edits: []edit{{binding, "    name: %s-head\n    namespace", "    name: nobody\n    namespace"}}, made: run("smoke"), sees: "cannot create resource"},
	{rules: "FG105", edits: extra(`apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: nextflow-%s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: nextflow-%s}
subjects: [{kind: ServiceAccount, name: %s-head}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: nextflow-%s}
rules: [{apiGroups: [batch], resources: [jobs], verbs: [create]}]
`), sees: "namespace: Required value"},
	{rules: "FG106", edits: []edit{{role, "      - pods\n    verbs:\n      - delete\n      - list\n", "      - \"*\"\n    verbs:\n      - \"*\"\n"}},
		made: may("get secrets --as=system:serviceaccount:%s:%s-head"), sees: "-head: yes"},
	{rules: "FG109", beside: "FG224", edits: []edit{{binding, "subjects:\n…", "subjects: []\n"}}, made: run("smoke"), sees: "cannot create resource"},
	{rules: "FG114", edits: []edit{{"base/service-account/service-account-task.yaml", `"true"`, "true"}}, made: applied("base/service-account/service-account-task.yaml"), sees: "cannot unmarshal bool"},
	{rules: "FG115", edits: option("[env: 'AWS_PROFILE', value: 'research']"), made: run("smoke"), sees: "failed to get shared config profile"},
	{rules: "FG116", beside: "FG108", edits: extra(`apiVersion: eks.amazonaws.com/v1
kind: PodIdentityAssociation
metadata: {name: %s-task, namespace: %s}
spec: {clusterName: test, namespace: %s, serviceAccount: %s-task, roleARN: "arn:aws:iam::123456789012:role/%s-task"}
`), sees: "no matches for kind"},
	{rules: "FG120", beside: "FG224", edits: []edit{{role, "rules:\n…", "rules: []\n"}}, made: run("smoke"), sees: "cannot create resource"},
	{rules: "FG550", edits: extra(launcherRole + launcherBinding("User", "tower-launcher-user") + launcherMap),
		made: may("create pods --as=tower-launcher-user", "create pods --as=tower-launcher-role --as-group=tower-launcher-role"),
		sees: "-user: yes\n" + "create pods --as=tower-launcher-role --as-group=tower-launcher-role: no"},
	{rules: "FG562", edits: extra(launcherRole + launcherBinding("Group", "tower-launcher-role") + launcherMap),
		made: may("create pods --as=tower-launcher-role --as-group=tower-launcher-role", "create configmaps --as=tower-launcher-role --as-group=tower-launcher-role"),
		sees: "tower-launcher-role: yes\ncreate configmaps --as=tower-launcher-role --as-group=tower-launcher-role: no"},
}

const (
	launcherRole = `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: tower-launcher-role, namespace: %s}
rules:
  - {apiGroups: [""], resources: [pods, pods/status, pods/log, pods/exec, persistentvolumeclaims], verbs: [get, list, watch, create, delete]}
  - {apiGroups: [apps], resources: [deployments], verbs: [get, list, watch, create, delete]}
  - {apiGroups: [batch], resources: [jobs, jobs/status], verbs: [get, list, watch, create, delete]}
`
	launcherMap = `---
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapRoles: |
    - rolearn: arn:aws:iam::123456789012:role/TowerLauncher
      username: tower-launcher-role
      groups: [tower-launcher-role]
`
)

func launcherBinding(kind, name string) string {
	return `---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tower-launcher-userbind, namespace: %s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: tower-launcher-role}
subjects: [{kind: ` + kind + `, name: ` + name + `, apiGroup: rbac.authorization.k8s.io}]
`
}
