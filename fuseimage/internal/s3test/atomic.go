package s3test

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var listed = regexp.MustCompile(`(?s)<Contents>.*?</Contents>`)

// Atomic runs a proxy before the server at to until the test ends, and returns its URL. It takes two habits from
// versitygw that S3 does not have, and that random operations meet: it lists files that it is still writing, and it
// looks whether a directory is a marker before it removes one that became empty, so that a marker put in between is
// lost. No marker is put while an object is deleted here.
func Atomic(t testing.TB, to string) string {
	t.Helper()
	upstream, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(upstream)
			r.Out.Host = r.In.Host // it is signed
		},
		Transport:      &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
		ModifyResponse: hideHalfWritten,
		ErrorLog:       log.New(io.Discard, "", 0), // of requests that the client gives up
	}
	var markers sync.RWMutex // held whole by a marker, shared by deletions
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/"):
			markers.Lock()
			defer markers.Unlock()
		case r.Method == http.MethodDelete:
			markers.RLock()
			defer markers.RUnlock()
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func hideHalfWritten(r *http.Response) error {
	if !r.Request.URL.Query().Has("list-type") {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	body = listed.ReplaceAllFunc(body, func(entry []byte) []byte {
		if bytes.Contains(entry, []byte(".sgwtmp.")) {
			return nil
		}
		return entry
	})
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}
