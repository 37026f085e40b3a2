package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var iamARN = lint.Rule{
	ID: "FG214", Slug: "iam-arn", Severity: lint.Error, Since: "0.1",
	Summary: "a policy's Resource is no ARN, or no ARN of S3's form",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, p := range set.Policies {
			for _, s := range p.Statements() {
				for _, r := range s.Resources {
					if r.Kind == lint.String && !r.Unknown() && r.Value != "*" && !(set.Page && shouted().MatchString(r.Value)) {
						checkARN(report, r)
					}
				}
			}
		}
	},
}

// bucketName is a bucket's name, or a pattern of some. Source: Amazon S3 user guide, bucket naming rules.
var bucketName = regex.Lazy(`^[a-z0-9*?.$\{\}:/_A-Za-z-]*[*?$][^ ]*$|^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// shouted is a word in capitals that a page leaves for its reader to replace.
var shouted = regex.Lazy(`\b[A-Z]{2,}[A-Z_-]*\b`)

func checkARN(report *lint.Reporter, r *lint.Node) {
	if rest, ok := strings.CutPrefix(r.Value, "s3://"); ok {
		bucket, key, nested := strings.Cut(strings.TrimSuffix(rest, "/"), "/")
		fixed := "arn:aws:s3:::" + bucket
		if nested {
			fixed += "/" + key
		}
		report.At(r, "write "+fixed+" for the bucket, "+fixed+"/* for what is below", "%s is a URI, and IAM takes ARNs, so %s", r.Value, refused)
		return
	}
	parts := strings.SplitN(r.Value, ":", 6)
	if parts[0] != "arn" || len(parts) < 6 {
		f := report.At(r, "write arn:aws:s3:::BUCKET or arn:aws:s3:::BUCKET/*", "%q is no ARN (six parts between colons), so %s", r.Value, refused)
		if fixed, ok := strings.CutPrefix(r.Value, "arn:aws:s3::"); ok && !strings.HasPrefix(fixed, ":") {
			f.Safe(replace(r, "arn:aws:s3:::"+fixed)...)
		}
		return
	}
	if parts[2] != "s3" {
		return
	}
	bucket, key, nested := strings.Cut(parts[5], "/")
	if parts[3] != "" || parts[4] != "" {
		for _, kind := range [...]string{"accesspoint", "async-request", "job", "storage-lens", "access-grants", "*"} {
			if strings.HasPrefix(bucket, kind) {
				return
			}
		}
		fixed := parts[0] + ":" + parts[1] + ":s3:::" + parts[5]
		report.At(r, "write "+fixed, "the ARN of a bucket has no region and no account, so %s", refused).Safe(replace(r, fixed)...)
		return
	}
	switch {
	case bucket != "" && !bucketName().MatchString(bucket):
		report.At(r, "write the bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens", "no bucket can be named %q, so the statement grants nothing", bucket)
	case nested && key == "":
		report.At(r, "write "+r.Value+"*", "%s matches no object (a key is never empty), so the statement grants nothing", r.Value).Unsafe(replace(r, r.Value+"*")...)
	}
}
