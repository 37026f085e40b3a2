package schema

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/schema/facts"
)

// derive fills in the defaults that follow from other fields.
func derive(ws *Workspace) {
	if p, ok := facts.PartitionOf(ws.Cluster.Region); ok {
		ws.Cluster.Partition = p.Name
		ws.Cluster.Issuer = issuer(p, ws.Cluster)
	}
	ws.Storage.Region = cmp.Or(ws.Storage.Region, ws.Cluster.Region)
	ws.Identity.Head = account(ws.Identity.Head, ws.Name+"-head")
	ws.Identity.Task = account(ws.Identity.Task, ws.Name+"-task")
	ws.Nextflow.Image = cmp.Or(ws.Nextflow.Image, "docker.io/nextflow/nextflow:"+ws.Nextflow.Version)
	ws.PodSecurity = cmp.Or(ws.PodSecurity, podSecurity(ws))
	slices.Sort(ws.Components)
	if ws.Platform != nil {
		ws.Platform.Name = cmp.Or(ws.Platform.Name, ws.Name)
		ws.Platform.Group = cmp.Or(ws.Platform.Group, ws.Name+"-launcher")
		if ws.Platform.Edition == "cloud" && ws.Platform.RolePrincipal() {
			ws.Platform.JumpRole = cmp.Or(ws.Platform.JumpRole, facts.CloudLauncher)
		}
	}
}

func account(a Account, name string) Account {
	return Account{ServiceAccount: cmp.Or(a.ServiceAccount, name), Role: cmp.Or(a.Role, name)}
}

func issuer(p facts.Partition, c Cluster) string {
	switch {
	case c.OIDC == "":
		return ""
	case strings.HasPrefix(c.OIDC, "https://"):
		return strings.TrimPrefix(c.OIDC, "https://")
	}
	return p.Issuer(c.Region, c.OIDC)
}

// podSecurity is the strictest level that admits the pods of the chosen mode.
func podSecurity(ws *Workspace) string {
	if ws.Runtime.Privileged || ws.Scratch.Volume == "hostPath" || ws.Runtime.Inject == "host" {
		return "privileged"
	}
	return "baseline"
}
