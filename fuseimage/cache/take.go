package cache

import "errors"

// Take makes a Local of a complete object's file, in place: whoever has that file open, such as the kernel for a
// reader by passthrough, sees what is written to the Local. The version is no longer cached. The caller keeps its
// reference to o; o's other readers see the Local's bytes too, so they must know.
func (o *Object) Take() (*Local, error) {
	c := o.c
	l, err := func() (*Local, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		o.mu.Lock()
		defer o.mu.Unlock()
		v := version{o.info.Key, o.info.ETag, o.info.Size}
		if o.missing > 0 || !o.verified || len(o.spans) > 0 || c.objects[v] != o {
			return nil, errors.New("the object is not complete, or is being fetched again")
		}
		f, err := openBytes(o.path, 0)
		if err != nil {
			return nil, err
		}
		delete(c.objects, v)
		c.clean -= chunks(o.info.Size) * chunk
		return &Local{c: c, path: o.path, file: f, refs: 1}, nil
	}()
	if err == nil {
		l.Dirty()
	}
	return l, err
}
