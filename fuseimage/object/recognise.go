package object

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// recognise holds the object that is there against the parts: by its full checksum, else by its ETag. It is needed after a
// reply that confirmed nothing, which asked again would say the same, and after one that was lost: then an object that differs
// is an older one, and the error is lost.
func (c *Client) recognise(ctx context.Context, u Upload, parts []Part, full uint64, info *Info, lost error) error {
	got, err := c.Head(ctx, u.Key)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return errFinal{err} // Head has repeated it already
	}
	kind, given, right := algorithmCRC64, got.Checksum.Value, encode64(full)
	if got.Checksum.Algorithm != algorithmCRC64 {
		kind, given, right = "ETag", strings.Trim(got.ETag, `"`), joinedETag(parts)
	}
	switch {
	case !missing && got.Size == info.Size && given == right:
		*info = got
		return nil
	case lost != nil:
		return lost
	case missing:
		err = fmt.Errorf("%w: the server says that it joined the parts, but holds no object", ErrCorrupt)
	default:
		err = fmt.Errorf("%w: the server holds %d bytes with %s %s, right would be %d bytes with %s", ErrCorrupt, got.Size, kind, given, info.Size, right)
	}
	return errFinal{&Error{Op: opComplete, Key: u.Key, Err: err}}
}

// joinedETag is the ETag that S3 gives to an object of several parts: the MD5 of their MD5s, and their number.
func joinedETag(parts []Part) string {
	h := md5.New()
	for _, p := range parts {
		sum, _ := hex.DecodeString(strings.Trim(p.ETag, `"`))
		h.Write(sum)
	}
	return fmt.Sprintf("%x-%d", h.Sum(nil), len(parts))
}
