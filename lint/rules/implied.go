package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
)

// impliedPlace is an S3 location that no configuration names, but a role's own policy half describes: it grants some of the calls that
// head or tasks make there.
type impliedPlace struct {
	place
	by *lint.Statement
}

// implied are the places of a policy beside those that are known: objects that it lets be written are results, objects that it lets be
// read are inputs, and a bucket that it lists without granting any object was meant as inputs, too.
func implied(p *lint.Policy, known []place) []impliedPlace {
	var out []impliedPlace
	add := func(s lint.Statement, at *lint.Node, s3 lint.S3, where string) {
		covers := func(a, b lint.S3) bool {
			return a.Bucket == b.Bucket && (a.Key == "" || a.Key == b.Key || strings.HasPrefix(b.Key, a.Key+"/"))
		}
		if slices.ContainsFunc(known, func(k place) bool { return covers(k.S3, s3) || covers(s3, k.S3) }) ||
			slices.ContainsFunc(out, func(i impliedPlace) bool { return i.S3 == s3 && (i.where == where || where == "inputs") }) {
			return
		}
		out = append(out, impliedPlace{place{S3: s3, where: where, at: at}, &s})
	}
	statements := slices.DeleteFunc(p.Statements(), func(s lint.Statement) bool {
		return s.Effect != "Allow" || !grantsS3(s) || len(s.NotActions) > 0 || slices.ContainsFunc(s.Actions, func(n *lint.Node) bool { return n.Value == "*" || n.Value == "s3:*" })
	})
	for _, s := range statements {
		for _, r := range s.Resources {
			if tail := s3Tail(r.Value); r.Known() && strings.HasSuffix(tail, "/*") && !strings.ContainsAny(strings.TrimSuffix(tail, "*"), "*?") {
				bucket, key, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(tail, "*"), "/"), "/")
				add(s, r, lint.S3{Bucket: bucket, Key: key}, useOf(s))
			}
		}
	}
	objects := len(out)
	for _, s := range statements {
		for _, r := range s.Resources {
			bucket, _ := schema.Bucket("s3://" + s3Tail(r.Value))
			of := func(i impliedPlace) bool { return i.Bucket == bucket }
			if !r.Known() || s3Tail(r.Value) != bucket || strings.ContainsAny(bucket, "*?") || !coversAction(s, "s3:ListBucket") || slices.ContainsFunc(out[:objects], of) ||
				slices.ContainsFunc(known, func(k place) bool { return k.Bucket == bucket }) {
				continue
			}
			for _, key := range listed(s) {
				add(s, r, lint.S3{Bucket: bucket, Key: key}, "inputs")
			}
		}
	}
	return out
}

// useOf is what the objects of a statement are for, by its actions.
func useOf(s lint.Statement) string {
	if slices.ContainsFunc(s.Actions, func(n *lint.Node) bool {
		a := strings.ToLower(n.Value)
		return strings.HasPrefix(a, "s3:put") || strings.HasPrefix(a, "s3:delete") || strings.HasPrefix(a, "s3:abort")
	}) {
		return "publish"
	}
	return "inputs"
}

// listed are the folders that a statement lets be listed; "" is the whole bucket.
func listed(s lint.Statement) []string {
	var out []string
	for _, c := range s.Conditions {
		if !strings.EqualFold(c.Key.Value, "s3:prefix") {
			continue
		}
		for _, v := range c.Values {
			if key := strings.TrimSuffix(strings.TrimSuffix(v.Text(), "*"), "/"); key != "" && !strings.ContainsAny(key, "*?") && !slices.Contains(out, key) {
				out = append(out, key)
			}
		}
		return out
	}
	return []string{""}
}
