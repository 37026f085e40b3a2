package facts

// PodOption is one kind of entry of k8s.pod and of the pod directive.
type PodOption struct {
	Needs  []string // keys that make an entry one of this kind; "a|b" where either does
	Also   []string // further keys that this kind reads
	Type   string   // what the first key's value must be: "", "map", "boolean", "integer"
	Empty  bool     // the last needed key may be empty: elsewhere Groovy takes an empty value for an absent key
	Since  string   // first version that has it, "" for older than 24.10
	Source string
}

// PodOptions are the kinds of pod options, in the order in which Nextflow tries them: the first that fits wins, and an
// entry's other keys are dropped without a word. What fits none aborts the run ("Unknown pod options").
//
// Source: nextflow PodOptions.groovy, create; PodMountConfig, PodMountCsiEphemeral, PodVolumeClaim for the further keys.
func PodOptions() []PodOption {
	const source = "nextflow PodOptions.groovy"
	return []PodOption{
		{Needs: []string{"env", "value"}, Source: source},
		{Needs: []string{"env", "fieldPath"}, Source: source},
		{Needs: []string{"env", "secret"}, Source: source},
		{Needs: []string{"env", "config"}, Source: source},
		{Needs: []string{"mountPath", "secret"}, Source: source},
		{Needs: []string{"mountPath", "config"}, Source: source},
		{Needs: []string{"mountPath", "csi"}, Source: source},
		{Needs: []string{"mountPath", "emptyDir"}, Empty: true, Source: source},
		{Needs: []string{"mountPath", "volumeClaim"}, Also: []string{"subPath", "readOnly"}, Source: source},
		{Needs: []string{"mountPath", "hostPath"}, Source: source},
		{Needs: []string{"pullPolicy|imagePullPolicy"}, Source: source},
		{Needs: []string{"imagePullSecret|imagePullSecrets"}, Source: source},
		{Needs: []string{"label", "value"}, Source: source},
		{Needs: []string{"runAsUser"}, Empty: true, Source: source},
		{Needs: []string{"securityContext"}, Type: "map", Empty: true, Source: source},
		{Needs: []string{"nodeSelector"}, Source: source},
		{Needs: []string{"affinity"}, Type: "map", Empty: true, Source: source},
		{Needs: []string{"annotation", "value"}, Source: source},
		{Needs: []string{"automountServiceAccountToken"}, Type: "boolean", Empty: true, Source: source},
		{Needs: []string{"priorityClassName"}, Source: source},
		{Needs: []string{"toleration"}, Type: "map", Empty: true, Source: source},
		{Needs: []string{"privileged"}, Type: "boolean", Empty: true, Source: source},
		{Needs: []string{"schedulerName"}, Source: source},
		{Needs: []string{"ttlSecondsAfterFinished"}, Type: "integer", Empty: true, Source: source},
		{Needs: []string{"runtimeClassName"}, Since: "25.12", Source: source},
	}
}
