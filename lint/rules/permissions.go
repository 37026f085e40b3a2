package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/schema/regex"
)

// identityPolicies are the permission policies of roles: those that name no principal, which a bucket's or a key's do.
func identityPolicies(set *lint.Setup) []*lint.Policy {
	return slices.DeleteFunc(set.Permissions(), func(p *lint.Policy) bool {
		return slices.ContainsFunc(p.Get("Statement").OneOrMore(), func(n *lint.Node) bool { return n.Get("Principal") != nil || n.Get("NotPrincipal") != nil })
	})
}

// rolePolicies are the permission policies that a head's or tasks' role may have: those that grant anything in S3, without that of
// Seqera Platform's own principal, which finds the cluster and reads logs.
func rolePolicies(set *lint.Setup) []*lint.Policy {
	return slices.DeleteFunc(identityPolicies(set), func(p *lint.Policy) bool { return !concernsS3(p) || ofPlatform(p) })
}

func ofPlatform(p *lint.Policy) bool {
	return slices.ContainsFunc(p.Statements(), func(s lint.Statement) bool {
		return slices.ContainsFunc(s.Actions, func(n *lint.Node) bool { return n.Value == "eks:DescribeCluster" || n.Value == "eks:ListClusters" })
	})
}

// actionMatches says whether an action of a policy covers an action; both without regard to case, as IAM does.
func actionMatches(n *lint.Node, action string) bool {
	return lint.MatchPattern(strings.ToLower(n.Value), strings.ToLower(action))
}

var arnPartition = regex.Lazy(`^arn:[a-z-]*:`)

// s3Tail is "bucket/key" of an S3 ARN, also of one in a wrong form, which FG208 and FG214 report.
func s3Tail(arn string) string {
	if uri, ok := strings.CutPrefix(arn, "s3://"); ok {
		return uri
	}
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 && parts[2] == "s3" {
		return parts[5]
	}
	return arn
}

// resourceMatches says whether a resource of a policy covers "bucket" or "bucket/key". One that the file does not know may
// cover everything; a bucket stands for its objects where FG202 reports the statement.
func resourceMatches(n *lint.Node, tail string) bool {
	return n.Unknown() || lint.MatchPattern(s3Tail(n.Value), tail)
}

// allows says whether a policy lets through an action on "bucket" or "bucket/key"; prefix is the s3:prefix of a list. Conditions
// other than on the prefix are taken to be met, and mistakes that other rules report are read as what was meant.
func allows(p *lint.Policy, action, resource, prefix string) bool {
	allowed := false
	for _, s := range p.Statements() {
		if !coversAction(s, action) || !slices.ContainsFunc(s.Resources, func(n *lint.Node) bool { return resourceMatches(n, resource) }) && s.Get("NotResource") == nil {
			continue
		}
		switch {
		case s.Effect == "Deny" && len(s.Conditions) == 0 && s.Get("NotResource") == nil && len(s.NotActions) == 0:
			return false
		case s.Effect == "Allow" && prefixAllowed(s, action, prefix):
			allowed = true
		}
	}
	return allowed
}

func coversAction(s lint.Statement, action string) bool {
	if len(s.NotActions) > 0 {
		return !slices.ContainsFunc(s.NotActions, func(n *lint.Node) bool { return actionMatches(n, action) })
	}
	return slices.ContainsFunc(s.Actions, func(n *lint.Node) bool {
		return n.Unknown() || actionMatches(n, action) || meantAction(n.Value, action)
	})
}

// meantAction says whether an action that IAM does not have was meant to be this one; FG201 reports it.
func meantAction(written, action string) bool {
	service, name, _ := strings.Cut(action, ":")
	if len(facts.ActionsLike(written, lint.MatchPattern)) > 0 || !strings.HasPrefix(strings.ToLower(written), service+":") {
		return false
	}
	return slices.Contains(facts.MeantAction(written), action) || schema.Suggest(written[len(service)+1:], []string{name}) != ""
}

// prefixAllowed evaluates s3:prefix for a list. For other calls the key is never there: FG221 reports that.
func prefixAllowed(s lint.Statement, action, prefix string) bool {
	if action != "s3:ListBucket" {
		return true
	}
	for _, c := range s.Conditions {
		if !strings.EqualFold(c.Key.Value, "s3:prefix") || strings.Contains(c.Operator.Value, "Not") || c.Operator.Value == "Null" {
			continue
		}
		if !slices.ContainsFunc(c.Values, func(v *lint.Node) bool { return v.Unknown() || lint.MatchPattern(v.Value, prefix) }) {
			return false
		}
	}
	return true
}

// concernsS3 says whether a policy grants a run anything in S3. What may look for clusters is of Seqera Platform, which
// reads the work directory and runs nothing.
func concernsS3(p *lint.Policy) bool {
	return !findsClusters(p) && slices.ContainsFunc(p.Statements(), grantsS3)
}

func grantsS3(s lint.Statement) bool {
	return slices.ContainsFunc(s.Actions, func(n *lint.Node) bool { return strings.HasPrefix(strings.ToLower(n.Value), "s3:") || n.Value == "*" })
}

// findsClusters says whether a policy is that of Platform's own principal.
func findsClusters(p *lint.Policy) bool {
	return slices.ContainsFunc(p.Statements(), func(s lint.Statement) bool {
		return slices.ContainsFunc(s.Actions, func(n *lint.Node) bool { return strings.HasPrefix(strings.ToLower(n.Value), "eks:") })
	})
}

// place is an S3 location that a run uses, with what says so.
type place struct {
	lint.S3
	where string // work, publish, inputs
	at    *lint.Node
	view  *lint.View // nil where a manifest says it
}

// probe is the name of an object that a run may write; no pattern in a policy ends like it.
const probe = "1c/abf0~"

// object is "bucket/key" of an object in the place.
func (p place) object(name string) string { return p.Bucket + "/" + p.key(name) }

func (p place) key(name string) string {
	if p.Key == "" {
		return name
	}
	return p.Key + "/" + name
}

// places are the S3 locations of all runs that the set-up describes.
func places(set *lint.Setup) []place {
	var out []place
	add := func(where string, n *lint.Node, v *lint.View) {
		if s3, ok := lint.ParseS3(n.Text()); ok && n.Known() {
			out = append(out, place{s3, where, n, v})
		}
	}
	for _, v := range set.Views() {
		add("work", v.Get("workDir"), &v)
		add("publish", v.Get("outputDir"), &v)
		add("publish", v.Get("params.outdir"), &v)
		for _, s := range v.Config.Settings() {
			if s.Profile != "" && s.Profile != v.Profile {
				continue
			}
			switch {
			case strings.HasSuffix(s.Setting.Name, "publishDir"):
				add("publish", s.Value, &v)
				add("publish", s.Value.Get("path"), &v)
			case strings.HasPrefix(s.Setting.Name, "params.") && s.Setting.Name != "params.outdir":
				add("inputs", s.Value, &v)
			}
		}
	}
	for _, o := range headPods(set) {
		for _, c := range o.PodSpec().Get("containers").List() {
			words := append(append([]*lint.Node{}, c.Get("command").List()...), c.Get("args").List()...)
			for i := 0; i+1 < len(words); i++ {
				switch words[i].Text() {
				case "-w", "-work-dir":
					add("work", words[i+1], nil)
				case "-output-dir", "--outdir":
					add("publish", words[i+1], nil)
				}
			}
			add("work", c.Get("env").Find("name", "NXF_WORK").Get("value"), nil)
		}
	}
	for _, d := range set.Data {
		if d.Get("headServiceAccount") != nil || d.Get("computeServiceAccount") != nil {
			add("work", d.Get("workDir"), nil)
		}
	}
	return out
}
