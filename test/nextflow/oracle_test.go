package nextflow

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/lint/nfconfig"
)

// read is what Nextflow says of a file with a profile.
type read struct {
	File, Profile, Error string
	Values               map[string]any
}

// explained are the values that we read in another way, each with its reason.
var explained = map[string]string{
	"27-nested-profiles.config test params.input": "a params.NAME at the root behind the profiles wins over the profile's (a params block would not); no rule looks at params",
}

// TestValues: of each hand-written configuration, and of each profile in it, our parser says what Nextflow 24.10.0 reads: every value
// that we know is Nextflow's, every value of Nextflow's is one that we know or know to be an expression; and we refuse what it refuses.
func TestValues(t *testing.T) {
	files, err := filepath.Glob("configs/*.config")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d configurations, %v", len(files), err)
	}
	cmd := exec.Command("./run", append([]string{"--values"}, files...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	seen, known, expressions := map[string]bool{}, 0, 0
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r read
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		seen[r.File] = true
		ours, mistakes := parse(t, r.File)
		name := filepath.Base(r.File)
		switch {
		case (r.Error != "") != strings.HasPrefix(name, "bad-"):
			t.Errorf("%s: Nextflow says %q", name, r.Error)
		case r.Error != "" && len(mistakes) == 0:
			t.Errorf("%s: we accept what Nextflow refuses: %s", name, r.Error)
		case r.Error == "" && len(mistakes) > 0:
			t.Errorf("%s: we refuse what Nextflow accepts: %v", name, mistakes)
		case r.Error == "":
			k, e := compare(t, name+" "+r.Profile, ours, r)
			known, expressions = known+k, expressions+e
		}
	}
	if len(seen) != len(files) {
		t.Errorf("Nextflow read %d of %d files", len(seen), len(files))
	}
	t.Logf("%d values known and equal, %d expressions", known, expressions)
	if known < 400 {
		t.Errorf("only %d values compared", known)
	}
}

func parse(t *testing.T, path string) (*nfconfig.File, []nfconfig.Error) {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, mistakes := nfconfig.Parse(src)
	whole := slices.Clone(f.Settings)
	for _, include := range f.Includes {
		part, more := parse(t, filepath.Join(filepath.Dir(path), include.Value.Text))
		mistakes = append(mistakes, more...)
		for _, s := range part.Settings {
			if include.Profile != "" {
				s.Profile = include.Profile
			}
			s.Start = include.Value.Start
			whole = append(whole, s)
		}
	}
	slices.SortStableFunc(whole, func(a, b nfconfig.Setting) int { return a.Start - b.Start })
	f.Settings = whole
	return f, mistakes
}

// compare counts the values that agree, and those that only a run knows.
func compare(t *testing.T, where string, ours *nfconfig.File, theirs read) (known, expressions int) {
	t.Helper()
	mine := map[string]nfconfig.Value{}
	for _, inProfile := range []bool{false, true} { // a profile wins wherever it stands
		for _, s := range ours.Settings {
			if (s.Profile != "") == inProfile && (s.Profile == "" || s.Profile == theirs.Profile) {
				set(mine, fullName(s), s.Value)
			}
		}
	}
	leaves := map[string]any{}
	flatten(leaves, "", theirs.Values)
	if list, ok := leaves["plugins"]; ok {
		if !equal(nfconfig.Value{Kind: nfconfig.List, Items: ours.Plugins}, list) {
			t.Errorf("%s: the plugins are %v to Nextflow", where, list)
		}
		delete(leaves, "plugins")
	}
	for _, name := range slices.Sorted(maps.Keys(leaves)) {
		want := leaves[name]
		v, ok := within(mine, name)
		switch {
		case !ok:
			if ours.Opaque == 0 {
				t.Errorf("%s: Nextflow reads %s = %v, which we do not see", where, name, want)
			}
		case v.Kind == nfconfig.Unknown:
			expressions++
		case explained[where+" "+name] != "":
		case !equal(v, want):
			t.Errorf("%s: %s is %q to us, %v to Nextflow", where, name, v.Text, want)
		default:
			known++
		}
	}
	for name, v := range mine {
		if _, ok := leaves[name]; !ok && v.Kind != nfconfig.Unknown && !under(leaves, name) {
			t.Errorf("%s: we see %s = %q, which Nextflow does not read", where, name, v.Text)
		}
	}
	return known, expressions
}

// fullName puts the selector where Nextflow keeps it.
func fullName(s nfconfig.Setting) string {
	if s.Selector == "" {
		return s.Name
	}
	return strings.Replace(s.Name, "process.", "process."+s.Selector+".", 1)
}

// set makes the leaves of a value; what stood under the name before is gone.
func set(mine map[string]nfconfig.Value, name string, v nfconfig.Value) {
	for old := range mine {
		if old == name || strings.HasPrefix(old, name+".") {
			delete(mine, old)
		}
	}
	if v.Kind == nfconfig.Map && len(v.Entries) > 0 {
		for _, e := range v.Entries {
			set(mine, name+"."+e.Key, e.Value)
		}
		return
	}
	mine[name] = v
}

// within is the value of a name, or the expression that it lies in.
func within(mine map[string]nfconfig.Value, name string) (nfconfig.Value, bool) {
	for at := name; ; {
		if v, ok := mine[at]; ok {
			return v, at == name || v.Kind == nfconfig.Unknown
		}
		i := strings.LastIndexByte(at, '.')
		if i < 0 {
			return nfconfig.Value{}, false
		}
		at = at[:i]
	}
}

func under(leaves map[string]any, name string) bool {
	for leaf := range leaves {
		if strings.HasPrefix(leaf, name+".") {
			return true
		}
	}
	return false
}

// flatten names each leaf of a map; lists and closures are leaves.
func flatten(leaves map[string]any, name string, v any) {
	m, ok := v.(map[string]any)
	if _, closure := m["closure"]; !ok || closure || len(m) == 0 && name != "" {
		leaves[name] = v
		return
	}
	for key, value := range m {
		if name != "" {
			key = name + "." + key
		}
		flatten(leaves, key, value)
	}
}

var unit = regexp.MustCompile(`^([0-9.]+)[. ]?([a-zA-Z]+)$`)

// equal compares a value with what Nextflow read. 4.GB is a memory to it, which it prints in its own way.
func equal(v nfconfig.Value, want any) bool {
	switch v.Kind {
	case nfconfig.Unknown:
		return true
	case nfconfig.Null:
		return want == nil
	case nfconfig.Bool:
		return want == (v.Text == "true")
	case nfconfig.Number:
		number, ok := want.(float64)
		mine, err := strconv.ParseFloat(strings.ReplaceAll(v.Text, "_", ""), 64)
		return ok && err == nil && mine == number
	case nfconfig.String:
		text, ok := want.(string)
		return ok && (text == v.Text || quantity(text) == quantity(v.Text))
	case nfconfig.Closure:
		m, ok := want.(map[string]any)
		return ok && m["closure"] == true
	case nfconfig.List:
		list, ok := want.([]any)
		return ok && len(list) == len(v.Items) && !slices.ContainsFunc(v.Items, func(item nfconfig.Value) bool {
			return !equal(item, list[slices.IndexFunc(v.Items, func(x nfconfig.Value) bool { return x.Start == item.Start })])
		})
	case nfconfig.Map:
		m, ok := want.(map[string]any)
		return ok && len(m) == len(v.Entries) && !slices.ContainsFunc(v.Entries, func(e nfconfig.Entry) bool { return !equal(e.Value, m[e.Key]) })
	}
	return false
}

// quantity is a memory or a time in one spelling.
func quantity(text string) string {
	m := unit.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	number, err := strconv.ParseFloat(strings.TrimSuffix(m[1], "."), 64)
	if err != nil {
		return text
	}
	u := strings.ToUpper(m[2])
	for u == "GB" && number >= 1000 && int(number)%4 == 0 && number == 1500 { // 1500 GB is printed as 1.5 TB
		number, u = number/1000, "TB"
	}
	return fmt.Sprint(number, u)
}
