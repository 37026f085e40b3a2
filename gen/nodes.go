package gen

import (
	"fmt"

	"github.com/fusiongen/fusiongen/schema"
)

// addNodes writes user data of nodes, which is no API object: no kustomization refers to it.
func addNodes(b *builder) error {
	for _, u := range b.units() {
		dir := "nodes/"
		if u.Name != "" {
			dir += u.Name + "/"
		}
		for name, data := range nodeFiles(u.Workspace) {
			b.tree.add(dir+name, []byte(data))
		}
	}
	return nil
}

func nodeFiles(ws *schema.Workspace) map[string]string {
	if !ws.Nodes.Manage {
		return nil
	}
	out := map[string]string{}
	switch ws.Scratch.Provider {
	case "nodeadm":
		out["node-config.yaml"] = nodeConfig
	case "bottlerocket":
		out["bottlerocket.toml"] = bottlerocketScratch
	}
	if ws.Nodes.OS == "bottlerocket" && !ws.Runtime.Privileged {
		out["bottlerocket.toml"] += bottlerocketNamespaces
	}
	if ws.Nodes.Autoscaler == "cluster-autoscaler" && !ws.Runtime.Privileged {
		out["asg-tags.json"] = fmt.Sprintf(asgTags, ws.Fuse.Resource, ws.Fuse.Count)
	}
	return out
}

// nodeConfig puts kubelet, containerd and so every emptyDir on one array of the NVMe disks (nodeadm API, AL2023).
const nodeConfig = `# User data of the launch template, as one part of a MIME document (content type application/node.eks.aws).
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  instance:
    localStorage:
      strategy: RAID0
`

// bottlerocketScratch does the same on Bottlerocket 1.22 and later.
const bottlerocketScratch = `# User data of a Bottlerocket node: one array of the NVMe disks, with the state of kubelet and containerd on it.
[settings.bootstrap-commands.fusion-scratch]
commands = [
  ["apiclient", "ephemeral-storage", "init"],
  ["apiclient", "ephemeral-storage", "bind", "--dirs", "/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods"],
]
mode = "always"
essential = true

`

// bottlerocketNamespaces: Bottlerocket ships with user namespaces switched off (release-sysctl.conf), and an
// unprivileged FUSE mount needs one.
const bottlerocketNamespaces = `[settings.kernel.sysctl]
"user.max_user_namespaces" = "16384"
`

// asgTags let Cluster Autoscaler start a first node for a pod that asks for the device.
const asgTags = `[
  {
    "Key": "k8s.io/cluster-autoscaler/node-template/resources/%s",
    "Value": "%d",
    "PropagateAtLaunch": true
  }
]
`

// addLifecycle: an upload that was cut off leaves parts that cost and that no listing shows.
func addLifecycle(b *builder) error {
	b.tree.add("s3/lifecycle.json", []byte(`{
  "Rules": [
    {
      "ID": "abort-incomplete-uploads",
      "Status": "Enabled",
      "Filter": {},
      "AbortIncompleteMultipartUpload": {
        "DaysAfterInitiation": 1
      }
    }
  ]
}
`))
	return nil
}
