package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
)

var missingAction = lint.Rule{
	ID: "FG207", Slug: "iam-missing-action", Severity: lint.Error, Since: "0.1",
	Summary: "a role's policy lacks an action that head or tasks use on a bucket",
	Check:   checkMissingActions,
}

func checkMissingActions(set *lint.Setup, report *lint.Reporter) {
	policies := rolePolicies(set)
	all := places(set)
	for _, p := range policies {
		who := ""
		if len(all) > 0 {
			who = roleOf(set, p)
		}
		seen := map[lint.S3]bool{}
		if who != "" && !misshapen(p) {
			for _, at := range implied(p, all) {
				missing := slices.DeleteFunc(wanted(set, at.place, who, false), func(g facts.Grant) bool { return grants(p, g, at.place) })
				if len(missing) > 0 {
					reportMissingActions(report, at.by, at.place, missing)
				}
			}
		}
		for _, at := range all {
			statement := granting(p, at, all)
			if statement == nil || seen[at.S3] || misshapen(p) || !granted(policies, at) {
				continue
			}
			seen[at.S3] = true
			missing := slices.DeleteFunc(wanted(set, at, who, len(policies) == 1), func(g facts.Grant) bool { return grants(p, g, at) })
			if len(missing) > 0 {
				reportMissingActions(report, statement, at, missing)
			}
		}
	}
}

// granting is the statement of a policy that grants objects in a place; else the one that lists it, unless the policy is of
// another place in the same bucket; or nil.
func granting(p *lint.Policy, at place, all []place) *lint.Statement {
	if s := grantsObjects(p, at); s != nil {
		return s
	}
	if slices.ContainsFunc(all, func(o place) bool { return o.Bucket == at.Bucket && o.Key != at.Key && grantsObjects(p, o) != nil }) {
		return nil
	}
	for _, s := range p.Statements() {
		lists := slices.ContainsFunc(s.Resources, func(r *lint.Node) bool { return r.Known() && resourceMatches(r, at.Bucket) })
		if s.Effect == "Allow" && at.where == "work" && lists && grantsS3(s) && prefixAllowed(s, "s3:ListBucket", at.key(probe)) {
			return &s
		}
	}
	return nil
}

func grantsObjects(p *lint.Policy, at place) *lint.Statement {
	for _, s := range p.Statements() {
		if s.Effect == "Allow" && grantsS3(s) && slices.ContainsFunc(s.Resources, func(r *lint.Node) bool { return r.Known() && resourceMatches(r, at.object(probe)) }) {
			return &s
		}
	}
	return nil
}

// wanted are the grants that a role needs in a place. A role that nothing names is both where it is the only one, else it
// needs at least what head and tasks both do.
func wanted(set *lint.Setup, at place, who string, only bool) []facts.Grant {
	var out []facts.Grant
	all := facts.Grants()
	for _, g := range all {
		if g.Where != at.where || g.On == "key" || who != "" && g.Who != who || tagless(set, at, g) {
			continue
		}
		both := slices.ContainsFunc(all, func(o facts.Grant) bool { return o.Where == g.Where && o.Action == g.Action && o.Who != g.Who })
		if who == "" && !only && !both || slices.ContainsFunc(out, func(o facts.Grant) bool { return o.Action == g.Action && o.Prefix == g.Prefix }) {
			continue
		}
		if strings.HasPrefix(g.Prefix, exactly+" ") {
			self := g
			self.Prefix, self.Without = exactly, "who names the folder itself is told that it is not there"
			g.Prefix = strings.TrimPrefix(g.Prefix, exactly+" ")
			out = append(out, self)
		}
		out = append(out, g)
	}
	if at.view != nil && at.view.Get("aws.client.s3Acl") != nil && who != "task" && at.where != "inputs" {
		out = append(out, facts.Grant{Who: "head", Action: "s3:PutObjectAcl", On: "object", Where: at.where, Without: "every write is denied while aws.client.s3Acl is set"})
	}
	return out
}

// exactly is the prefix of a list that names the folder and not what lies below it.
const exactly = "exact"

// tagless says whether a tagging action is not needed: tags are off, or this Nextflow copies without them (from 26.08 on).
func tagless(set *lint.Setup, at place, g facts.Grant) bool {
	if g.Action != "s3:PutObjectTagging" && g.Action != "s3:GetObjectTagging" {
		return false
	}
	if at.view != nil {
		if tags := at.view.Get("fusion.tags"); tags.Known() && tags.Value == "false" {
			return true
		}
	}
	return g.Call == "CopyObject" && lint.AtLeast(set.NextflowVersion(), "26.08")
}

func grants(p *lint.Policy, g facts.Grant, at place) bool {
	if g.On == "bucket" {
		if g.Prefix == exactly {
			return at.Key == "" || allows(p, g.Action, at.Bucket, at.Key)
		}
		return allows(p, g.Action, at.Bucket, at.key(probe))
	}
	return allows(p, g.Action, at.object(probe), "")
}

func reportMissingActions(report *lint.Reporter, s *lint.Statement, at place, missing []facts.Grant) {
	severity, worst := lint.Hint, missing[0]
	var actions, onObjects []string
	for _, g := range missing {
		if w := weight(g); w > severity {
			severity, worst = w, g
		}
		if !slices.Contains(actions, g.Action) {
			actions = append(actions, g.Action)
		}
		if g.On == "object" {
			onObjects = append(onObjects, g.Action)
		}
	}
	f := report.At(actionsOf(*s), "grant "+english(actions), "the policy does not grant %s on %s, which %s uses: %s", english(actions), at.at.Value, map[string]string{"head": "the head", "task": "every task"}[worst.Who], worst.Without).
		As(severity).See(at.at, "the %s location", map[string]string{"work": "work", "publish": "result", "inputs": "input"}[at.where])
	objects := slices.ContainsFunc(s.Resources, func(r *lint.Node) bool { return resourceMatches(r, at.object(probe)) })
	if objects && len(onObjects) == len(actions) {
		f.Unsafe(add(s.Get("Action"), actions...)...)
	}
}

// weight says how a run suffers without a grant: it fails; it fails in some cases; only traces remain.
func weight(g facts.Grant) lint.Severity {
	switch {
	case g.Action == "s3:AbortMultipartUpload" || g.Action == "s3:GetObject" && g.Where == "publish":
		return lint.Hint // who began an upload may abort it, but not through every VPC endpoint
	case g.Prefix == exactly, g.Action == "s3:DeleteObject" && g.Who == "head", g.Where == "publish" && g.On == "bucket":
		return lint.Warning
	}
	return lint.Error
}

// roleOf says whose role a permission policy is of, by the accounts that the trust policy beside it names: "head", "task", or
// "" where that is not known or both.
func roleOf(set *lint.Setup, p *lint.Policy) string {
	head, task := false, false
	for _, t := range set.Trusts() {
		if t.Dir != p.Dir || t.Base != p.Base || t.File.Name == p.File.Name {
			continue
		}
		for _, sa := range accountsOf(set, t) {
			head = head || holds(heads(set), sa)
			for a := range tasks(set) {
				task = task || same(a, sa)
			}
		}
	}
	switch {
	case head && !task:
		return "head"
	case task && !head:
		return "task"
	}
	return ""
}

// accountsOf are the service accounts that a trust policy names.
func accountsOf(set *lint.Setup, t *lint.Policy) []lint.Account {
	var out []lint.Account
	for _, n := range namedAccounts(set, nil) {
		if n.policy == t {
			out = append(out, n.account)
		}
	}
	return out
}
