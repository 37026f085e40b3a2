// Package facts holds tables of the outside world, each row with its source. Generator and linter read the same rows,
// so neither can know something that the other does not.
package facts

// Call is one request that Nextflow makes of the Kubernetes API.
type Call struct {
	Group    string // API group, "" for core
	Resource string // "pods", "pods/log", …
	Verb     string
	Why      string // what Nextflow does with it
	Without  string // what a run shows when the call is denied
	Source   string
}

// Grant is one IAM action that an S3, KMS or STS call needs.
type Grant struct {
	Service string // s3, kms, sts
	Call    string // API operation, "CopyObject"
	Who     string // head, task
	Where   string // work, inputs, publish, key
	Action  string // IAM action, "s3:PutObject"
	On      string // bucket, object, key
	Prefix  string // for ListBucket: which s3:prefix values, "exact" and/or "below"
	Why     string
	Without string
	Source  string
}

// Option is one option of nextflow.config.
type Option struct {
	Name    string // dotted, "k8s.computeResourceType"; "*" stands for a free segment
	Type    string // boolean, string, integer, memory, duration, map, list, closure
	Default string
	Since   string // first version that has it, "" for older than 24.10
	Until   string // first version without it
	Source  string
}

// Partition is one AWS partition.
type Partition struct {
	Name      string // aws
	Regions   string // regular expression of its region names
	DNSSuffix string // amazonaws.com
	Audience  string // sts.amazonaws.com
	Source    string
}

// Family is one EC2 instance family.
type Family struct {
	Name   string // c6id
	Arch   string // amd64, arm64
	NVMe   bool   // has instance store on NVMe
	Source string
}
