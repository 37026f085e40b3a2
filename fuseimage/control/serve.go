package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Serve answers the requests of one launcher until it hangs up, which is no error, or ctx ends.
// Requests run at the same time; those that still run when Serve returns are cancelled.
func Serve(ctx context.Context, conn io.ReadWriteCloser, server Server) error {
	ctx, cancel := context.WithCancel(ctx)
	s := session{server: server, out: json.NewEncoder(conn), running: map[int64]context.CancelFunc{}}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer s.done.Wait()
	defer cancel()
	decoder := json.NewDecoder(conn)
	for {
		var r request
		if err := decoder.Decode(&r); err != nil {
			if errors.Is(err, io.EOF) || ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("a launcher sent what is no request: %w", err)
		}
		s.start(ctx, r)
	}
}

type session struct {
	server Server
	done   sync.WaitGroup

	mu      sync.Mutex
	out     *json.Encoder                // guarded by mu
	running map[int64]context.CancelFunc // guarded by mu
}

func (s *session) start(ctx context.Context, r request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Op == "cancel" {
		if stop := s.running[r.ID]; stop != nil {
			stop()
		}
		return
	}
	ctx, stop := context.WithCancel(ctx)
	s.running[r.ID] = stop
	s.done.Go(func() {
		defer stop()
		answer := s.answer(ctx, r)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.running, r.ID)
		_ = s.out.Encode(answer) // a launcher that is gone needs no answer
	})
}

func (s *session) answer(ctx context.Context, r request) reply {
	out := reply{ID: r.ID}
	var err error
	switch {
	case r.Op == "begin" && r.Task != nil:
		err = s.server.Begin(ctx, *r.Task)
	case r.Op == "flush":
		err = s.server.Flush(ctx, r.Scope)
	case r.Op == "report":
		var report Report
		report, err = s.server.Report(ctx)
		out.Report = &report
	default:
		err = fmt.Errorf("unknown request %q; want begin with a task, flush, report or cancel", r.Op)
	}
	if err != nil {
		out.Error = err.Error()
	}
	return out
}
