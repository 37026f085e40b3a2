// Package schema says what is true: the #Workspace schema, the loading of a spec, and diagnostics with positions.
package schema

// Workspace is one validated spec with every default filled in. The field comments of workspace.cue are the
// documentation of each field; this is its Go mirror. A Workspace is read-only after Load.
type Workspace struct {
	Name        string    `json:"name"`
	Schema      int       `json:"schema"`
	Cluster     Cluster   `json:"cluster"`
	Storage     Storage   `json:"storage"`
	Identity    Identity  `json:"identity"`
	Nextflow    Nextflow  `json:"nextflow"`
	Consumer    string    `json:"consumer"` // cli | platform
	Platform    *Platform `json:"platform,omitempty"`
	Runtime     Runtime   `json:"runtime"`
	Fuse        Fuse      `json:"fuse"`
	Scratch     Scratch   `json:"scratch"`
	PodSecurity string    `json:"podSecurity"` // baseline | restricted | privileged
	Nodes       Nodes     `json:"nodes"`
	Components  []string  `json:"components,omitempty"` // optional overlays; gen.ComponentNames lists them

	// Environments are sorted by name; each is the base with its merge patch applied, validated whole, and has no
	// Environments of its own. Empty when the spec names none.
	Environments []Environment `json:"-"`

	// Source says where each value came from.
	Source Source `json:"-"`
}

// Environment is one named variant of the workspace.
type Environment struct {
	Name      string
	Workspace *Workspace
}

// Cluster is the EKS cluster. Partition, Issuer and DNS suffix are derived by Load (see facts.Partition).
type Cluster struct {
	Name     string `json:"name"`
	Account  string `json:"account"` // 12 digits
	Region   string `json:"region"`
	OIDC     string `json:"oidc,omitempty"`     // as written: issuer id or issuer URL
	Version  string `json:"version,omitempty"`  // 1.34
	Endpoint string `json:"endpoint,omitempty"` // https://…, for a head outside the cluster
	CA       string `json:"ca,omitempty"`       // base64 PEM

	Partition string `json:"-"` // aws | aws-cn | aws-us-gov
	Issuer    string `json:"-"` // issuer without scheme: oidc.eks.REGION.SUFFIX/id/ID; empty where oidc is absent
}

// Storage names the S3 places of a run; every entry is an s3:// URI of a bucket with an optional prefix.
type Storage struct {
	Work    string   `json:"work"`
	Inputs  []string `json:"inputs,omitempty"`
	Publish []string `json:"publish,omitempty"`
	Region  string   `json:"region,omitempty"` // of the buckets
	KMS     string   `json:"kms,omitempty"`    // key ARN
}

// Identity says how pods get AWS credentials.
type Identity struct {
	Provider string  `json:"provider"` // irsa | pod-identity
	Head     Account `json:"head"`
	Task     Account `json:"task"`
}

// Account is a Kubernetes service account and the IAM role behind it.
type Account struct {
	ServiceAccount string `json:"serviceAccount"`
	Role           string `json:"role"` // role name, or path/name, without the ARN
}

// Nextflow says which Nextflow runs, and where.
type Nextflow struct {
	Version string `json:"version"`
	Compute string `json:"compute"` // Job | Pod
	Head    string `json:"head"`    // cluster | workstation
	Image   string `json:"image"`   // image of the head pod
}

// Runtime is the FUSE client of the task pods.
type Runtime struct {
	Mode       string `json:"mode"` // open | seqera
	Privileged bool   `json:"privileged"`
	Inject     string `json:"inject"`              // auto | policy | csi | init | host | baked | wave
	CacheSize  string `json:"cacheSize,omitempty"` // Kubernetes quantity
	Image      string `json:"image,omitempty"`
}

// Fuse is the extended resource that gives an unprivileged pod /dev/fuse.
type Fuse struct {
	Provider string `json:"provider"` // bundled | nextflow | existing
	Resource string `json:"resource"`
	Count    int    `json:"count"`
}

// Scratch is the local disk of the tasks.
type Scratch struct {
	Provider string `json:"provider"` // none | nodeadm | karpenter | bottlerocket | auto | daemonset
	Volume   string `json:"volume"`   // emptyDir | csi | hostPath
	Size     string `json:"size,omitempty"`
}

// Nodes describes the nodes that tasks run on.
type Nodes struct {
	Manage      bool              `json:"manage"`
	OS          string            `json:"os"`   // al2023 | bottlerocket | ubuntu | auto
	Arch        string            `json:"arch"` // amd64 | arm64
	Selector    map[string]string `json:"selector,omitempty"`
	Tolerations []Toleration      `json:"tolerations,omitempty"`
	Autoscaler  string            `json:"autoscaler"`         // none | karpenter | cluster-autoscaler | auto
	Families    []string          `json:"families,omitempty"` // instance families, checked against facts for NVMe
}

// Toleration is a Kubernetes toleration.
type Toleration struct {
	Key      string `json:"key,omitempty"`
	Operator string `json:"operator,omitempty"`
	Value    string `json:"value,omitempty"`
	Effect   string `json:"effect,omitempty"`
}

// Platform is the Seqera Platform compute environment (consumer: "platform").
type Platform struct {
	Edition       string            `json:"edition"`   // cloud | enterprise
	Workspace     string            `json:"workspace"` // organization/workspace
	Name          string            `json:"name"`
	Credentials   string            `json:"credentials"`
	Principal     string            `json:"principal"` // IAM role or user ARN that Platform logs in with
	JumpRole      string            `json:"jumpRole,omitempty"`
	ExternalID    string            `json:"externalId,omitempty"`
	Access        string            `json:"access"` // entry | aws-auth
	Group         string            `json:"group"`
	PodCleanup    string            `json:"podCleanup"` // on_success | always | never
	HeadCPUs      int               `json:"headCpus"`
	HeadMemory    int               `json:"headMemory"` // MiB
	Labels        map[string]string `json:"labels,omitempty"`
	Environment   []PlatformEnv     `json:"environment,omitempty"`
	Forms         []string          `json:"forms,omitempty"` // terraform, api
	PreRunScript  string            `json:"preRunScript,omitempty"`
	PostRunScript string            `json:"postRunScript,omitempty"`
}

// PlatformEnv is one environment variable of a compute environment.
type PlatformEnv struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Head  bool   `json:"head"`
	Task  bool   `json:"task"`
}
