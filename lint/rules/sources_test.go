package rules_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/rules"
)

var catalogueRow = regexp.MustCompile(`(?m)^\| ([A-Z]+-?[0-9]+) \| [^|]+ \| (FG[0-9]{3}|not visible in files: [^|]{10,}) \|$`)

// TestSources: each id of the catalogues has one row in docs/rules/sources.md, which leads to a rule that exists or says why there is
// none; and each rule that needs a source, which those on specs and suppressions do not, has a row or is named below them.
func TestSources(t *testing.T) {
	page, err := os.ReadFile("../../docs/rules/sources.md")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := os.ReadFile("testdata/catalogue.txt")
	if err != nil {
		t.Fatal(err)
	}
	mapped := map[string]string{}
	for _, row := range catalogueRow.FindAllStringSubmatch(string(page), -1) {
		if mapped[row[1]] != "" {
			t.Errorf("%s has two rows", row[1])
		}
		mapped[row[1]] = row[2]
		if strings.HasPrefix(row[2], "FG") && !slices.ContainsFunc(rules.All(), func(r lint.Rule) bool { return r.ID == row[2] }) {
			t.Errorf("%s leads to %s, which is no rule", row[1], row[2])
		}
	}
	want := strings.Fields(string(ids))
	for _, id := range want {
		if mapped[id] == "" {
			t.Errorf("%s has no row", id)
		}
		delete(mapped, id)
	}
	for id := range mapped {
		t.Errorf("%s is of no catalogue", id)
	}
	for _, r := range rules.All() {
		if strings.Contains("1234567", r.ID[2:3]) && !strings.Contains(string(page), r.ID) {
			t.Errorf("%s has no source", r.ID)
		}
	}
}
