package main

import (
	"crypto/x509"
	"sync"
	_ "time/tzdata"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// Task images often have neither certificates nor time zones; the runtime brings its own, used where the image has none.
// The node's daemons call nobody outside, and are spared the parsing (of which package fallback makes an init).
var trustOwn = sync.OnceFunc(func() { // crypto/x509 takes them once
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		certificate, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			panic(err) // it is embedded
		}
		if root.Constraint == nil {
			pool.AddCert(certificate)
		} else {
			pool.AddCertWithConstraint(certificate, root.Constraint)
		}
	}
	x509.SetFallbackRoots(pool)
})
