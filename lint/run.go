// Package lint finds what disagrees across the documents of a Nextflow set-up on Amazon EKS: Kubernetes objects,
// IAM documents, nextflow.config, node user data. It reads files and never the network.
//
// Input becomes set-ups (what belongs together, Setup), rules look at one set-up each (Rule), and findings come back
// sorted (Finding). The rules themselves are in the package rules, the formats of findings in report.
package lint

import (
	"slices"
)

// Input is what is to be linted.
type Input struct {
	Tree    Tree
	Paths   []string               // files and directories
	With    []string               // more of the world that the paths belong to: joined, but not reported
	Exclude func(name string) bool // nil: nothing
	Stdin   []*File                // texts that have no path, named as findings shall name them
	Spec    *File                  // the tree is made from this spec just now: findings stand at its lines where they come from one
}

// Run checks the input with the rules. An error says that the job could not be done: a path that does not exist.
func Run(in Input, rules []Rule, opts Options) ([]Finding, error) {
	if in.Exclude == nil {
		in.Exclude = func(string) bool { return false }
	}
	c := &collector{tree: in.Tree, exclude: in.Exclude, graph: newGraph(in.Tree), spec: in.Spec}
	opts.Joined = len(in.With) > 0
	var with []*collected
	for _, p := range in.With {
		w, err := c.collect(clean(p))
		if err != nil {
			return nil, err
		}
		with = append(with, w)
	}
	r := run{collector: c, with: with, rules: rules, opts: opts, marked: map[*File]bool{}}
	for _, p := range in.Paths {
		all, err := c.collect(clean(p))
		if err != nil {
			return nil, err
		}
		r.lint(all)
	}
	for _, f := range in.Stdin {
		all := &collected{arg: f.Name}
		c.classify(all, f, true)
		r.lint(all)
	}
	if in.Spec != nil {
		r.marks = append(r.marks, suppressions(in.Spec)...)
	}
	return Unique(suppress(r.found, r.marks, rules, opts)), nil
}

// Unique sorts findings by place and drops repetitions.
func Unique(findings []Finding) []Finding {
	slices.SortStableFunc(findings, compare)
	return slices.CompactFunc(findings, func(a, b Finding) bool { return compare(a, b) == 0 })
}

// run is one call of Run.
type run struct {
	*collector
	with  []*collected
	rules []Rule
	opts  Options

	found  []Finding
	marks  []*Suppression
	marked map[*File]bool // files whose suppressions are in marks
}

// lint checks everything below one argument.
func (r *run) lint(all *collected) {
	for _, set := range r.setups(all, r.with) {
		set.Options = r.opts
		r.sums(set)
		r.mark(set)
		own := map[*File]bool{}
		for _, s := range set.sources {
			own[s.File] = true
		}
		for _, rule := range r.rules {
			if rule.Check == nil {
				continue
			}
			report := &Reporter{rule: rule, begin: set.begin()}
			report.try("the set-up "+set.Name, func() { rule.Check(set, report) })
			for _, f := range report.findings {
				if len(r.with) > 0 && f.file != nil && !own[f.file] && !reachable(set, f.file) {
					continue // it stands in what --with named
				}
				r.found = append(r.found, r.traced(set, f))
			}
		}
	}
}

// traced adds the line of the spec that a generated value comes from, or moves the finding there.
func (r *run) traced(set *Setup, f Finding) Finding {
	from, ok := set.fromSpec(f)
	switch {
	case !ok:
	case r.spec != nil:
		f.Related = append([]Related{{f.Span, "what is generated from it"}}, f.Related...)
		f.made, f.Span, f.file, f.Fix = f.Span, from.Span, r.spec, nil
	default:
		f.Related = append(f.Related, from)
	}
	return f
}

// mark collects the suppressions of a set-up.
func (r *run) mark(set *Setup) {
	for _, s := range set.sources {
		if !r.marked[s.File] {
			r.marked[s.File] = true
			for _, m := range suppressions(s.File) {
				if !slices.ContainsFunc(set.repeats, m.within) { // the file's own comment speaks
					r.marks = append(r.marks, m)
				}
			}
		}
	}
	for _, o := range set.Objects {
		r.marks = append(r.marks, annotated(o)...)
	}
}

// reachable says whether a kustomization of the set-up uses the file.
func reachable(set *Setup, f *File) bool {
	for _, k := range set.Kustomizations {
		if k.File == f {
			return true
		}
		for _, r := range k.References() {
			if r.Path == f.Name {
				return true
			}
		}
	}
	return false
}

// suppress drops what comments and annotations silence, and lets rules look at the suppressions themselves.
func suppress(findings []Finding, marks []*Suppression, rules []Rule, opts Options) []Finding {
	var out []Finding
	for _, f := range findings {
		silenced := false
		for _, m := range marks {
			if m.covers(f) && !m.Expired(opts.Today) {
				m.Used, silenced = true, true
			}
		}
		if !silenced {
			out = append(out, f)
		}
	}
	for _, m := range marks {
		m.Known = slices.ContainsFunc(rules, func(r Rule) bool {
			return slices.ContainsFunc(m.Rules, func(name string) bool { return Matches(name, r.ID, r.Slug) })
		})
	}
	for _, r := range rules {
		if r.Suppressed == nil {
			continue
		}
		report := &Reporter{rule: r}
		for _, m := range marks {
			report.begin = m.file
			report.try("a suppression", func() { r.Suppressed(m, opts, report) })
		}
		out = append(out, report.findings...)
	}
	return out
}
