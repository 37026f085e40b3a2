package main

import (
	"fmt"
	"strings"
)

// list is a flag that may be repeated and holds several values between commas.
type list struct{ to *[]string }

func (l list) String() string { return "" }

func (l list) Set(text string) error {
	for v := range strings.SplitSeq(text, ",") {
		if v = strings.TrimSpace(v); v != "" {
			*l.to = append(*l.to, v)
		}
	}
	return nil
}

// mapping is a flag of KEY=VALUE pairs.
type mapping struct{ to *map[string]string }

func (m mapping) String() string { return "" }

func (m mapping) Set(text string) error {
	if *m.to == nil {
		*m.to = map[string]string{}
	}
	for pair := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return fmt.Errorf("%q is not of the form NAME=VALUE", pair)
		}
		(*m.to)[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	return nil
}
