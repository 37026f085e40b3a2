package e2e_test

const (
	noRuntime     = `exec: "/usr/bin/fusion": stat /usr/bin/fusion: no such file or directory`
	runtimeVolume = "[csi: [driver: 'fusion.fusiongen.dev', readOnly: true, volumeAttributes: [type: 'runtime']], mountPath: '/usr/bin/fusion'],"
)

// mesh does what the webhook of a service mesh does.
const mesh = `apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: mesh}
spec:
  reinvocationPolicy: Never
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  mutations:
    - patchType: JSONPatch
      jsonPatch:
        expression: |-
          [JSONPatch{op: "add", path: "/spec/containers/-", value: Object.spec.containers{
             name: "istio-proxy", image: "docker.io/local/task:1", command: ["sleep", "1000"]}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: mesh}
spec:
  policyName: mesh
  matchResources: {namespaceSelector: {matchLabels: {istio-injection: enabled}}}
`

// Pod Security, seccomp, and how the runtime and its device come into task pods.
var securityDefects = []defect{
	{rules: "FG303", edits: set("'nextflow.io/fuse': 1", "'example.com/none': 1"), made: run("smoke"), sees: "Insufficient example.com/none"},
	{rules: "FG310", edits: set("privileged = false", "privileged = true"), made: run("smoke"), sees: "violates PodSecurity"},
	{rules: "FG311", edits: option("[hostPath: '/opt', mountPath: '/host']"), made: run("smoke"), sees: "hostPath volumes"},
	{rules: "FG312", edits: []edit{{namespace, "enforce: baseline", "enforce: restricted"}}, made: run("smoke"), sees: `violates PodSecurity "restricted:latest": allowPrivilegeEscalation`},
	{rules: "FG313", edits: option("[securityContext: [seccompProfile: [type: 'RuntimeDefault']]]"), made: run("smoke"), sees: "the seccomp profile forbids"},
	{rules: "FG318", edits: append(option("[hostPath: '/dev/fuse', mountPath: '/dev/fuse']"), edit{namespace, "enforce: baseline", "enforce: privileged"}),
		made: pod(`{"restartPolicy": "Never", "volumes": [{"name": "fuse", "hostPath": {"path": "/dev/fuse"}}], "containers": [{"name": "task", "image": "docker.io/local/task:1",
			"command": ["bash", "-c", "exec 3<>/dev/fuse"], "volumeMounts": [{"name": "fuse", "mountPath": "/dev/fuse"}]}]}`), sees: "/dev/fuse: Operation not permitted"},
	{rules: "FG319", edits: append(extra(mesh), edit{namespace, "  labels:\n", "  labels:\n    istio-injection: enabled\n"}), made: run("smoke"), sees: "unexpected container name: istio-proxy"},
	{rules: "FG325 FG326", edits: set("mountPath: '/usr/bin/fusion'", "mountPath: '/usr/bin/other'"), made: run("smoke"), sees: noRuntime},
	{rules: "FG325", edits: set("[csi: [driver: 'fusion.fusiongen.dev', readOnly", "[csi: [driver: 'csi.example.com', readOnly"), made: run("smoke"),
		sees: "csi.example.com not found in the list of registered CSI drivers"},
	{rules: "FG326", edits: set(runtimeVolume, ""), made: run("smoke"), sees: noRuntime},
	{rules: "FG329", edits: []edit{{role, "rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io/v1beta1"}}, sees: "no matches for kind"},
	{rules: "FG330", edits: append(set(runtimeVolume, "[hostPath: '%d/absent', mountPath: '/usr/bin/fusion'],"), edit{namespace, "enforce: baseline", "enforce: privileged"}),
		made: run("smoke"), sees: `exec: "/usr/bin/fusion": is a directory`},
	{rules: "FG333", edits: []edit{{namespace, "enforce: baseline", "enforce: strict"}}, sees: "must be one of privileged, baseline, restricted"},
}

// The admission policy that task pods of a restricted namespace need.
var policyDefects = []defect{
	{rules: "FG314", edits: []edit{{policy, "runAsNonRoot: true, ", ""}, {policy, `["ALL"]},…`, `["ALL"]}}}]` + "\n"}, {namespace, "enforce: restricted", "enforce: baseline"}, {config, "pod = [", "pod = [\n        [securityContext: [runAsUser: 0]],"}},
		made: run("smoke"), sees: "root without CAP_SETFCAP may not make a user namespace"},
	{rules: "FG312 FG327", edits: []edit{{"base/admission/restricted-binding.yaml", "policyName: fusiongen-restricted", "policyName: fusiongen-strict"}}, made: run("smoke"), sees: "violates PodSecurity"},
	{rules: "FG328", edits: []edit{{policy, `drop: ["ALL"]`, `drop: ["ALL"], add: ["SYS_ADMIN"]`}}, made: run("smoke"), sees: `must not include "SYS_ADMIN"`},
	{rules: "FG332", edits: []edit{{policy, "patchType: ApplyConfiguration", "patchType: Merge"}}, sees: "Unsupported value"},
	{rules: "FG332", edits: []edit{{policy, "expression: 'Object{spec: Object.spec{", "expression: 'Object{spec: Object.spec"}}, sees: "Syntax error"},
	{rules: "FG332", edits: []edit{{policy, "- CREATE", "- UPDATE"}}, made: run("smoke"), sees: "violates PodSecurity"},
}
