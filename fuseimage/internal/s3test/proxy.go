package s3test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Fault is what the proxy does to one request; the zero value passes it on unharmed.
type Fault struct {
	Delay    time.Duration // before anything else
	Status   int           // reply with this status and Code, without asking the server; 200 is an error in the body
	Code     string        // S3 error code
	Hang     bool          // never reply
	Reset    bool          // cut the connection without a reply
	After    bool          // Status, Hang or Reset only after the server has done the request
	ETag     string        // replaces the reply's
	Range    string        // replaces the reply's Content-Range
	Truncate int64         // cut the connection after so many body bytes, when > 0
	Stall    int64         // go silent after so many body bytes, when > 0
	Flip     int64         // invert the body byte at this place, from 1, when > 0
	FlipSent int64         // invert the byte of the request's body at this place, from 1, when > 0
	Header   map[string]string
	Edit     func(body []byte) []byte // makes the reply's body another
}

// A Proxy stands between a client and a Server.
type Proxy struct {
	URL string

	upstream *url.URL
	client   *http.Transport
	done     chan struct{}

	mu    sync.Mutex
	plan  func(Request) Fault // guarded by mu, as all below
	seen  []Request
	count map[string]int
}

// A Request as the proxy saw it.
type Request struct {
	Op     string // such as PutObject
	Bucket string
	Name   string
	N      int // how many requests of the same Op and Name came before
	Header http.Header
	Query  url.Values
	Time   time.Time
}

// NewProxy runs a proxy before the server until the test ends. plan may be nil; it is called for one request at a time.
func NewProxy(t testing.TB, s *Server, plan func(Request) Fault) *Proxy {
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{upstream: u, client: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}, done: make(chan struct{}), plan: plan, count: map[string]int{}}
	srv := httptest.NewServer(http.HandlerFunc(p.serve))
	p.URL = srv.URL
	t.Cleanup(func() {
		close(p.done)
		srv.CloseClientConnections()
		srv.Close()
		p.client.CloseIdleConnections()
	})
	return p
}

// Plan replaces the plan.
func (p *Proxy) Plan(plan func(Request) Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan = plan
}

// Requests returns what was seen so far, in order of arrival, and forgets it.
func (p *Proxy) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := p.seen
	p.seen = nil
	return seen
}

func (p *Proxy) admit(r *http.Request) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := Request{Op: operation(r), Header: r.Header.Clone(), Query: r.URL.Query(), Time: time.Now()}
	q.Bucket, q.Name, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	q.N = p.count[q.Op+" "+q.Name]
	p.count[q.Op+" "+q.Name]++
	p.seen = append(p.seen, q)
	if p.plan == nil {
		return Fault{}
	}
	return p.plan(q)
}

func operation(r *http.Request) string {
	q := r.URL.Query()
	_, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case r.Method == "GET" && name == "" && q.Has("uploads"):
		return "ListMultipartUploads"
	case r.Method == "GET" && name == "":
		return "ListObjectsV2"
	case r.Method == "GET":
		return "GetObject"
	case r.Method == "HEAD":
		return "HeadObject"
	case r.Method == "DELETE" && q.Has("uploadId"):
		return "AbortMultipartUpload"
	case r.Method == "DELETE":
		return "DeleteObject"
	case r.Method == "POST" && q.Has("uploads"):
		return "CreateMultipartUpload"
	case r.Method == "POST" && q.Has("uploadId"):
		return "CompleteMultipartUpload"
	case r.Method == "PUT" && q.Has("partNumber") && r.Header.Get("X-Amz-Copy-Source") != "":
		return "UploadPartCopy"
	case r.Method == "PUT" && q.Has("partNumber"):
		return "UploadPart"
	case r.Method == "PUT" && r.Header.Get("X-Amz-Copy-Source") != "":
		return "CopyObject"
	case r.Method == "PUT":
		return "PutObject"
	}
	return r.Method
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	f := p.admit(r)
	p.wait(f.Delay)
	if f.Status+b2i(f.Hang)+b2i(f.Reset) > 0 && !f.After {
		io.Copy(io.Discard, r.Body) // a server reads the request before it refuses it
		p.refuse(w, f)
		return
	}
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.RequestURI = p.upstream.Scheme, p.upstream.Host, ""
	if f.FlipSent > 0 {
		out.Body = io.NopCloser(&flipped{r: r.Body, at: f.FlipSent})
	}
	resp, err := p.client.RoundTrip(out)
	if err != nil {
		p.cut(w)
		return
	}
	defer resp.Body.Close()
	if f.Status+b2i(f.Hang)+b2i(f.Reset) > 0 {
		io.Copy(io.Discard, resp.Body)
		p.refuse(w, f)
		return
	}
	if f.Edit != nil {
		whole, err := io.ReadAll(resp.Body)
		if err != nil {
			p.cut(w)
			return
		}
		whole = f.Edit(whole)
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(whole)), int64(len(whole))
	}
	for k, v := range resp.Header {
		w.Header()[k] = v
	}
	for k, v := range f.Header {
		if w.Header().Del(k); v != "" {
			w.Header().Set(k, v)
		}
	}
	if f.ETag != "" {
		w.Header().Set("ETag", f.ETag)
	}
	if f.Range != "" {
		w.Header().Set("Content-Range", f.Range)
	}
	if resp.ContentLength >= 0 {
		w.Header().Set("Content-Length", strconv.FormatInt(resp.ContentLength, 10))
	}
	w.WriteHeader(resp.StatusCode)
	body := io.Reader(resp.Body)
	if f.Flip > 0 {
		body = &flipped{r: body, at: f.Flip}
	}
	if limit := max(f.Truncate, f.Stall); limit > 0 && limit < resp.ContentLength {
		io.CopyN(w, body, limit)
		w.(http.Flusher).Flush()
		if f.Stall > 0 {
			p.wait(time.Hour)
		}
		p.cut(w)
		return
	}
	io.Copy(w, body)
}

// refuse replies without the server's words.
func (p *Proxy) refuse(w http.ResponseWriter, f Fault) {
	switch {
	case f.Hang:
		p.wait(time.Hour)
		p.cut(w)
	case f.Reset:
		p.cut(w)
	default:
		for k, v := range f.Header {
			w.Header().Set(k, v)
		}
		w.Header().Set("Content-Type", "application/xml")
		w.Header().Set("X-Amz-Request-Id", "REQUEST"+strconv.Itoa(f.Status))
		w.WriteHeader(f.Status)
		fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>made by the test</Message><RequestId>REQUEST%d</RequestId></Error>", f.Code, f.Status)
	}
}

func (p *Proxy) wait(d time.Duration) {
	if d == 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-p.done:
	}
}

// cut resets the connection.
func (p *Proxy) cut(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

// flipped inverts one byte of a stream.
type flipped struct {
	r  io.Reader
	at int64
}

func (f *flipped) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if f.at > 0 && f.at <= int64(n) {
		p[f.at-1] ^= 0xff
	}
	f.at -= int64(n)
	return n, err
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
