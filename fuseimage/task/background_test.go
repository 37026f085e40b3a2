package task

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// blocked is a place that takes nothing until it is let.
type blocked struct {
	bytes.Buffer
	let    chan struct{}
	closed bool
}

func (b *blocked) Write(p []byte) (int, error) {
	<-b.let
	return b.Buffer.Write(p)
}

func (b *blocked) Close() error {
	b.closed = true
	return nil
}

// Who logs does not wait for the log's place; what was logged is there, in order, when it is closed.
func TestBackground(t *testing.T) {
	place := &blocked{let: make(chan struct{})}
	b := newBackground(place)
	var want strings.Builder
	for i := range 1000 {
		line := fmt.Sprintln("line", i)
		want.WriteString(line)
		if n, err := b.Write([]byte(line)); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	close(place.let)
	if err := b.Close(); err != nil || !place.closed {
		t.Errorf("%v, closed %v", err, place.closed)
	}
	if got := place.String(); got != want.String() {
		t.Errorf("%d bytes came through, want %d", len(got), want.Len())
	}
	if n, err := b.Write([]byte("late")); n != 4 || err != nil {
		t.Errorf("a late line: %d, %v", n, err)
	}
}

// A log that nobody takes does not grow without bound.
func TestBackgroundIsBounded(t *testing.T) {
	place := &blocked{let: make(chan struct{})}
	b := newBackground(place)
	line := bytes.Repeat([]byte("x"), 1000)
	for range 3 * backlog / len(line) {
		b.Write(line)
	}
	close(place.let)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if n := place.Len(); n > 2*backlog || n < backlog-len(line) {
		t.Errorf("%d bytes were kept, want about %d", n, backlog)
	}
}
