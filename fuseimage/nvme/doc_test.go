package nvme

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestDocumented: the page names every phase, those that a run ends in with their exit codes.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/node.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range phases() {
		row := ""
		for line := range strings.Lines(string(page)) {
			if strings.HasPrefix(line, "| `") && strings.Contains(strings.SplitN(line, "|", 3)[1], "`"+string(p)+"`") {
				row = line
			}
		}
		code := fmt.Sprintf("| %d |", p.Exit())
		if p == Starting || p == Preparing || p == Lost { // of no run's end
			code = "| |"
		}
		if !strings.Contains(row, code) {
			t.Errorf("docs/node.md has no row with %s and %q: %q", p, code, row)
		}
	}
}
