package gen

// Names that the runtime image and the generated manifests share. test/constants_test.go compares them.
const (
	CSIDriver      = "fusion.fusiongen.dev"         // fusion-node's driver name
	ReadinessTaint = "fusiongen.dev/nvme-not-ready" // taken off by nvme-prep
	HostPath       = "/opt/fusion/bin"              // where fusion-host installs the runtime
	MountPath      = "/usr/bin/fusion"              // where Nextflow expects it
	NVMeMount      = "/mnt/fusion"                  // where nvme-prep mounts the array
	defaultImage   = "ghcr.io/fusiongen/fusion"     // the runtime image, without a tag
)
