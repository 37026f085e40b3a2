package e2e_test

const (
	toleration  = "[toleration: [key: 'nextflow', operator: 'Exists', effect: 'NoSchedule']]"
	taint       = "taint nodes --all nextflow=true:NoSchedule"
	untaint     = "taint nodes --all nextflow-"
	tolerations = "      tolerations:\n        - operator: Exists\n"
	pluginAway  = "-n fusiongen-system delete pods -l app.kubernetes.io/name=fuse-device-plugin" // one that runs already stays otherwise
	devices     = "wait nodes --all --for=jsonpath={.status.allocatable.nextflow\\.io/fuse}="
	deviceGone  = devices + "0 --timeout=60s" // before that, kubelet refuses pods
	noDevice    = "Insufficient nextflow.io/fuse"
)

// The DaemonSets that every node needs.
var nodeDefects = []defect{
	{rules: "FG302", edits: []edit{{kustomize, "  - base/device-plugin\n", ""}, {"base/device-plugin/kustomization.yaml", "…", "resources: []\n"}, {plugin, "…", ""}, {"base/device-plugin/service-account.yaml", "…", ""}},
		does: "-n fusiongen-system delete daemonset fuse-device-plugin\n" + deviceGone, made: run("smoke"), sees: noDevice},
	{rules: "FG304", edits: append(option(toleration), edit{plugin, tolerations, ""}), does: taint + "\n" + pluginAway + "\n" + deviceGone, undoes: untaint, made: run("smoke"), sees: noDevice},
	{rules: "FG305", edits: []edit{{plugin, "      serviceAccountName:", "      imagePullSecrets:\n        - name: registry-secret\n      serviceAccountName:"}},
		made: daemon("fuse-device-plugin"), sees: "Unable to retrieve some image pull secrets (registry-secret)"},
	{rules: "FG309", edits: append(option("[nodeSelector: 'kubernetes.io/arch=amd64']"), edit{plugin, "                      - amd64\n", ""}), does: deviceGone, made: run("smoke"), sees: noDevice},
	{rules: "FG320", edits: []edit{{plugin, "--count=1000", "--count=1"}}, does: devices + "1 --timeout=60s", made: run("smoke"), sees: noDevice},
	{rules: "FG321", edits: extra(`apiVersion: apps/v1
kind: DaemonSet
metadata: {name: second-plugin, namespace: fusiongen-system, labels: {app.kubernetes.io/name: second-plugin}}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: second-plugin}}
  template:
    metadata: {labels: {app.kubernetes.io/name: second-plugin}}
    spec:
      serviceAccountName: fuse-device-plugin
      priorityClassName: system-node-critical
      tolerations: [{operator: Exists}]
      containers:
        - name: plugin
          image: %i
          command: [/usr/bin/fuse-device-plugin]
          args: [--resource=nextflow.io/fuse, --count=1000]
          resources: {requests: {cpu: 10m, memory: 32Mi}}
          securityContext: {runAsUser: 0, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
          volumeMounts: [{name: device-plugins, mountPath: /var/lib/kubelet/device-plugins}]
      volumes: [{name: device-plugins, hostPath: {path: /var/lib/kubelet/device-plugins, type: Directory}}]
`), made: daemon("fuse-device-plugin"), sees: "our socket was removed; serving anew"},
	{rules: "FG322", edits: []edit{{plugin, "mountPath: /var/lib/kubelet/device-plugins", "mountPath: /var/lib/kubelet/plugins"}}, made: daemon("fuse-device-plugin"), sees: "no such file or directory"},
	{rules: "FG323", edits: []edit{{plugin, "      labels:\n        app.kubernetes.io/name: fuse-device-plugin\n", "      labels:\n        app.kubernetes.io/name: fuse-plugin\n"}}, sees: "`selector` does not match template `labels`"},
	{rules: "FG324", edits: []edit{{plugin, "serviceAccountName: fuse-device-plugin", "serviceAccountName: fuse-plugin"}}, made: daemon("fuse-device-plugin"), sees: `serviceaccount "fuse-plugin" not found`},
	{rules: "FG331", edits: []edit{{nodeVolumes, "            - name: NODE_NAME\n", "            - name: NODE\n"}}, made: daemon("fusion-node"), sees: "the node's name is missing"},
	{rules: "FG331", edits: []edit{{nodeVolumes, "              mountPropagation: Bidirectional\n", ""}}, made: run("smoke"), sees: `exec: "/usr/bin/fusion": permission denied`},
	{rules: "FG334", edits: []edit{{system, "enforce: privileged", "enforce: baseline"}}, does: pluginAway,
		made: daemon("fuse-device-plugin"), sees: "violates PodSecurity"},
	{rules: "FG336", edits: []edit{{plugin, "--count=1000", "--count=many"}}, made: daemon("fuse-device-plugin"), sees: "invalid value"},
	{rules: "FG530", edits: append(option(toleration), set("    executor = 'k8s'\n", "    executor = 'k8s'\n    withName: PART {\n        pod = [[toleration: [key: 'gpu', operator: 'Exists', effect: 'NoSchedule']]]\n    }\n")...),
		does: taint, undoes: untaint, made: run("smoke"), sees: "untolerated taint"},
}
