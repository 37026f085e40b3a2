package object

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"io"

	"github.com/minio/crc64nvme"
)

// A Checksum is the digest of a full object.
type Checksum struct {
	Algorithm string // CRC64NVME, CRC32C or CRC32; "" for none
	Value     string // base64 of the big-endian digest, as in the header
}

const (
	algorithmCRC64 = "CRC64NVME"
	algorithm32C   = "CRC32C"
	algorithm32    = "CRC32"
)

// digest holds the checksums of some bytes that a request announces or a reply is held against.
type digest struct {
	crc64  uint64
	crc32c uint32
}

func (d digest) header64() string { return encode64(d.crc64) }
func (d digest) header32() string { return encode32(d.crc32c) }

func encode64(v uint64) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, v))
}

func encode32(v uint32) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, v))
}

// sum reads [off, off+size) of r through buf. Bytes missing at the end are an error.
func sum(r io.ReaderAt, off, size int64, buf []byte, with32 bool) (d digest, err error) {
	err = pieces(r, off, size, buf, func(p []byte) {
		d.crc64 = crc64nvme.Update(d.crc64, p)
		if with32 {
			d.crc32c = crc32.Update(d.crc32c, crc32.MakeTable(crc32.Castagnoli), p)
		}
	})
	return d, err
}

// sumMD5 is the slow digest, for servers that know no other; hex.
func sumMD5(r io.ReaderAt, off, size int64, buf []byte) (string, error) {
	h := md5.New()
	err := pieces(r, off, size, buf, func(p []byte) { h.Write(p) })
	return hex.EncodeToString(h.Sum(nil)), err
}

func pieces(r io.ReaderAt, off, size int64, buf []byte, f func([]byte)) error {
	for end := off + size; off < end; {
		p := buf[:min(int64(len(buf)), end-off)]
		n, err := r.ReadAt(p, off)
		f(p[:n])
		off += int64(n)
		if n < len(p) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}
