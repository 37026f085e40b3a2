package object

// A Checksum is the digest of a full object.
type Checksum struct {
	Algorithm string // CRC64NVME, CRC32C, CRC32, SHA256 or SHA1; "" for none
	Value     string // base64 of the big-endian digest, as in the header
}

// BufferSize is the size of a pooled body buffer, in bytes.
const BufferSize = 256 << 10
