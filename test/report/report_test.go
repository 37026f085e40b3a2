// Package report gives the linter's reports to the programs that read them.
package report

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/report"
	"github.com/fusiongen/fusiongen/lint/rules"
)

// reports are those of the usual documented set-up, and of nothing.
func reports(t *testing.T) map[string]report.Report {
	t.Helper()
	t.Chdir("../../lint/testdata/setup")
	found, err := lint.Run(lint.Input{Tree: lint.Disk{}, Paths: []string{"tree"}}, rules.All(), lint.Options{})
	if err != nil || len(found) < 15 {
		t.Fatalf("%d findings, %v", len(found), err)
	}
	found[0].Message += " 100%, a:b\nsecond line <&> größe 🧬"
	return map[string]report.Report{"full": {Findings: found, Rules: rules.All(), Version: "1.2.3"}, "empty": {Rules: rules.All(), Version: "1.2.3"}}
}

func write(t *testing.T, format string, r report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, format, r); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "report."+format)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func tools(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("./tools")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func run(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// TestSARIF: the reports are what the schema of 2.1.0 asks for, also when there are no findings, and the schema refuses one that we break.
func TestSARIF(t *testing.T) {
	dir := tools(t)
	const script = `import json,sys
from jsonschema.validators import validator_for
schema = json.load(open(sys.argv[1]))
cls = validator_for(schema)
cls.check_schema(schema)
for e in cls(schema).iter_errors(json.load(open(sys.argv[2]))): print(e.json_path, e.message[:200])`
	validate := func(path string) string {
		return run(t, []string{"PYTHONPATH=" + dir + "/python"}, "python3", "-c", script, dir+"/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json", path)
	}
	for name, r := range reports(t) {
		path := write(t, "sarif", r)
		if out := validate(path); out != "" {
			t.Errorf("%s: %s", name, out)
		}
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if name == "full" && (!bytes.Contains(src, []byte(`"partialFingerprints"`)) || !bytes.Contains(src, []byte(`"relatedLocations"`))) {
			t.Error("no fingerprints or related locations")
		}
		broken := bytes.Replace(src, []byte(`"columnKind": "unicodeCodePoints"`), []byte(`"columnKind": "inches"`), 1)
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		if validate(path) == "" {
			t.Errorf("%s: the validator accepts a broken report", name)
		}
	}
}

// TestJUnit: junitparser reads as many failures as there are findings, with their text.
func TestJUnit(t *testing.T) {
	dir := tools(t)
	const script = `import json,sys
from junitparser import JUnitXml
x = JUnitXml.fromfile(sys.argv[1])
cases = [c for s in x for c in s]
print(json.dumps({"tests": x.tests, "failures": x.failures, "cases": len(cases), "first": cases[0].result[0].message if cases[0].result else ""}))`
	for name, r := range reports(t) {
		var got struct {
			Tests, Failures, Cases int
			First                  string
		}
		out := run(t, []string{"PYTHONPATH=" + dir + "/python"}, "python3", "-c", script, write(t, "junit", r))
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		n := len(r.Findings)
		if got.Failures != n || got.Cases != max(1, n) || got.Tests != max(1, n) || n > 0 && strings.Join(strings.Fields(got.First), " ") != strings.Join(strings.Fields(r.Findings[0].Message), " ") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestGitHub: the workflow commands are those that GitHub's own toolkit writes for the same annotations.
func TestGitHub(t *testing.T) {
	dir := tools(t)
	const script = `const core = require(process.argv[1] + '/node_modules/@actions/core');
for (const f of JSON.parse(require('fs').readFileSync(process.argv[2]))) core[f.kind](f.message, f.properties);`
	for name, r := range reports(t) {
		type annotation struct {
			Kind       string         `json:"kind"`
			Message    string         `json:"message"`
			Properties map[string]any `json:"properties"`
		}
		list := []annotation{}
		for _, f := range r.Findings {
			p := map[string]any{"title": f.Rule + " " + f.Slug, "file": f.Pos.File, "startLine": f.Pos.Line, "endLine": f.End.Line}
			if f.Pos.Line == f.End.Line {
				p["startColumn"], p["endColumn"] = f.Pos.Column, f.End.Column
			}
			list = append(list, annotation{map[lint.Severity]string{lint.Error: "error", lint.Warning: "warning", lint.Hint: "notice"}[f.Severity], f.Message + "\n" + f.Hint, p})
		}
		data, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		input := filepath.Join(t.TempDir(), "annotations.json")
		if err := os.WriteFile(input, data, 0o600); err != nil {
			t.Fatal(err)
		}
		want := run(t, nil, "node", "-e", script, dir, input)
		got, err := os.ReadFile(write(t, "github", r))
		if err != nil {
			t.Fatal(err)
		}
		if strings.TrimSpace(string(got)) != strings.TrimSpace(want) {
			t.Errorf("%s: we write\n%s\nGitHub's toolkit\n%s", name, got, want)
		}
	}
}
