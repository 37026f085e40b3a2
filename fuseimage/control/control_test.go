package control

import (
	"context"
	"errors"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"
)

// fake remembers what it was asked; its Flush of Results waits until the caller gives up.
type fake struct {
	task      Task
	scopes    []Scope
	cancelled chan struct{}
}

func (f *fake) Begin(_ context.Context, t Task) error { f.task = t; return nil }

func (f *fake) Flush(ctx context.Context, s Scope) error {
	f.scopes = append(f.scopes, s)
	if s == Results {
		<-ctx.Done()
		close(f.cancelled)
		return ctx.Err()
	}
	return errors.New("PutObject s3://b/k: HTTP 403 AccessDenied (request 7)")
}

func (f *fake) Report(context.Context) (Report, error) { return Report{Up: 7, Pending: 2}, nil }

func connect(t *testing.T, s Server) (*Client, <-chan error) {
	near, far := net.Pipe()
	served := make(chan error, 1)
	go func() { served <- Serve(t.Context(), far, s) }()
	client := NewClient(near)
	t.Cleanup(func() { client.Close() })
	return client, served
}

func TestProtocol(t *testing.T) {
	f := &fake{cancelled: make(chan struct{})}
	client, served := connect(t, f)
	task := Task{Bucket: "b", Dir: "work/ab", Declared: true, Outputs: []string{"*.txt"}, Prefetch: []Key{{"in", "a"}}}
	if err := client.Begin(t.Context(), task); err != nil || !reflect.DeepEqual(f.task, task) {
		t.Errorf("Begin: %v, server got %+v", err, f.task)
	}
	if err := client.Flush(t.Context(), All); err == nil || !strings.Contains(err.Error(), "request 7") {
		t.Errorf("Flush returned %v, want the server's words", err)
	}
	if got, err := client.Report(t.Context()); err != nil || got.Up != 7 || got.Pending != 2 {
		t.Errorf("Report = %+v, %v", got, err)
	}
	client.Close()
	if err := <-served; err != nil {
		t.Errorf("Serve returned %v after a hang-up, want nil", err)
	}
	if err := client.Flush(t.Context(), All); !errors.Is(err, ErrLost) {
		t.Errorf("Flush on a lost connection returned %v, want ErrLost", err)
	}
}

func TestCancelReachesServer(t *testing.T) {
	f := &fake{cancelled: make(chan struct{})}
	client, _ := connect(t, f)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := client.Flush(ctx, Results); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Flush returned %v, want deadline exceeded", err)
	}
	<-f.cancelled
}

func TestGarbageIsRefused(t *testing.T) {
	near, far := net.Pipe()
	served := make(chan error, 1)
	go func() { served <- Serve(t.Context(), far, &fake{}) }()
	if _, err := near.Write([]byte("hello\n")); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err == nil {
		t.Error("Serve took what is no request")
	}
	client, _ := connect(t, &fake{})
	if _, err := client.call(t.Context(), request{Op: "dance"}); err == nil || !strings.Contains(err.Error(), `"dance"`) {
		t.Errorf("an unknown request was answered by %v", err)
	}
}
