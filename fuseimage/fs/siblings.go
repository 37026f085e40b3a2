package fs

import (
	"sync"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/fs/tree"
)

// mostAhead is how many small files are fetched before they are opened; it bounds what is fetched in vain.
const mostAhead = 32

// siblings notices that the small files of a directory are opened one after another, and fetches the next ones.
// Without it, each would cost the reader a round trip.
type siblings struct {
	mu   sync.Mutex
	dirs map[*tree.Node]*streak // guarded by mu
}

// A streak is a sequence of openings in one directory, in key order.
type streak struct {
	last  int // place of the file opened last
	steps int // how many in a row
	ahead int // place up to which files were fetched
}

// opened notes the opening of a file, and returns which places of its directory to fetch now.
func (s *siblings) opened(dir *tree.Node, index int) (from, count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.dirs[dir]
	if r == nil {
		r = &streak{last: index}
		s.dirs[dir] = r
		return 0, 0
	}
	if index != r.last+1 {
		*r = streak{last: index}
		return 0, 0
	}
	r.last = index
	r.steps++
	window := min(mostAhead, 2<<min(r.steps, 10))
	from = max(r.ahead, index+1)
	if count = index + 1 + window - from; count < window/2 {
		return 0, 0 // enough is under way
	}
	r.ahead = from + count
	return from, count
}

// fetchSiblings is called when an object's file was opened for reading.
func (fs *FS) fetchSiblings(n *tree.Node) {
	dir, index, ok := fs.tree.Position(n)
	if !ok {
		return
	}
	from, count := fs.siblings.opened(dir, index)
	if count == 0 {
		return
	}
	for _, info := range fs.tree.Ahead(dir, from, count, cache.Small) {
		if o, err := fs.cfg.Cache.Object(info); err == nil {
			o.Prefetch(0, info.Size)
			o.Close()
		}
	}
}
