// Package contract holds the tests of what Nextflow and its tasks may rely on (TestF01 to TestF34), of crashes and
// of the node's ways to refuse a mount. They run the real binary, in a container of their own making, on a real
// /dev/fuse, against a real S3 server, and so need root.
package contract
