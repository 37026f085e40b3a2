package rules

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
)

var rbacMissing = lint.Rule{
	ID: "FG101", Slug: "rbac-missing", Severity: lint.Error, Since: "0.1",
	Summary: "the head's Role lacks a call that this Nextflow makes in this mode",
	Check:   checkMissingCalls,
}

// checkMissingCalls is content with a Role that serves one of the runs that share its namespace: which of them it is for, no
// file says.
func checkMissingCalls(set *lint.Setup, report *lint.Reporter) {
	for _, role := range launchers(set) {
		grants := effective(set, role)
		wanted := modes(set, role)
		if _, unset := wanted[""]; unset {
			undecided(report, role, grants)
			continue
		}
		served := false
		for mode := range wanted {
			served = served || len(lacks(grants, mode)) == 0
		}
		for _, mode := range slices.Sorted(maps.Keys(wanted)) {
			if !served {
				reportMissing(report, role, lacks(grants, mode), wanted[mode], "as "+mode+"s")
				break
			}
		}
	}
}

// undecided: neither the configuration nor the version says whether tasks are Pods or Jobs.
func undecided(report *lint.Reporter, role *lint.Object, grants []lint.Grant) {
	pod, job := lacks(grants, "Pod"), lacks(grants, "Job")
	switch {
	case len(pod) == 0 && len(job) == 0:
	case len(pod) == 0:
		reportMissing(report, role, job, nil, "as Jobs, which is the default from 26.10 on").As(lint.Warning)
	case len(job) == 0:
		reportMissing(report, role, pod, nil, "as Pods, which was the default before 26.10").As(lint.Warning)
	case len(job) < len(pod):
		reportMissing(report, role, job, nil, "as Jobs")
	default:
		reportMissing(report, role, pod, nil, "as Pods")
	}
}

func reportMissing(report *lint.Reporter, role *lint.Object, calls []facts.Call, setting *lint.Node, how string) *lint.Finding {
	at, severity := role.NameNode(), lint.Warning
	if rules := role.Field("rules"); rules != nil && rules.Key.File != nil {
		at = rules.Key
	}
	worst := calls[0]
	for _, c := range calls {
		if fatal(c) {
			worst, severity = c, lint.Error
			break
		}
	}
	f := report.At(at, "grant "+grantText(calls), "%s does not grant %s, which Nextflow needs to run tasks %s: %s",
		role.ID(), grantText(calls), how, worst.Without).As(severity)
	if setting != nil {
		f.See(setting, "tasks run %s by this setting", how)
	}
	return f.Safe(addRules(role, calls)...)
}

// fatal says whether a run fails without the call; without the others it leaves pods behind or shows no log.
func fatal(c facts.Call) bool { return c.Verb != "delete" && c.Resource != "pods/log" }

// lacks are the calls of a mode that no rule grants. A grant under a wrong group or name counts: FG103 reports that one.
func lacks(grants []lint.Grant, mode string) []facts.Call {
	return slices.DeleteFunc(facts.Calls("", mode), func(c facts.Call) bool {
		return slices.ContainsFunc(grants, func(g lint.Grant) bool {
			return g.Allows(c.Group, c.Resource, c.Verb) || slices.ContainsFunc(g.Groups, func(group string) bool { return meant(g).Allows(group, c.Resource, c.Verb) })
		})
	})
}

// meant is the grant with its resources spelt right.
func meant(g lint.Grant) lint.Grant {
	resources := make([]*lint.Node, len(g.Resources))
	for i, n := range g.Resources {
		resources[i] = n
		if near := nearResource(n.Text()); near != "" {
			resources[i] = &lint.Node{Kind: lint.String, Value: near}
		}
	}
	g.Resources = resources
	return g
}

// effective are all grants that a subject of the role has, in the same render: a head may have its grants from several roles.
func effective(set *lint.Setup, role *lint.Object) []lint.Grant {
	grants := role.Grants()
	var people []lint.Account
	for _, b := range set.Bindings(role) {
		people = append(people, subjects(b)...)
	}
	for _, other := range set.Kind("Role", "ClusterRole") {
		if other == role || other.Root != role.Root {
			continue
		}
		for _, b := range set.Bindings(other) {
			if slices.ContainsFunc(subjects(b), func(a lint.Account) bool { return holds(people, a) }) {
				grants = append(grants, other.Grants()...)
				break
			}
		}
	}
	return grants
}

// modes are the modes that the runs of a role's namespace use, each with the setting that says so; "" where nothing says it.
func modes(set *lint.Setup, role *lint.Object) map[string]*lint.Node {
	out := map[string]*lint.Node{}
	for _, v := range set.Views() {
		ns := v.Get("k8s.namespace").Text()
		if ns != "" && role.Namespace != "" && ns != role.Namespace {
			continue
		}
		if n := v.Get("k8s.computeResourceType"); n != nil {
			if n.Known() {
				out[n.Value] = n
			}
			continue
		}
		out[defaultMode(set)] = nil
	}
	if len(out) == 0 {
		out[defaultMode(set)] = nil
	}
	return out
}

// defaultMode is what an absent k8s.computeResourceType means. Source: Nextflow 26.10's K8sConfig.groovy and its docs.
func defaultMode(set *lint.Setup) string {
	switch version := set.NextflowVersion(); {
	case version == "":
		return ""
	case lint.AtLeast(version, "26.10"):
		return "Job"
	}
	return "Pod"
}

// grantText says calls as people write them: "create and delete on batch/jobs".
func grantText(calls []facts.Call) string {
	var parts []string
	for _, r := range byResource(calls) {
		name := r.resource
		if r.group != "" {
			name = r.group + "/" + name
		}
		parts = append(parts, english(r.verbs)+" on "+name)
	}
	return english(parts)
}

type resourceVerbs struct {
	group, resource string
	verbs           []string
}

func byResource(calls []facts.Call) []resourceVerbs {
	var out []resourceVerbs
	for _, c := range calls {
		i := slices.IndexFunc(out, func(r resourceVerbs) bool { return r.group == c.Group && r.resource == c.Resource })
		if i < 0 {
			out = append(out, resourceVerbs{group: c.Group, resource: c.Resource})
			i = len(out) - 1
		}
		out[i].verbs = append(out[i].verbs, c.Verb)
	}
	return out
}

// addRules writes the missing grants below the last rule, where the rules stand in block style in one file.
func addRules(role *lint.Object, calls []facts.Call) []lint.Edit {
	items := role.Get("rules").List()
	if len(items) == 0 {
		return nil
	}
	last := items[len(items)-1]
	verbs := last.Get("verbs")
	if verbs == nil || len(verbs.List()) == 0 || !exact(verbs.Items[len(verbs.Items)-1]) || last.File != verbs.File {
		return nil
	}
	src := last.File.Src
	lineStart := bytes.LastIndexByte(src[:last.Start], '\n') + 1
	lead := string(src[lineStart:last.Start])
	if strings.TrimSpace(lead) != "-" {
		return nil
	}
	end := len(src)
	if i := bytes.IndexByte(src[last.End:], '\n'); i >= 0 {
		end = last.End + i + 1
	}
	var text strings.Builder
	if end == len(src) && end > 0 && src[end-1] != '\n' {
		text.WriteString("\n")
	}
	for _, r := range byResource(calls) {
		fmt.Fprintf(&text, "%s{apiGroups: [%q], resources: [%q], verbs: [%s]}\n", lead, r.group, r.resource, quotedList(r.verbs))
	}
	return []lint.Edit{{File: last.File, Start: end, End: end, New: text.String()}}
}

func quotedList(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	return strings.Join(quoted, ", ")
}
