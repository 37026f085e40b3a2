package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
)

// kind is the kind of pod option that Nextflow takes an entry for: the first that fits. It is false where none does, and where
// a value that decides is not known.
func (o option) kind() (k facts.PodOption, found, known bool) {
	for _, k := range facts.PodOptions() {
		fits := true
		for i, needs := range k.Needs {
			n, yes := o.has(needs, k.Empty && i == len(k.Needs)-1)
			if n.Unknown() {
				return facts.PodOption{}, false, false
			}
			fits = fits && yes && (i > 0 || typed(n, k.Type))
		}
		if fits {
			return k, true, true
		}
	}
	return facts.PodOption{}, false, true
}

// has says whether a key (one of several) is there with a value that Groovy does not take for false.
func (o option) has(keys string, empty bool) (*lint.Node, bool) {
	for key := range strings.SplitSeq(keys, "|") {
		if n := o.Get(key); n != nil && n.Kind != lint.Null {
			return n, empty || n.Unknown() || truthy(n)
		}
	}
	return nil, false
}

func truthy(n *lint.Node) bool {
	switch n.Kind {
	case lint.Map:
		return len(n.Fields) > 0
	case lint.List:
		return len(n.Items) > 0
	}
	return n.Kind != lint.Null && n.Value != "" && (n.Kind == lint.String || n.Value != "false" && n.Value != "0") // a text is true in Groovy
}

func typed(n *lint.Node, kind string) bool {
	switch kind {
	case "map":
		return n.Kind == lint.Map
	case "boolean":
		return n.Kind == lint.Bool
	case "integer":
		return n.Kind == lint.Number
	}
	return true
}

// podKeys are all keys of pod options.
func podKeys() []string {
	var out []string
	for _, k := range facts.PodOptions() {
		for _, needs := range k.Needs {
			out = append(out, strings.Split(needs, "|")...)
		}
		out = append(out, k.Also...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// kindKeys are the keys by which an entry is known to be of a kind.
func kindKeys(k facts.PodOption) []string {
	var out []string
	for _, needs := range append(slices.Clone(k.Needs), k.Also...) {
		out = append(out, strings.Split(needs, "|")...)
	}
	return out
}
