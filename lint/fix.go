package lint

import (
	"cmp"
	"errors"
	"maps"
	"slices"
)

// Fixed is a file after its fixes.
type Fixed struct {
	Name     string
	Old, New []byte
	Fixes    int
}

// Apply makes the edits of the findings' fixes; unsafe ones only when asked. Of fixes that overlap the first is made: another
// run makes the next.
func Apply(findings []Finding, unsafe bool) []Fixed {
	edits := map[*File][]Edit{}
	count := map[*File]int{}
	for _, f := range findings {
		if f.Fix == nil || f.Fix.Unsafe && !unsafe {
			continue
		}
		if slices.ContainsFunc(f.Fix.Edits, func(e Edit) bool { return slices.ContainsFunc(edits[e.File], e.clashes) }) {
			continue
		}
		for _, e := range f.Fix.Edits {
			edits[e.File] = append(edits[e.File], e)
		}
		count[f.Fix.Edits[0].File]++
	}
	var out []Fixed
	for file, list := range edits {
		slices.SortStableFunc(list, func(a, b Edit) int { return cmp.Compare(a.Start, b.Start) })
		var text []byte
		at := 0
		for _, e := range list {
			text = append(append(text, file.Src[at:e.Start]...), e.New...)
			at = e.End
		}
		text = append(text, file.Src[at:]...)
		out = append(out, Fixed{file.Name, file.bytes(file.Src), file.bytes(text), count[file]})
	}
	slices.SortFunc(out, func(a, b Fixed) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// passes bounds how often a fix may make room for the next one.
const passes = 10

// FixAll runs the rules and makes the fixes of the findings that choose lets through, again and again until nothing is left to
// fix. It writes nothing: it gives the files as they would be, and the findings that remain in them.
func FixAll(in Input, rules []Rule, opts Options, unsafe bool, choose func([]Finding) []Finding) ([]Fixed, []Finding, error) {
	over := overlay{in.Tree, map[string][]byte{}}
	in.Tree, in.Stdin = over, slices.Clone(in.Stdin)
	done := map[string]Fixed{}
	for range passes {
		findings, err := Run(in, rules, opts)
		if err != nil {
			return nil, nil, err
		}
		findings = choose(findings)
		fixed := Apply(findings, unsafe)
		if len(fixed) == 0 {
			return sorted(done), findings, nil
		}
		for _, f := range fixed {
			over.files[f.Name] = f.New
			for i, given := range in.Stdin {
				if given.Name == f.Name {
					in.Stdin[i] = NewFile(f.Name, f.New)
				}
			}
			if before, again := done[f.Name]; again {
				f.Old, f.Fixes = before.Old, before.Fixes+f.Fixes
			}
			done[f.Name] = f
		}
	}
	return nil, nil, errors.New("the fixes undo each other; please report which rules they are of")
}

func sorted(files map[string]Fixed) []Fixed {
	return slices.SortedFunc(maps.Values(files), func(a, b Fixed) int { return cmp.Compare(a.Name, b.Name) })
}

// overlay shows changed files in place of those of a tree.
type overlay struct {
	Tree
	files map[string][]byte
}

func (o overlay) ReadFile(name string) ([]byte, error) {
	if data, ok := o.files[name]; ok {
		return data, nil
	}
	return o.Tree.ReadFile(name)
}

func (o overlay) root() (string, error) { return root(o.Tree) }

// clashes says whether two edits touch the same bytes; two insertions at one place do, too.
func (e Edit) clashes(o Edit) bool {
	return e.File == o.File && (e.Start < o.End && o.Start < e.End || e.Start == o.Start)
}
