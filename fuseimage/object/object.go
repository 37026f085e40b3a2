// Package object speaks S3: whole and partial reads pinned by ETag, verified writes, lists, copies.
//
// Every call is retried with full jitter inside a global budget, admitted by a per-bucket limiter that
// follows the server (additive increase, multiplicative decrease), and ordered by the Priority in its context.
// The package holds no object in memory: bodies pass through pooled buffers of BufferSize bytes.
//
// Lock order: bucket.mu is a leaf; no lock is held across a request.
package object

import (
	"time"
)

// A Key names an object.
type Key struct {
	Bucket string
	Name   string // without a leading slash added or removed; may hold any bytes that S3 allows
}

// String returns the key in the form s3://BUCKET/NAME.
func (k Key) String() string { return "s3://" + k.Bucket + "/" + k.Name }

// Info describes one version of an object.
type Info struct {
	Key      Key
	Size     int64     // bytes
	ETag     string    // as the server sends it, with quotes
	Modified time.Time // Last-Modified, whole seconds where it comes from a header
	Checksum Checksum  // zero where the server did not tell one for the full object (a List never does)
	Metadata map[string]string
}

// An Entry of a List is an object, or a common prefix when Prefix is not empty.
type Entry struct {
	Info
	Prefix string // ends with the delimiter
}
