package gen

import (
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/schema/policy"
)

// Trust is the policy that says who may take the head's or the tasks' role: the service account, by the cluster's one
// issuer or by EKS Pod Identity. Where both accounts share a role it names both.
func Trust(ws *schema.Workspace, who string) policy.Document {
	accounts := []string{ws.Identity.Head.ServiceAccount}
	if who == "task" {
		accounts[0] = ws.Identity.Task.ServiceAccount
	}
	if shared(ws) {
		accounts = unique(ws.Identity.Head.ServiceAccount, ws.Identity.Task.ServiceAccount)
	}
	s := podIdentityTrust(ws, accounts)
	if ws.Identity.Provider == "irsa" {
		s = irsaTrust(ws, accounts)
	}
	return policy.Document{Version: policy.Version, Statements: []policy.Statement{s}}
}

func irsaTrust(ws *schema.Workspace, accounts []string) policy.Statement {
	issuer, subjects := ws.Cluster.Issuer, policy.List{}
	for _, a := range accounts {
		subjects = append(subjects, "system:serviceaccount:"+ws.Name+":"+a)
	}
	partition, _ := facts.PartitionOf(ws.Cluster.Region) // Load has checked the region
	return policy.Statement{
		Sid: "Pods", Effect: "Allow",
		Principal: map[string]policy.List{"Federated": {"arn:" + ws.Cluster.Partition + ":iam::" + ws.Cluster.Account + ":oidc-provider/" + issuer}},
		Action:    policy.List{"sts:AssumeRoleWithWebIdentity"},
		Condition: map[string]map[string]policy.List{"StringEquals": {issuer + ":aud": {partition.Audience}, issuer + ":sub": subjects}},
	}
}

// podIdentityTrust names the cluster by its ARN: the name alone would let in a cluster of the same name in another region.
func podIdentityTrust(ws *schema.Workspace, accounts []string) policy.Statement {
	return policy.Statement{
		Sid: "Pods", Effect: "Allow",
		Principal: map[string]policy.List{"Service": {"pods.eks.amazonaws.com"}},
		Action:    policy.List{"sts:AssumeRole", "sts:TagSession"},
		Condition: map[string]map[string]policy.List{"StringEquals": {
			"aws:SourceAccount":                         {ws.Cluster.Account},
			"aws:RequestTag/eks-cluster-arn":            {ClusterARN(ws)},
			"aws:RequestTag/kubernetes-namespace":       {ws.Name},
			"aws:RequestTag/kubernetes-service-account": policy.List(accounts),
		}},
	}
}

func unique(a, b string) []string {
	if a == b {
		return []string{a}
	}
	return []string{a, b}
}

// ClusterARN is the ARN of the workspace's EKS cluster.
func ClusterARN(ws *schema.Workspace) string {
	c := ws.Cluster
	return "arn:" + c.Partition + ":eks:" + c.Region + ":" + c.Account + ":cluster/" + c.Name
}
