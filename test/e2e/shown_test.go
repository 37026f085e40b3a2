package e2e_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/lint/rules"
)

// TestRulesShown: each rule of RBAC, of FUSE and pod security, and of nextflow.config has a defect that is made for real, or a
// reason why not; docs/end-to-end.md says both, and says it of nothing else.
func TestRulesShown(t *testing.T) {
	text, err := os.ReadFile("../../docs/end-to-end.md")
	if err != nil {
		t.Fatal(err)
	}
	made, not := rulesIn(string(text), "## Defects made for real"), rulesIn(string(text), "## Defects not made")
	shown := map[string]bool{}
	for _, of := range allDefects {
		for _, d := range of.defects {
			for rule := range strings.FieldsSeq(d.rules) {
				shown[rule] = true
			}
		}
	}
	if want := slices.Sorted(maps.Keys(shown)); !slices.Equal(made, want) {
		t.Errorf("the page says that these are made:\n%v\nand these are:\n%v", made, want)
	}
	var predict []string
	for _, r := range rules.All() {
		if strings.ContainsAny(r.ID[2:3], "135") {
			predict = append(predict, r.ID)
		}
	}
	if both := slices.Sorted(slices.Values(slices.Concat(made, not))); !slices.Equal(both, slices.Sorted(slices.Values(predict))) {
		t.Errorf("made or with a reason:\n%v\nand the rules are:\n%v", both, predict)
	}
}

var ruleID = regexp.MustCompile(`FG\d{3}`)

// rulesIn are the rules that the rows of a section's table name in their first column, each once.
func rulesIn(page, heading string) []string {
	_, section, _ := strings.Cut(page, heading+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	found := map[string]bool{}
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); len(cells) > 1 {
			for _, id := range ruleID.FindAllString(cells[1], -1) {
				found[id] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}
