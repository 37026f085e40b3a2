package cache

import (
	"context"
	"errors"
	"fmt"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// judge verifies the object once all its bytes have come. o.mu is held.
func (o *Object) judge() {
	if o.verified || o.tally == nil {
		return // settle does it where the checksum came late
	}
	switch seen, match := o.tally.Verdict(); {
	case !seen:
	case match:
		o.verified = true
	case o.handed:
		o.bad = fmt.Errorf("%w: %s as read, of which parts were used already", object.ErrCorrupt, o.info.Key)
		go o.c.blame(o.bad)
	default:
		o.forget()
	}
}

// forget drops all bytes, to fetch them again. o.mu is held, nothing is pinned by a reader that has seen bytes.
func (o *Object) forget() {
	if o.spoiled++; o.spoiled > 3 {
		o.bad = fmt.Errorf("%w: %s, fetched %d times", object.ErrCorrupt, o.info.Key, o.spoiled)
		return
	}
	for i := range o.blocks {
		o.blocks[i].present = 0
	}
	n := chunks(o.info.Size)
	o.missing = n
	o.tally.Reset()
	go o.c.refund(n * chunk)
}

// ask learns the checksum of an object that came from a list.
func (o *Object) ask() {
	o.mu.Lock()
	known := o.tally != nil || o.none
	o.asked = true
	o.mu.Unlock()
	if known {
		return
	}
	head, err := o.c.client.Head(object.WithPriority(o.c.ctx, object.Output), o.info.Key)
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil || head.ETag != o.info.ETag || o.tally != nil {
		return
	}
	if o.none = head.Checksum.Value == ""; !o.none {
		o.learn(head.Checksum)
	}
}

// settle verifies a present object whose checksum came too late to count the bytes as they came, by reading the file.
func (o *Object) settle(ctx context.Context) error {
	o.mu.Lock()
	ready := o.missing == 0 && !o.verified && o.bad == nil && len(o.spans) == 0
	o.mu.Unlock()
	if !ready {
		return nil
	}
	o.ask()
	o.mu.Lock()
	tally := o.tally
	o.mu.Unlock()
	if tally == nil { // the server knows no checksum of the full object
		o.mu.Lock()
		defer o.mu.Unlock()
		o.verified = o.missing == 0
		return nil
	}
	o.pin(0, o.info.Size, 1)
	defer o.pin(0, o.info.Size, -1)
	buf := make([]byte, object.BufferSize)
	tally.Reset()
	run := tally.Begin(0)
	for off := int64(0); off < o.info.Size && ctx.Err() == nil; {
		n, err := o.file.ReadAt(buf[:min(int64(len(buf)), o.info.Size-off)], off)
		if n == 0 && err != nil {
			return err
		}
		run.Write(buf[:n])
		off += int64(n)
	}
	tally.Add(run)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.missing == 0 {
		o.judge()
	}
	return errors.Join(ctx.Err(), o.bad)
}
