package fs

// keepBehind is how many bytes behind a stream stay in the kernel's page cache, for programs that step back.
const keepBehind = 4 << 20

// A trail is what a handle that reads on and on leaves in the page cache.
type trail struct {
	from int64 // where it begins
	to   int64 // furthest read
}

// read notes a read at off and returns the bytes [from, to) that the stream has left behind, none if from is to.
func (s *trail) read(off int64) (from, to int64) {
	if off < s.from || off > s.to+keepBehind {
		*s = trail{off, off}
		return 0, 0
	}
	if s.to = max(s.to, off); s.to-s.from < 2*keepBehind {
		return 0, 0
	}
	from, s.from = s.from, s.to-keepBehind
	return from, s.from
}

// leaveBehind has the kernel drop the pages that a stream has passed. They are in the cache's file too, so they take
// memory twice; and the next open would have to wait until all are dropped, because it is passed through.
func (h *handle) leaveBehind(off int64) {
	if !h.file.fs.through || !h.file.alone() {
		return
	}
	h.mu.Lock()
	from, to := h.trail.read(off)
	h.mu.Unlock()
	if from < to {
		go h.file.fs.server.InodeNotify(h.file.node.ID, from, to-from) // waits for reads of these pages, so not here
	}
}

// alone reports whether the file has one handle.
func (f *file) alone() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opens == 1
}
