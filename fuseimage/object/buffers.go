package object

import "context"

// BufferSize is the size of a pooled body buffer, in bytes.
const BufferSize = 256 << 10

// buffers is the memory budget: a fixed number of buffers, made when first needed and then kept.
type buffers chan []byte

func newBuffers(bytes int64) buffers {
	n := max(2, bytes/BufferSize)
	b := make(buffers, n)
	for range n {
		b <- nil
	}
	return b
}

// get waits for a buffer of BufferSize bytes.
func (b buffers) get(ctx context.Context) ([]byte, error) {
	select {
	case buf := <-b:
		if buf == nil {
			buf = make([]byte, BufferSize)
		}
		return buf, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (b buffers) put(buf []byte) { b <- buf }
