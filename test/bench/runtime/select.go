package main

import (
	"fmt"
	"slices"
	"strings"
)

// A selection is the goals that are measured, by id; empty for all.
type selection map[string]bool

// needs are the goals whose measures must come before: what they leave is measured next.
func needs() map[string][]string {
	return map[string][]string{
		G2: {G1}, G3: {G1}, G6: {G5}, G8: {G9}, G12: {G1, G2}, "G14": {G1, G5, G6, G7, G8},
	}
}

// parseSelection reads a list such as G1,G8.
func parseSelection(list string) (selection, error) {
	s := selection{}
	for id := range strings.SplitSeq(list, ",") {
		if list == "" {
			break
		}
		if !slices.ContainsFunc(goals(), func(g goal) bool { return g.id == id }) {
			return nil, fmt.Errorf("there is no goal %q: goals are G1 to G15", id)
		}
		s[id] = true
		for _, n := range needs()[id] {
			s[n] = true
		}
	}
	return s, nil
}

// has reports whether a measure is wanted; it belongs to the goal that is the first word of its id.
func (s selection) has(measure string) bool {
	goal, _, _ := strings.Cut(measure, " ")
	return len(s) == 0 || s[goal]
}

func (s selection) hasAny(measures ...string) bool { return slices.ContainsFunc(measures, s.has) }
