package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/lint/rules"
)

// TestLivePages: the rules on the account have pages of the same form as those on files, and IDs of their own.
func TestLivePages(t *testing.T) {
	var ids []string
	for _, r := range rules.All() {
		ids = append(ids, r.ID, r.Slug)
	}
	for _, r := range rules.Live() {
		if slices.Contains(ids, r.ID) || slices.Contains(ids, r.Slug) {
			t.Errorf("%s %s is there already", r.ID, r.Slug)
		}
		ids = append(ids, r.ID, r.Slug)
		if !strings.HasPrefix(r.Page(), fmt.Sprintf("# %s %s\n", r.ID, r.Slug)) {
			t.Errorf("%s.md does not begin with its name", r.ID)
		}
		var names []string
		for _, p := range split(r.Page()) {
			names = append(names, p.name)
		}
		if !slices.Equal(names, sections) {
			t.Errorf("%s.md has the sections %q", r.ID, names)
		}
	}
}
