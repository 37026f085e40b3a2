package rules

import (
	"github.com/fusiongen/fusiongen/lint"
)

var lifecycleTags = lint.Rule{
	ID: "FG223", Slug: "lifecycle-tags", Severity: lint.Warning, Since: "0.1",
	Summary: "a life cycle rule by Fusion's tags deletes results, or never deletes anything",
	Check:   checkLifecycle,
}

const temporaryTag = "nextflow.io/temporary"

func checkLifecycle(set *lint.Setup, report *lint.Reporter) {
	for _, d := range set.Data {
		for _, rule := range d.Get("Rules").List() {
			tag, prefix := ruleTag(rule), rulePrefix(rule)
			if tag == nil || rule.Get("Expiration") == nil || rule.Get("Status").Text() == "Disabled" {
				continue
			}
			for _, at := range places(set) {
				if at.view == nil {
					continue
				}
				if tags := at.view.Get("fusion.tags"); at.where == "work" && tags.Known() && tags.Value == "false" {
					report.At(tag, "leave fusion.tags on, or delete by prefix", "the rule deletes objects with the tag %s, but fusion.tags = false writes none: it never deletes anything", temporaryTag).See(tags, "tags are off")
				}
				if at.where == "publish" && sharesBucket(set, at) && lint.MatchPattern(prefix+"*", at.key(probe)) && !lint.AtLeast(set.NextflowVersion(), "26.08") {
					report.At(tag, "limit the rule to the work directory by a prefix, or publish to another bucket",
						"publishing copies an object with its tags before Nextflow 26.08, so this rule deletes results below %s, too", at.at.Value).See(at.at, "results go here")
				}
			}
		}
	}
}

// ruleTag is the filter of a rule by Fusion's tag of temporary objects.
func ruleTag(rule *lint.Node) *lint.Node {
	filters := append([]*lint.Node{rule.Get("Filter", "Tag")}, rule.Get("Filter", "And", "Tags").List()...)
	for _, f := range filters {
		if key := f.Get("Key"); key.Text() == temporaryTag && f.Get("Value").Text() == "true" {
			return key
		}
	}
	return nil
}

func rulePrefix(rule *lint.Node) string {
	for _, n := range []*lint.Node{rule.Get("Filter", "And", "Prefix"), rule.Get("Filter", "Prefix"), rule.Get("Prefix")} {
		if n.Known() {
			return n.Value
		}
	}
	return ""
}

// sharesBucket says whether results go to the bucket of the work directory, which the rule is for.
func sharesBucket(set *lint.Setup, at place) bool {
	for _, o := range places(set) {
		if o.where == "work" && o.Bucket == at.Bucket {
			return true
		}
	}
	return false
}
