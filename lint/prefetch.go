package lint

import (
	"path"
	"runtime"
	"sync"
)

// prefetch reads files, and parses those that may matter, on all processors: a repository is mostly that. What cannot be read is left
// to whoever asks for it.
func (g *graph) prefetch(names []string) {
	type result struct {
		file *File
		yaml *parsed
	}
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
	for i, name := range names {
		if g.files[name] == nil {
			next <- i
		}
	}
	close(next)
	work.Wait()
	for i, r := range results {
		if r.file == nil {
			continue
		}
		g.files[names[i]] = r.file
		if r.yaml != nil {
			g.yaml[r.file] = *r.yaml
		}
	}
}
