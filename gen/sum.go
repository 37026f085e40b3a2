package gen

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// SumFile is the file that makes a tree checkable: it names the spec, every file with its hash, and where each value
// came from.
const SumFile = ".fusiongen.sum"

// Sum is the content of SumFile.
type Sum struct {
	Version int                          `json:"version"` // of this format, 1
	Spec    string                       `json:"spec"`    // path of the spec, relative to the tree; "" for standard input
	Files   map[string]string            `json:"files"`   // path → SHA-256
	Origins map[string]map[string]string `json:"origins"` // path → field path → field path of the spec
}

func addSum(b *builder) error {
	s := Sum{Version: 1, Spec: b.opts.SpecPath, Files: map[string]string{}, Origins: b.tree.origins}
	for path, data := range b.tree.files {
		s.Files[path] = hash(data)
	}
	data, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	b.tree.add(SumFile, append(data, '\n'))
	return nil
}

// ParseSum reads a SumFile.
func ParseSum(data []byte) (*Sum, error) {
	var s Sum
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w; delete it and build with --force", SumFile, err)
	}
	if s.Version != 1 {
		return nil, fmt.Errorf("%s has version %d, which this fusiongen does not know", SumFile, s.Version)
	}
	return &s, nil
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// source names the spec in a comment.
func (b *builder) source() string {
	if b.opts.SpecPath == "" {
		return "a spec on standard input"
	}
	return b.opts.SpecPath[strings.LastIndexByte(b.opts.SpecPath, '/')+1:]
}

func sorted(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
