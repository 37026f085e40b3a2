package lint

import (
	"bytes"
	"strings"

	"github.com/fusiongen/fusiongen/schema/regex"
)

// UserDataKind is what a node makes of its user data.
type UserDataKind int

// The kinds of user data.
const (
	NodeConfig   UserDataKind = iota // nodeadm's (AL2023): the Node is the NodeConfig object
	Bottlerocket                     // TOML: the Node is its tree, settings and all
	Shell                            // a script (AL2, Ubuntu): the Node is its text
)

// UserData is what a node reads at its first boot: a file, a part of a MIME file, or what an EC2NodeClass or another object
// holds as text.
type UserData struct {
	*Node
	Kind   UserDataKind
	Object *Object // the EC2NodeClass that holds it, or nil
}

var (
	nodeConfigWord = regex.Lazy(`(?m)^\s*apiVersion:\s*"?node\.eks\.aws/`)
	settingsTable  = regex.Lazy(`(?m)^\s*\[+settings\b|^\s*settings\.`)
	bootstrapWord  = regex.Lazy(`\b(?:nodeadm|setup-local-disks|eks/bootstrap\.sh)\b`)
)

// looksLikeUserData says whether a file that is no YAML or JSON is user data of a node.
func looksLikeUserData(ext string, src []byte) bool {
	switch ext {
	case ".toml":
		return settingsTable().Match(src)
	case ".sh", ".mime", ".txt":
		return mimeBoundary(src) != "" || bytes.HasPrefix(src, []byte("#!")) && bootstrapWord().Match(src)
	}
	return false
}

func isNodeConfig(n *Node) bool {
	return n.Get("kind").Text() == "NodeConfig" && strings.HasPrefix(n.Get("apiVersion").Text(), "node.eks.aws/")
}

// addUserData takes a text apart; o is the object that holds it, or nil.
func (set *Setup) addUserData(t text, o *Object) {
	if boundary := mimeBoundary(t.src); boundary != "" {
		for _, part := range mimeParts(t, boundary) {
			set.addUserData(part, o)
		}
		return
	}
	switch {
	case nodeConfigWord().Match(t.src):
		docs, bad := parseYAML(t)
		set.problem(t.file, bad)
		for _, n := range docs {
			if isNodeConfig(n) {
				set.UserData = append(set.UserData, &UserData{n, NodeConfig, o})
			}
		}
	case settingsTable().Match(t.src):
		n, bad := parseTOML(t)
		set.problem(t.file, bad)
		if n != nil {
			set.UserData = append(set.UserData, &UserData{n, Bottlerocket, o})
		}
	case bytes.HasPrefix(t.src, []byte("#!")):
		n := &Node{Kind: String, Value: string(t.src), File: t.file, Start: t.offset(0), End: t.offset(len(t.src))}
		set.UserData = append(set.UserData, &UserData{n, Shell, o})
	}
}

func (set *Setup) problem(f *File, bad *syntaxError) {
	if bad != nil {
		set.Problems = append(set.Problems, Problem{File: f, At: bad.at, Message: bad.message})
	}
}

// nodeClass takes the user data out of an EC2NodeClass.
func (set *Setup) nodeClass(o *Object) {
	n := o.Get("spec", "userData")
	if o.Kind != "EC2NodeClass" || n.Text() == "" {
		return
	}
	t, ok := n.literal()
	if !ok { // quoted on one line: everything in it stands there
		t = text{file: n.File, src: []byte(n.Value), own: lineStarts([]byte(n.Value))}
		for range t.own {
			t.at = append(t.at, n.Start)
		}
	}
	set.addUserData(t, o)
}

var boundaryWord = regex.Lazy(`(?i)^(?:MIME-Version:[^\n]*\n)?Content-Type:\s*multipart/mixed;\s*boundary="?([^"\s;]+)"?`)

// mimeBoundary is the boundary of a multi-part text, or "".
func mimeBoundary(src []byte) string {
	m := boundaryWord().FindSubmatch(bytes.TrimLeft(src, "\r\n"))
	if m == nil {
		return ""
	}
	return string(m[1])
}

// mimeParts are the bodies of the parts: what stands behind the blank line that ends a part's header.
func mimeParts(t text, boundary string) []text {
	var out []text
	var part *text
	header := false
	for i, start := range t.own {
		end := len(t.src)
		if i+1 < len(t.own) {
			end = t.own[i+1]
		}
		line := t.src[start:end]
		trimmed := strings.TrimRight(string(line), "\r\n")
		switch {
		case trimmed == "--"+boundary || trimmed == "--"+boundary+"--":
			out = append(out, text{file: t.file})
			part, header = &out[len(out)-1], true
		case part == nil:
		case header:
			header = strings.TrimSpace(trimmed) != ""
		default:
			part.own = append(part.own, len(part.src))
			part.at = append(part.at, t.at[i])
			part.src = append(part.src, line...)
		}
	}
	full := out[:0]
	for _, p := range out {
		if len(p.own) > 0 {
			full = append(full, p)
		}
	}
	return full
}
