package task

import (
	"bytes"
	"io"
	"log/slog"
	"sync"
)

// A logFile is the JSON log. It keeps what is logged before its place is known, and drops what its place refuses: a
// full log must not stop a task.
type logFile struct {
	*slog.Logger

	mu    sync.Mutex
	early bytes.Buffer // guarded by mu
	to    io.Writer    // guarded by mu; nil until open
}

func newLogFile(level slog.Level) *logFile {
	l := &logFile{}
	l.Logger = slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: level}))
	return l
}

// Write implements io.Writer for the handler.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.to == nil {
		return l.early.Write(p)
	}
	return l.to.Write(p)
}

// open gives the log its place.
func (l *logFile) open(to io.Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = to.Write(l.early.Bytes())
	l.early.Reset()
	l.to = to
}
