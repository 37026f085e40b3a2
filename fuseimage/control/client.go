package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// A Client speaks to a Server in another process. It is a Server itself.
type Client struct {
	conn io.ReadWriteCloser

	mu      sync.Mutex
	last    int64                // id of the newest request; guarded by mu
	waiting map[int64]chan reply // guarded by mu; nil once the connection is lost
}

var _ Server = (*Client)(nil)

// Dial connects to the socket of a server.
func Dial(socket string) (*Client, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLost, err)
	}
	return NewClient(conn), nil
}

// NewClient speaks over a connection that is open already, and owns it.
func NewClient(conn io.ReadWriteCloser) *Client {
	c := &Client{conn: conn, waiting: map[int64]chan reply{}}
	go c.receive()
	return c
}

// Close ends the connection; calls that wait fail with ErrLost.
func (c *Client) Close() error { return c.conn.Close() }

// Begin implements Server.
func (c *Client) Begin(ctx context.Context, t Task) error {
	_, err := c.call(ctx, request{Op: "begin", Task: &t})
	return err
}

// Flush implements Server. When ctx ends, the server stops waiting, too.
func (c *Client) Flush(ctx context.Context, s Scope) error {
	_, err := c.call(ctx, request{Op: "flush", Scope: s})
	return err
}

// Report implements Server.
func (c *Client) Report(ctx context.Context) (Report, error) {
	got, err := c.call(ctx, request{Op: "report"})
	if err != nil || got.Report == nil {
		return Report{}, err
	}
	return *got.Report, nil
}

func (c *Client) call(ctx context.Context, r request) (reply, error) {
	answer := make(chan reply, 1)
	c.mu.Lock()
	if c.waiting == nil {
		c.mu.Unlock()
		return reply{}, ErrLost
	}
	c.last++
	r.ID = c.last
	c.waiting[r.ID] = answer
	err := c.send(r)
	c.mu.Unlock()
	if err != nil {
		return reply{}, fmt.Errorf("%w: %w", ErrLost, err)
	}
	select {
	case got, ok := <-answer:
		if !ok {
			return reply{}, ErrLost
		}
		if got.Error != "" {
			return got, errors.New(got.Error)
		}
		return got, nil
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.waiting, r.ID)
		return reply{}, errors.Join(ctx.Err(), c.send(request{ID: r.ID, Op: "cancel"}))
	}
}

// send writes one line; c.mu is held.
func (c *Client) send(r request) error { return json.NewEncoder(c.conn).Encode(r) }

func (c *Client) receive() {
	decoder := json.NewDecoder(c.conn)
	for {
		var got reply
		err := decoder.Decode(&got)
		c.mu.Lock()
		if err != nil {
			for _, answer := range c.waiting {
				close(answer)
			}
			c.waiting = nil
			c.mu.Unlock()
			return
		}
		if answer := c.waiting[got.ID]; answer != nil {
			answer <- got
			delete(c.waiting, got.ID)
		}
		c.mu.Unlock()
	}
}
