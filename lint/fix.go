package lint

import (
	"cmp"
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
		out = append(out, Fixed{file.Name, file.Src, text, count[file]})
	}
	slices.SortFunc(out, func(a, b Fixed) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// clashes says whether two edits touch the same bytes; two insertions at one place do, too.
func (e Edit) clashes(o Edit) bool {
	return e.File == o.File && (e.Start < o.End && o.Start < e.End || e.Start == o.Start)
}
