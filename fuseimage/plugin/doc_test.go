package plugin

import (
	"os"
	"strings"
	"testing"
)

// TestDocumented: the page names every state.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/node.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states() {
		if !strings.Contains(string(page), "| `"+string(s)+"` |") || s.means() == "" {
			t.Errorf("docs/node.md lacks the state %s", s)
		}
	}
	for _, s := range deviceStates() {
		if !strings.Contains(string(page), "`"+string(s)+"`") {
			t.Errorf("docs/node.md lacks the state %s of the device", s)
		}
	}
}
