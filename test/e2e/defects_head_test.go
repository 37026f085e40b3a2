package e2e_test

// both edits the configuration and the ConfigMap that brings it into the head's pod.
func both(old, text string) []edit { return []edit{{config, old, text}, {headConfig, old, text}} }

// The head's Job, and what the linter knows of a head in the cluster: its version, and its environment.
var headDefects = []defect{
	{rules: "FG110", edits: []edit{{headJob, "serviceAccountName: %s-head", "serviceAccountName: nobody"}}, made: headRuns, sees: `serviceaccount "nobody" not found`},
	{rules: "FG110", edits: []edit{{headJob, "serviceAccountName: %s-head", "serviceAccountName: %s-task"}}, made: headRuns, sees: "cannot create resource"},
	{rules: "FG112", edits: []edit{{headJob, "automountServiceAccountToken: true", "automountServiceAccountToken: false"}}, made: headRuns, sees: "No such file or directory: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt"},
	{rules: "FG335", edits: append(both("[emptyDir: [:], mountPath: '/fusion'],", ""), both("k8s {", "k8s { securityContext = [runAsUser: 1000, fsGroup: 1000]")...), made: headRuns, sees: "the mount point /fusion does not exist"},
	{rules: "FG544", edits: both("pod = [", "pod = [ [runtimeClassName: 'runc'],"), made: headRuns, sees: "Unknown pod options"},
	{rules: "FG536", edits: []edit{{headJob, "name: FUSION_ENABLED\n              value: \"true\"", "name: FUSION_ENABLED\n              value: \"1\""}}, made: headRuns, sees: "No such file"},
	{rules: "FG547", edits: []edit{{headJob, "            - run\n", "            - ruin\n"}}, made: headRuns, sees: "Expected a command, got ruin"},
	{rules: "FG548", edits: []edit{{headJob, "workingDir: /work", "workingDir: /"}}, made: headRuns, sees: ".nextflow/history.lock (No such file or directory)"},
}
