package main

import (
	"crypto/x509"
	"testing"
)

// TestTrustsOwn: in a task image without certificates, the runtime's own are the system's.
func TestTrustsOwn(t *testing.T) {
	empty := t.TempDir()
	t.Setenv("SSL_CERT_FILE", empty+"/none")
	t.Setenv("SSL_CERT_DIR", empty)
	trustOwn()
	pool, err := x509.SystemCertPool()
	if err != nil || pool.Equal(x509.NewCertPool()) {
		t.Errorf("nobody is trusted: %v", err)
	}
}
