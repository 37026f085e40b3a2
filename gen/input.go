package gen

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
)

// input is what the CUE templates see as in.
type input struct {
	Workspace      *schema.Workspace  `json:"ws"`
	Accounts       map[string]account `json:"accounts"` // head, task; head alone where both are one
	Rules          []rule             `json:"rules"`    // of the head's Role
	Image          string             `json:"image"`
	Inject         string             `json:"inject"` // never auto
	InjectByPolicy bool               `json:"injectByPolicy"`
	DevicePlugin   string             `json:"devicePlugin"` // bundled, nextflow, or "" for none of ours
	NodeVolumes    bool               `json:"nodeVolumes"`
	System         bool               `json:"system"` // whether any of our daemons runs on the nodes
	CSIDriver      string             `json:"csiDriver"`
	ScratchPath    string             `json:"scratchPath"`
	ScratchMount   string             `json:"scratchMount"` // what of the node's tree a daemon must have to see ScratchPath
	HostPath       string             `json:"hostPath"`
	Taint          string             `json:"taint"`
	Families       []string           `json:"families"`
	HeadInCluster  bool               `json:"headInCluster"`
	Profile        string             `json:"profile"` // nextflow.config profile of the environment
	Config         string             `json:"config"`  // text of nextflow.config
	Launcher       *launcherInput     `json:"launcher,omitempty"`
}

// launcherInput is what Seqera Platform's principal gets in the cluster.
type launcherInput struct {
	Name  string `json:"name"`
	Group string `json:"group"`
	User  string `json:"user"` // of aws-auth; "" with an access entry
	Rules []rule `json:"rules"`
}

type account struct {
	ServiceAccount string `json:"serviceAccount"`
	ARN            string `json:"arn"` // of the role; "" where no pod has it
}

type rule struct {
	APIGroups []string `json:"apiGroups"`
	Resources []string `json:"resources"`
	Verbs     []string `json:"verbs"`
}

func newInput(ws *schema.Workspace, opts Options, profile string) input {
	inject, _ := Injection(ws)
	return input{
		Workspace: ws, Accounts: accounts(ws), Rules: rules(ws), Image: Image(ws, opts),
		Inject: inject, InjectByPolicy: inject == "policy" || inject == "init",
		DevicePlugin: devicePlugin(ws), NodeVolumes: nodeVolumes(ws, inject),
		System:    devicePlugin(ws) != "" || nodeVolumes(ws, inject) || ws.Nodes.Manage && (inject == "host" || ws.Scratch.Provider == "daemonset"),
		CSIDriver: CSIDriver, ScratchPath: scratchPath(ws), ScratchMount: scratchMount(ws), HostPath: HostPath, Taint: ReadinessTaint,
		Families: append([]string{}, ws.Nodes.Families...), HeadInCluster: headInCluster(ws), Profile: profile, Launcher: newLauncher(ws),
	}
}

func newLauncher(ws *schema.Workspace) *launcherInput {
	if ws.Consumer != "platform" {
		return nil
	}
	out := &launcherInput{Name: launcher(ws), Group: ws.Platform.Group}
	if ws.Platform.Access == "aws-auth" {
		out.User = launcher(ws)
	}
	for _, r := range facts.LauncherRights() {
		if n := len(out.Rules); n > 0 && out.Rules[n-1].APIGroups[0] == r.Group && slices.Equal(out.Rules[n-1].Verbs, r.Verbs) {
			out.Rules[n-1].Resources = append(out.Rules[n-1].Resources, r.Resource)
			continue
		}
		out.Rules = append(out.Rules, rule{APIGroups: []string{r.Group}, Resources: []string{r.Resource}, Verbs: r.Verbs})
	}
	return out
}

// Image is the runtime image: the spec's, else the one that a release stamps, else a tag without an invented digest.
func Image(ws *schema.Workspace, opts Options) string {
	return cmp.Or(ws.Runtime.Image, opts.Image, defaultImage+":"+cmp.Or(opts.Version, "devel"))
}

// Injection is how /usr/bin/fusion reaches the task container, with the reason where the spec says auto.
func Injection(ws *schema.Workspace) (inject, why string) {
	switch {
	case ws.Runtime.Mode == "seqera":
		return "wave", "in seqera mode Wave adds the client to each image"
	case ws.Runtime.Inject != "auto":
		return ws.Runtime.Inject, "the spec says so"
	case minor(ws) >= 36:
		return "policy", "Kubernetes " + ws.Cluster.Version + " has MutatingAdmissionPolicy and image volumes, so no node software is needed"
	}
	return "csi", "Kubernetes " + ws.Cluster.Version + " has no stable MutatingAdmissionPolicy; a CSI file volume works on every version"
}

// minor is 34 for "1.34".
func minor(ws *schema.Workspace) int {
	_, text, _ := strings.Cut(ws.Cluster.Version, ".")
	n, _ := strconv.Atoi(text) // Load has checked it
	return n
}

func headInCluster(ws *schema.Workspace) bool {
	return ws.Nextflow.Head == "cluster" && ws.Consumer == "cli"
}

func accounts(ws *schema.Workspace) map[string]account {
	partition, _ := facts.PartitionOf(ws.Cluster.Region) // Load has checked the region
	named := func(a schema.Account) account {
		return account{ServiceAccount: a.ServiceAccount, ARN: partition.RoleARN(ws.Cluster.Account, a.Role)}
	}
	head := named(ws.Identity.Head)
	if ws.Nextflow.Head == "workstation" && !shared(ws) {
		head.ARN = "" // the head outside the cluster has the user's own principal
	}
	out := map[string]account{"head": head}
	if ws.Identity.Task.ServiceAccount != ws.Identity.Head.ServiceAccount {
		out["task"] = named(ws.Identity.Task)
	}
	return out
}

// rules are the calls of this Nextflow version and mode, and no more; verbs of one resource share a rule.
func rules(ws *schema.Workspace) []rule {
	verbs := map[[2]string][]string{}
	for _, c := range facts.Calls(ws.Nextflow.Version, ws.Nextflow.Compute) {
		key := [2]string{c.Group, c.Resource}
		verbs[key] = append(verbs[key], c.Verb)
	}
	var out []rule
	for _, key := range slices.SortedFunc(maps.Keys(verbs), func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	}) {
		slices.Sort(verbs[key])
		out = append(out, rule{APIGroups: []string{key[0]}, Resources: []string{key[1]}, Verbs: verbs[key]})
	}
	return out
}

// devicePlugin is the plugin that this tree contains.
func devicePlugin(ws *schema.Workspace) string {
	if !ws.Nodes.Manage || ws.Runtime.Privileged || ws.Fuse.Provider == "existing" {
		return ""
	}
	return ws.Fuse.Provider
}

func nodeVolumes(ws *schema.Workspace, inject string) bool {
	return ws.Nodes.Manage && (inject == "csi" || ws.Scratch.Volume == "csi" || ws.PodSecurity == "restricted")
}

// scratchPath is the directory on the node that tasks get parts of: on the array where one is made.
func scratchPath(ws *schema.Workspace) string {
	switch ws.Scratch.Provider {
	case "nodeadm":
		return "/mnt/k8s-disks/0/fusion"
	case "karpenter":
		if ws.Nodes.OS == "al2023" {
			return "/mnt/k8s-disks/0/fusion"
		}
		return "/mnt/.ephemeral/fusion"
	case "bottlerocket":
		return "/mnt/.ephemeral/fusion"
	case "daemonset":
		return NVMeMount + "/scratch"
	}
	return "/var/lib/fusion/scratch"
}

// scratchMount is the mount point where our own preparer mounts the array, possibly after a daemon that wants it has
// started: a bind mount of the directory inside would stay on the root disk for good.
func scratchMount(ws *schema.Workspace) string {
	if ws.Scratch.Provider == "daemonset" {
		return NVMeMount
	}
	return scratchPath(ws)
}
