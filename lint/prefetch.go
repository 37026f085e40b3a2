package lint

import (
	"path"
	"runtime"
	"slices"
	"sync"
)

// prefetch begins to read files, and to parse those that may matter, on all processors: a repository is mostly that. They are there
// when take returns; what cannot be read is left to whoever asks for it.
func (g *graph) prefetch(names []string) (take func()) {
	type result struct {
		file *File
		yaml *parsed
	}
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return g.files[name] != nil })
	results := make([]result, len(names))
	var work sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() {
			for i := range next {
				src, err := g.tree.ReadFile(names[i])
				if err != nil {
					continue
				}
				f := NewFile(names[i], src)
				results[i].file = f
				if ext := path.Ext(f.Name); concernOf(f) != none && (ext == ".yaml" || ext == ".yml") && unreadable(f) == "" {
					var p parsed
					p.docs, p.bad = parseYAML(whole(f))
					results[i].yaml = &p
				}
			}
		})
	}
	work.Go(func() {
		for i := range names {
			next <- i
		}
		close(next)
	})
	return func() {
		work.Wait()
		for i, r := range results {
			if r.file == nil || g.files[names[i]] != nil { // a kustomization of another chunk may have asked for it meanwhile
				continue
			}
			g.files[names[i]] = r.file
			if r.yaml != nil {
				g.yaml[r.file] = *r.yaml
			}
		}
	}
}
