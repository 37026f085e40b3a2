package iam

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// proxy stands between the SDK and moto and answers some calls itself.
type proxy struct {
	URL string

	mu     sync.Mutex
	calls  []string // IAM, STS and EKS operations, in order
	answer func(call string, n int, w http.ResponseWriter) bool
	change func(call string, body []byte) []byte // what moto answered; nil leaves it
}

// newProxy starts one; answer, which may be nil, says whether it has answered the n-th call of that name (from 1).
func newProxy(t *testing.T, to string, answer func(call string, n int, w http.ResponseWriter) bool) *proxy {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{answer: answer}
	forward := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.intercept(w, r) {
			return
		}
		if p.change == nil {
			forward.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		forward.ServeHTTP(answer, r)
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		w.WriteHeader(answer.Code)
		_, _ = w.Write(p.change(operation(r, body), answer.Body.Bytes())) // a client that is gone needs no answer
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

func (p *proxy) intercept(w http.ResponseWriter, r *http.Request) bool {
	body, _ := io.ReadAll(r.Body) // a body that ends early fails at moto
	r.Body = io.NopCloser(bytes.NewReader(body))
	call := operation(r, body)
	p.mu.Lock()
	p.calls = append(p.calls, call)
	n := 0
	for _, c := range p.calls {
		if c == call {
			n++
		}
	}
	p.mu.Unlock()
	return p.answer != nil && p.answer(call, n, w)
}

// operation is the API operation of a request: a form field for IAM and STS, the path for EKS.
func operation(r *http.Request, body []byte) string {
	form, _ := url.ParseQuery(string(body))
	if action := form.Get("Action"); action != "" {
		return action
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/pod-identity-associations"):
		return "ListPodIdentityAssociations"
	case strings.Contains(r.URL.Path, "/pod-identity-associations/"):
		return "DescribePodIdentityAssociation"
	case strings.HasPrefix(r.URL.Path, "/clusters/"):
		return "DescribeCluster"
	}
	return r.Method + " " + r.URL.Path
}

func (p *proxy) count(call string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, c := range p.calls {
		if c == call {
			n++
		}
	}
	return n
}

// refuse writes an error as the query protocol does, with a request id.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("x-amzn-RequestId", "req-0123")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>req-0123</RequestId></ErrorResponse>`, code, message)
}

// refuseJSON writes an error as EKS does.
func refuseJSON(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("x-amzn-ErrorType", code)
	w.Header().Set("x-amzn-RequestId", "req-0123")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"message": %q}`, message)
}

// reply writes the answer of an operation without a result, or with one.
func reply(w http.ResponseWriter, operation, result string) {
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, `<%[1]sResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">%[2]s<ResponseMetadata><RequestId>req-0123</RequestId></ResponseMetadata></%[1]sResponse>`, operation, result)
}
