// Package transcript is what a test reads while a program or a logger still writes it.
package transcript

import (
	"bytes"
	"sync"
)

// Buffer keeps what is written to it. The zero value is empty; all methods may be called at the same time.
type Buffer struct {
	mu   sync.Mutex
	data bytes.Buffer // guarded by mu
}

// Write appends p and never fails.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

// String is all that has been written so far.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}
