package lint

import "bytes"

// words looks for any of several words in a text, in either case, in one pass: it decides for every file of a repository whether it
// matters, where regular expressions would take most of the time.
type words struct {
	byFirst [256][]word // by the first letter, in both cases
}

type word struct {
	text  string // lower case
	whole bool   // no letter or digit may touch it
}

// newWords takes words in lower case; one in | bars | must stand alone.
func newWords(list ...string) words {
	var w words
	for _, text := range list {
		entry := word{text: text}
		if text[0] == '|' {
			entry = word{text[1 : len(text)-1], true}
		}
		first := entry.text[0]
		w.byFirst[first] = append(w.byFirst[first], entry)
		if upper := upperCase(first); upper != first {
			w.byFirst[upper] = append(w.byFirst[upper], entry)
		}
	}
	return w
}

func (w *words) in(src []byte) bool {
	for i, c := range src {
		for _, entry := range w.byFirst[c] {
			if entry.at(src, i) {
				return true
			}
		}
	}
	return false
}

func (w word) at(src []byte, i int) bool {
	end := i + len(w.text)
	if end > len(src) {
		return false
	}
	for j := 1; j < len(w.text); j++ {
		if lowerCase(src[i+j]) != w.text[j] {
			return false
		}
	}
	return !w.whole || (i == 0 || !wordByte(src[i-1])) && (end == len(src) || !wordByte(src[end]))
}

func lowerCase(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func upperCase(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

func wordByte(c byte) bool {
	c = lowerCase(c)
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_'
}

var (
	// setupWords are those of a Nextflow set-up.
	setupWords = newWords("nextflow", "fusion", "seqera", "tower", "|fuse|", "nvme", "instancestore", "instance-store", "localstorage", "node.eks.aws",
		"[settings", "settings.", "nodeadm", "setup-local-disks", "bootstrap.sh", "eks.amazonaws.com", "oidc.eks", "pods.eks", "kueue", "podidentityassociation")
	// otherWords are those of documents that belong to a set-up only with others.
	otherWords = newWords(`"statement"`, "karpenter", "serviceaccount", "rolebinding", "compute-envs:", "maproles", "mapusers", "aws-auth", "accessentr", "eks-platform")
	// otherKinds are the kinds of such objects, as they stand behind "kind:".
	otherKinds = newWords("|role|", "|clusterrole|", "|namespace|", "|limitrange|", "|resourcequota|", "|kustomization|", "|csidriver|", "|deviceclass|", "|clusterconfig|",
		"admissionpolicy", "|secret|", "|externalsecret|", "|sealedsecret|")
)

// concern is how much a text has to do with Nextflow set-ups.
type concern int

const (
	unasked concern = iota
	none
	other // of a set-up only with others
	own   // of a set-up
)

// concernOf looks once at a file.
func concernOf(f *File) concern {
	if f.concern == unasked {
		f.concern = concernIn(f.Src)
	}
	return f.concern
}

func concernIn(src []byte) concern {
	switch {
	case setupWords.in(src):
		return own
	case otherWords.in(src), kindIn(src):
		return other
	}
	return none
}

var kindWord = []byte("kind")

// kindIn says whether an object of one of otherKinds is declared: kind: NAME, "kind": "NAME".
func kindIn(src []byte) bool {
	for {
		i := bytes.Index(src, kindWord)
		if i < 0 {
			return false
		}
		src = src[i+len(kindWord):]
		rest := bytes.TrimLeft(src, `":= `)
		if len(rest) < len(src) && otherKinds.in(rest[:nameLength(rest)]) {
			return true
		}
	}
}

func nameLength(src []byte) int {
	n := 0
	for n < len(src) && wordByte(src[n]) {
		n++
	}
	return n
}
