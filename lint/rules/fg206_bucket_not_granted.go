package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
)

var bucketNotGranted = lint.Rule{
	ID: "FG206", Slug: "bucket-not-granted", Severity: lint.Error, Since: "0.1",
	Summary: "no policy grants the bucket or prefix that a run uses",
	Check:   checkBuckets,
}

// needs are the calls without which a place is of no use, by what the place is for.
var needs = map[string]struct{ action, consequence string }{
	"work":    {"s3:PutObject", "the run ends before its first task: Cannot create work-dir"},
	"publish": {"s3:PutObject", "tasks run, and the run fails when it publishes"},
	"inputs":  {"s3:GetObject", "reading it fails with 403"},
}

func checkBuckets(set *lint.Setup, report *lint.Reporter) {
	policies := rolePolicies(set)
	if len(policies) == 0 {
		return
	}
	for _, at := range places(set) {
		need := needs[at.where]
		var buckets []string
		near := (*lint.Node)(nil)
		if granted(policies, at) {
			continue
		}
		for _, p := range policies {
			for _, s := range p.Statements() {
				for _, r := range s.Resources {
					bucket, _ := schema.Bucket("s3://" + s3Tail(r.Value))
					if r.Known() && s.Effect == "Allow" && bucket == at.Bucket && s3Tail(r.Value) != bucket {
						near = r
					}
					if !slices.Contains(buckets, bucket) && bucket != "*" {
						buckets = append(buckets, bucket)
					}
				}
			}
		}
		f := report.At(at.at, "grant "+need.action+" on "+at.object("*"), "no policy grants %s on %s: %s", need.action, at.at.Value, need.consequence)
		if at.where == "inputs" {
			f.As(lint.Hint) // a bucket of others may be open to all
		}
		if near != nil {
			f.See(near, "the bucket is granted here, but not this prefix or call")
		} else if meant := schema.Suggest(at.Bucket, buckets); meant != "" {
			f.Hint = "write s3://" + meant + ", or grant the bucket"
		}
		if set.Partial {
			f.NotGiven()
		}
	}
}

// granted says whether any policy lets a place be used, or was meant to and is reported for its own mistake.
func granted(policies []*lint.Policy, at place) bool {
	return slices.ContainsFunc(policies, func(p *lint.Policy) bool {
		return allows(p, needs[at.where].action, at.object(probe), "") || misshapen(p)
	})
}

// misshapen says whether a statement of the policy grants objects on a bucket, or the reverse; FG202 reports it.
func misshapen(p *lint.Policy) bool {
	return slices.ContainsFunc(p.Statements(), func(s lint.Statement) bool { return len(misplaced(s)) > 0 })
}
