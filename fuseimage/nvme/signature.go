package nvme

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// A content is what a disk or array holds, as far as the begin and the end of it tell.
type content struct {
	kind       string // blank, md, xfs, ext4, or a name from the table of others
	array      string // md: uuid
	name       string // md: name without the host's; filesystems: label
	members    int    // md
	unfinished bool   // a filesystem whose making was cut off
}

const (
	blank   = "blank"
	unknown = "unknown data"
)

// ours reports whether the preparer made it.
func (c content) ours() bool {
	switch c.kind {
	case "md":
		return c.name == arrayName
	case "xfs", "ext4":
		return c.name == label
	}
	return false
}

func (c content) String() string {
	if c.name != "" {
		return fmt.Sprintf("%s %q", c.kind, c.name)
	}
	return c.kind
}

// edge is how much is read at the begin and at the end: all that the table below looks at.
const edge = 1 << 20

// A magic marks a kind of content; an offset below 0 counts from the end.
type magic struct {
	kind   string
	offset int64
	bytes  string
}

// magics are the marks of what is never ours, from libblkid's superblocks and the formats' own descriptions.
func magics(size int64) []magic {
	out := []magic{
		{"btrfs", 0x10040, "_BHRfS_M"},
		{"LUKS", 0, "LUKS\xba\xbe"},
		{"LUKS", 0x4000, "SKUL\xba\xbe"},
		{"bcache", 0x1018, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"},
		{"f2fs", 0x400, "\x10\x20\xf5\xf2"},
		{"BlueStore", 0, "bluestore block device"},
		{"Intel RAID", -1024, "Intel Raid ISM"},
		{"DDF RAID", -512, "\xde\x11\xde\x11"},
		{"md 1.1", 0, mdMagic},
		{"md 1.0", ((size/512 - 16) &^ 7) * 512, mdMagic},
		{"md 0.90", size&^0xffff - 0x10000, mdMagic},
		{"md 0.90", size&^0xffff - 0x10000, "\xa9\x2b\x4e\xfc"}, // of a big-endian machine
	}
	for _, sector := range []int64{512, 4096} {
		out = append(out, magic{"GPT", sector, "EFI PART"}, magic{"GPT", -sector, "EFI PART"})
	}
	for _, page := range []int64{0x1000, 0x2000, 0x4000, 0x10000} {
		out = append(out, magic{"swap", page - 10, "SWAPSPACE2"}, magic{"swap", page - 10, "SWAP-SPACE"})
	}
	for sector := range int64(4) {
		out = append(out, magic{"LVM2", sector * 512, "LABELONE"})
	}
	for slot := range int64(128) { // the uberblocks of the first label
		at := 0x20000 + slot*1024
		out = append(out, magic{"ZFS", at, "\x0c\xb1\xba\x00\x00\x00\x00\x00"}, magic{"ZFS", at, "\x00\x00\x00\x00\x00\xba\xb1\x0c"})
	}
	return append(out, magic{"MBR or a boot sector", 510, "\x55\xaa"})
}

const mdMagic = "\xfc\x4e\x2b\xa9"

// probe reads what a device of so many bytes holds. It opens it for reading only.
func probe(path string, size int64) (content, error) {
	f, err := os.Open(path)
	if err != nil {
		return content{}, err
	}
	defer f.Close()
	length := min(size, edge)
	head, tail := make([]byte, length), make([]byte, length)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, length), head); err != nil {
		return content{}, fmt.Errorf("cannot read the begin of %s: %w", path, err)
	}
	if _, err := io.ReadFull(io.NewSectionReader(f, size-length, length), tail); err != nil && !errors.Is(err, io.EOF) {
		return content{}, fmt.Errorf("cannot read the end of %s: %w", path, err)
	}
	at := func(offset int64, n int) []byte {
		if offset < 0 {
			offset += size
		}
		switch {
		case offset >= 0 && offset+int64(n) <= length:
			return head[offset:][:n]
		case offset >= size-length && offset+int64(n) <= size:
			return tail[offset-(size-length):][:n]
		}
		return nil
	}
	for _, m := range magics(size) {
		if string(at(m.offset, len(m.bytes))) == m.bytes {
			return content{kind: m.kind}, nil
		}
	}
	switch {
	case string(at(4096, 4)) == mdMagic:
		return readArray(at(4096, 256)), nil
	case string(at(0, 4)) == "XFSB": // include/xfs_format.h, struct xfs_dsb
		return content{kind: "xfs", name: text(at(108, 12)), unfinished: at(126, 1)[0] != 0}, nil
	case string(at(0x438, 2)) == "\x53\xef": // fs/ext4/ext4.h, struct ext4_super_block
		return content{kind: "ext4", name: text(at(0x478, 16))}, nil
	case allZero(head) && allZero(tail):
		return content{kind: blank}, nil
	}
	return content{kind: unknown}, nil
}

// readArray reads a superblock of version 1.2 (include/uapi/linux/raid/md_p.h, struct mdp_superblock_1).
func readArray(b []byte) content {
	name := text(b[32:64])
	if _, after, has := strings.Cut(name, ":"); has {
		name = after // HOST:NAME
	}
	return content{kind: "md", array: hex.EncodeToString(b[16:32]), name: name, members: int(binary.LittleEndian.Uint32(b[92:]))}
}

func text(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b)
}

func allZero(b []byte) bool { return bytes.Count(b, []byte{0}) == len(b) }
