package main

import (
	"io"
	"net"
	"time"
)

// delay listens for connections to address whose round trips take longer by d. Bandwidth is not limited.
func delay(address string, d time.Duration) (proxy string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				time.Sleep(d) // the handshake
				far, err := net.Dial("tcp", address)
				if err != nil {
					near.Close()
					return
				}
				go late(far, near, d/2)
				late(near, far, d/2)
			}()
		}
	}()
	return listener.Addr().String(), func() { listener.Close() }, nil
}

// late copies from one connection to another, each byte d after it came.
func late(to, from net.Conn, d time.Duration) {
	type piece struct {
		data []byte
		due  time.Time
	}
	pieces := make(chan piece, 4096)
	go func() {
		defer close(pieces)
		for {
			buffer := make([]byte, 64<<10)
			n, err := from.Read(buffer)
			if n > 0 {
				pieces <- piece{buffer[:n], time.Now().Add(d)}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range pieces {
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.data); err != nil {
			break
		}
	}
	to.Close()
	from.Close()
	_, _ = io.Copy(io.Discard, from)
	for range pieces {
	}
}
