package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
)

var platformTrust = lint.Rule{
	ID: "FG558", Slug: "platform-trust", Severity: lint.Error, Since: "0.1",
	Summary: "the role that Platform assumes lets others in, or Platform not",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range set.Trusts() {
			checkPlatformTrust(t, report)
		}
		checkPlatformScope(set, report)
		checkClusterLookup(set, report)
		checkSharedPrincipal(set, report)
	},
}

// assumes says whether a statement is about Platform's jump role: it names Cloud's, or asks for an External ID.
func assumes(s lint.Statement) bool {
	return slices.Contains(s.Principal.Get("AWS").Texts(), facts.CloudLauncher) || externalID(s) != nil
}

func externalID(s lint.Statement) *lint.Condition {
	for i, c := range s.Conditions {
		if strings.EqualFold(c.Key.Value, "sts:ExternalId") {
			return &s.Conditions[i]
		}
	}
	return nil
}

func has(s lint.Statement, action string) *lint.Node {
	i := slices.IndexFunc(s.Actions, func(n *lint.Node) bool { return strings.EqualFold(n.Text(), action) })
	if i < 0 {
		return nil
	}
	return s.Actions[i]
}

func checkPlatformTrust(t *lint.Policy, report *lint.Reporter) {
	var tags, platform bool
	for _, s := range t.Statements() {
		platform = platform || assumes(s)
		tags = tags || has(s, "sts:TagSession") != nil
	}
	if !platform {
		return
	}
	checkTrusted(t, report)
	checkTrusted(t, report)
	for _, s := range t.Statements() {
		id := externalID(s)
		if n := has(s, "sts:AssumeRole"); n != nil && id == nil && slices.Contains(s.Principal.Get("AWS").Texts(), facts.CloudLauncher) {
			report.At(n, "add StringEquals sts:ExternalId with the External ID of the credentials", "every customer of Platform Cloud may have this role assumed: nothing asks for the External ID")
		}
		if n := has(s, "sts:TagSession"); n != nil && id != nil {
			report.At(n, "give sts:TagSession a statement of its own, without the condition", "sessions are tagged without an External ID, so that this statement never allows it, and Platform cannot assume the role").See(id.Key, "the condition")
		}
		if n := has(s, "sts:AssumeRole"); n != nil && !tags {
			report.At(n, "add a statement that allows the same principal sts:TagSession", "Platform tags its sessions, and the role does not allow that: it cannot be assumed")
		}
	}
}

// checkPlatformScope: finding the cluster needs no rights on others.
func checkPlatformScope(set *lint.Setup, report *lint.Reporter) {
	for _, p := range set.Permissions() {
		for _, s := range p.Statements() {
			n := has(s, "eks:DescribeCluster")
			if n != nil && s.Effect == "Allow" && slices.Contains(s.Get("Resource").Texts(), "*") {
				report.At(n, "name the cluster's ARN; eks:ListClusters alone needs *", "Platform may look into every cluster of the account").As(lint.Warning)
			}
		}
	}
}

// checkSharedPrincipal: what Platform may do, pods must not.
func checkSharedPrincipal(set *lint.Setup, report *lint.Reporter) {
	for _, id := range identities(set) {
		for _, sa := range runners(set) {
			if role := sa.Get("metadata", "annotations", lint.RoleAnnotation); role.Known() && role.Value == id.arn {
				report.At(role, "give the pods a role of their own", "the pods of %s have the role that Platform logs in with, so any pipeline may start pods through Platform's rights", sa.ID()).See(id.at, "Platform's principal")
			}
		}
	}
}
