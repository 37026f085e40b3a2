package gen

import (
	"slices"
	"strconv"
	"strings"

	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/schema/policy"
)

// Permissions is the identity policy of a workspace's head or task role: exactly the grants of schema/facts on the
// buckets and prefixes that the spec names. Where head and tasks share a role it has both.
func Permissions(ws *schema.Workspace, who string) policy.Document {
	p := permissions{ws: ws, arn: "arn:" + ws.Cluster.Partition + ":s3:::"}
	for _, g := range facts.Grants() {
		if g.Who == who || shared(ws) {
			p.grant(g)
		}
	}
	return policy.Document{Version: policy.Version, Statements: p.statements}
}

// shared says whether head and tasks have one role.
func shared(ws *schema.Workspace) bool {
	return ws.Identity.Head.Role == ws.Identity.Task.Role
}

type permissions struct {
	ws         *schema.Workspace
	arn        string // all but the bucket
	statements []policy.Statement
}

func (p *permissions) grant(g facts.Grant) {
	if g.On == "key" {
		if p.ws.Storage.KMS != "" {
			p.allow(policy.Statement{Sid: "Key", Resource: policy.List{p.ws.Storage.KMS}}, g.Action)
		}
		return
	}
	for _, uri := range places(p.ws, g.Where) {
		bucket, prefix := schema.Bucket(uri)
		sid := strings.ToUpper(g.Where[:1]) + g.Where[1:]
		if g.On == "bucket" {
			p.allow(policy.Statement{Sid: "List" + sid, Resource: policy.List{p.arn + bucket}, Condition: prefixes(g, prefix)}, g.Action)
			continue
		}
		p.allow(policy.Statement{Sid: sid, Resource: policy.List{p.arn + bucket + "/" + below(prefix)}}, g.Action)
	}
}

// allow adds the action to the statement of the same meaning, or the statement. Sids are numbered from the second on.
func (p *permissions) allow(s policy.Statement, action string) {
	n := 1
	for i := range p.statements {
		have := &p.statements[i]
		if slices.Equal(have.Resource, s.Resource) && equalCondition(have.Condition, s.Condition) {
			if !slices.Contains(have.Action, action) {
				have.Action = append(have.Action, action)
				slices.Sort(have.Action)
			}
			return
		}
		if strings.TrimRight(have.Sid, "0123456789") == s.Sid {
			n++
		}
	}
	if n > 1 {
		s.Sid += strconv.Itoa(n)
	}
	s.Effect, s.Action = "Allow", policy.List{action}
	p.statements = append(p.statements, s)
}

func places(ws *schema.Workspace, where string) []string {
	switch where {
	case "work":
		return []string{ws.Storage.Work}
	case "inputs":
		return ws.Storage.Inputs
	}
	return ws.Storage.Publish
}

// prefixes limits a list to what the recorded calls ask for: below the prefix, or also the prefix itself. A place that
// is a whole bucket has no limit.
func prefixes(g facts.Grant, prefix string) map[string]map[string]policy.List {
	if prefix == "" {
		return nil
	}
	values := policy.List{prefix + "/*"}
	if strings.Contains(g.Prefix, "exact") {
		values = policy.List{prefix, prefix + "/*"}
	}
	return map[string]map[string]policy.List{"StringLike": {"s3:prefix": values}}
}

func below(prefix string) string {
	if prefix == "" {
		return "*"
	}
	return prefix + "/*"
}

func equalCondition(a, b map[string]map[string]policy.List) bool {
	return slices.Equal(a["StringLike"]["s3:prefix"], b["StringLike"]["s3:prefix"])
}

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

func podIdentityTrust(ws *schema.Workspace, accounts []string) policy.Statement {
	return policy.Statement{
		Sid: "Pods", Effect: "Allow",
		Principal: map[string]policy.List{"Service": {"pods.eks.amazonaws.com"}},
		Action:    policy.List{"sts:AssumeRole", "sts:TagSession"},
		Condition: map[string]map[string]policy.List{"StringEquals": {
			"aws:SourceAccount":                         {ws.Cluster.Account},
			"aws:RequestTag/eks-cluster-name":           {ws.Cluster.Name},
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

// roles are the roles of a workspace by who has them; a shared role is the head's.
func roles(ws *schema.Workspace) []string {
	if shared(ws) {
		return []string{"head"}
	}
	return []string{"head", "task"}
}
