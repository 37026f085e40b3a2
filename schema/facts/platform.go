package facts

// EnvField is a field of a compute environment for Amazon EKS.
type EnvField struct {
	Name      string // of the API and of tw compute-envs import
	Type      string // string, boolean, integer, list
	Terraform string // of the provider's eks_platform block, "" where it has none
	Source    string
}

// EnvFields are the fields of a compute environment's configuration on Amazon EKS. Every change of one of them replaces
// the environment: an update takes its name, description and credentials only.
//
// Sources: EksComputeConfig and UpdateComputeEnvRequest of the Seqera API 1.187.0; seqeralabs/terraform-provider-seqera
// v0.42.0; ComputeEnvExportFormat of tower-cli 0.38.0, which ignores names that it does not know.
func EnvFields() []EnvField {
	const api, tw = "Seqera API 1.187.0", "tower-cli 0.38.0"
	return []EnvField{
		{Name: "discriminator", Type: "string", Source: tw},
		{Name: "region", Type: "string", Terraform: "region", Source: api},
		{Name: "clusterName", Type: "string", Terraform: "cluster_name", Source: api},
		{Name: "namespace", Type: "string", Terraform: "namespace", Source: api},
		{Name: "headServiceAccount", Type: "string", Terraform: "head_service_account", Source: api},
		{Name: "computeServiceAccount", Type: "string", Terraform: "compute_service_account", Source: api},
		{Name: "workDir", Type: "string", Terraform: "work_dir", Source: api},
		{Name: "waveEnabled", Type: "boolean", Terraform: "enable_wave", Source: api},
		{Name: "fusion2Enabled", Type: "boolean", Terraform: "enable_fusion", Source: api},
		{Name: "podCleanup", Type: "string", Terraform: "pod_cleanup", Source: api},
		{Name: "headPodSpec", Type: "string", Terraform: "head_pod_spec", Source: api},
		{Name: "servicePodSpec", Type: "string", Terraform: "service_pod_spec", Source: api},
		{Name: "headJobCpus", Type: "integer", Terraform: "head_job_cpus", Source: api},
		{Name: "headJobMemoryMb", Type: "integer", Terraform: "head_job_memory_mb", Source: api},
		{Name: "storageClaimName", Type: "string", Terraform: "storage_claim_name", Source: api},
		{Name: "storageMountPath", Type: "string", Terraform: "storage_mount_path", Source: api},
		{Name: "server", Type: "string", Terraform: "server", Source: api},
		{Name: "sslCert", Type: "string", Terraform: "ssl_cert", Source: api},
		{Name: "environment", Type: "list", Terraform: "environment", Source: api},
		{Name: "preRunScript", Type: "string", Terraform: "pre_run_script", Source: api},
		{Name: "postRunScript", Type: "string", Terraform: "post_run_script", Source: api},
		{Name: "nextflowConfig", Type: "string", Terraform: "nextflow_config", Source: api},
		{Name: "labels", Type: "list", Source: tw},
	}
}

// PodCleanups are the values of podCleanup; the API takes them in lower case only.
func PodCleanups() []string { return []string{"on_success", "always", "never"} }

// Limits of a compute environment (terraform-provider-seqera's validators; Seqera's page on resource labels).
const (
	MaxScript = 1024 // bytes of preRunScript and postRunScript
	MaxLabels = 25
)

// CloudLauncher is the role of Seqera Platform Cloud that assumes a customer's role.
//
// Source: seqeralabs/docs platform-cloud/docs/compute-envs/eks.mdx.
const CloudLauncher = "arn:aws:iam::161471496260:role/SeqeraPlatformCloudAccessRole"

// LauncherRight is what Platform may do with one resource.
type LauncherRight struct {
	Group    string
	Resource string
	Verbs    []string
	Source   string
}

// LauncherRights are the rules of the Role that Seqera publishes for its launcher, without jobs/log, which no API server
// has. Platform's own calls are not public, so that nothing smaller is proved.
//
// Source: tower-launcher.yml of seqeralabs/docs, the same for Cloud and for Enterprise 22.4 to 26.1.
func LauncherRights() []LauncherRight {
	const source = "tower-launcher.yml"
	var out []LauncherRight
	for _, r := range [][2]string{{"", "pods"}, {"", "pods/status"}, {"", "pods/log"}, {"", "pods/exec"}, {"", "persistentvolumeclaims"}, {"", "configmaps"},
		{"apps", "deployments"}, {"batch", "jobs"}, {"batch", "jobs/status"}} {
		out = append(out, LauncherRight{Group: r[0], Resource: r[1], Verbs: []string{"get", "list", "watch", "create", "delete"}, Source: source})
	}
	return out
}
