package cache

import (
	"context"
	"errors"
	"io"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// Adopt fills the empty file with o's bytes, by reflink where the disk can, fetching what is missing.
func (l *Local) Adopt(ctx context.Context, o *Object) error {
	if f, unpin, ok := o.Pin(); ok {
		defer unpin()
		if err := l.grow(ctx, o.info.Size); err != nil {
			return err
		}
		if _, err := io.Copy(io.NewOffsetWriter(l.file, 0), io.NewSectionReader(f, 0, o.info.Size)); err != nil {
			return err
		}
		return nil
	}
	buf := make([]byte, block)
	r := o.Reader()
	for off := int64(0); off < o.info.Size; {
		n, err := r.ReadAt(ctx, buf, off)
		if n == 0 && err != nil {
			return err
		}
		if _, err := l.WriteAt(ctx, buf[:n], off); err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}

// Clean turns a file whose bytes are exactly info into the cached copy of info, which may be evicted. The local's
// other references must be gone; its own is spent. The object comes with one reference.
func (l *Local) Clean(info object.Info) (*Object, error) {
	l.mu.Lock()
	alone := l.refs == 1
	l.mu.Unlock()
	if !alone || l.Size() != info.Size {
		return nil, errors.New("the file is still in use, or not this version")
	}
	if o := l.become(info); o != nil {
		return o, nil
	}
	o, err := l.c.Object(info)
	if err == nil {
		l.Close()
	}
	return o, err
}

// become makes l's open file that of a new object; nil when the version is cached already.
func (l *Local) become(info object.Info) *Object {
	c := l.c
	l.mu.Lock()
	defer l.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	v := version{info.Key, info.ETag, info.Size}
	if c.objects[v] != nil {
		return nil
	}
	o := newObject(c, info, l.path)
	o.file, o.open, o.refs = l.file, 1, 1
	o.made, o.verified, o.missing = true, true, 0
	for i := range chunks(info.Size) {
		o.blocks[i/perBlock].present |= 1 << (i % perBlock)
		o.blocks[i/perBlock].used = c.clock.Add(1)
	}
	c.objects[v] = o
	c.clean += chunks(info.Size) * chunk
	c.dirty -= l.taken
	c.wake()
	l.refs, l.taken, l.path = 0, 0, ""
	return o
}
