// Package nfconfig reads nextflow.config: what is set, where it stands, and what cannot be known without running it. It
// never evaluates anything: closures, method calls and interpolated strings stay text of an unknown value.
//
// The grammar is the configuration language of Nextflow's own strict parser (modules/nf-lang, ConfigParser.g4), with
// the legacy statements that real files still hold (def, if, method calls) kept as opaque text.
package nfconfig

import "strings"

// Kind is what a value is.
type Kind int

// The kinds of values.
const (
	Unknown Kind = iota // an expression: a closure call, an interpolated string, a ternary
	String
	Number
	Bool
	Null
	List
	Map
	Closure
)

// Value is the right side of an assignment. Start and End are byte offsets of its text in the source.
type Value struct {
	Kind       Kind
	Text       string  // decoded text of a scalar; source text of a Closure and of what is Unknown
	Items      []Value // of a List
	Entries    []Entry // of a Map, in order
	Start, End int
}

// Entry is one key of a Map.
type Entry struct {
	Key        string
	Start, End int // of the key
	Value      Value
}

// Setting is one assignment with the blocks around it.
type Setting struct {
	Name       string // dotted, without profile and selectors: "process.memory"
	Profile    string // inside of profiles { NAME { … } }
	Selector   string // inside of withName: or withLabel:, such as "withName:FOO"
	Value      Value
	KeyStart   int // the name as it stands in the statement
	KeyEnd     int
	Start, End int // the whole statement
}

// Include is an includeConfig statement.
type Include struct {
	Profile string
	Value   Value
}

// Block is a scope written with braces.
type Block struct {
	Name       string // dotted, without profile and selectors
	Profile    string
	Selector   string
	Start, End int // from its name to its closing brace
	Inside     int // just after its opening brace
}

// File is what a configuration says.
type File struct {
	Settings []Setting
	Includes []Include
	Blocks   []Block
	Plugins  []Value // ids of the plugins block
	Opaque   int     // statements that are kept as text: def, if, calls
}

// Error is a place where the text is no configuration.
type Error struct {
	Start, End int
	Message    string
}

// Profiles are the names of the profiles, in order.
func (f *File) Profiles() []string {
	var out []string
	seen := map[string]bool{}
	add := func(name string) {
		if name != "" && !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	for _, b := range f.Blocks {
		add(b.Profile)
	}
	for _, s := range f.Settings {
		add(s.Profile)
	}
	return out
}

// Standard is the profile of a run that names none.
const Standard = "standard"

// Lookup is the last assignment of a name outside of selectors, in the profile or else in the root; maps assigned whole are
// looked into. It is nil where the name is not set.
func (f *File) Lookup(profile, name string) *Setting {
	if profile == "" {
		profile = Standard
	}
	var found *Setting
	for i := range f.Settings {
		s := &f.Settings[i]
		if s.Selector != "" || s.Profile != "" && s.Profile != profile {
			continue
		}
		if found != nil && found.Profile != "" && s.Profile == "" {
			continue // a profile wins, wherever it stands
		}
		if s.Name == name {
			found = s
		} else if rest, ok := strings.CutPrefix(name, s.Name+"."); ok && s.Value.Kind == Map {
			if inner := s.within(strings.Split(rest, ".")); inner != nil {
				found = inner
			}
		}
	}
	return found
}

// within follows keys through the map that is assigned.
func (s *Setting) within(keys []string) *Setting {
	out := *s
	for _, key := range keys {
		entry := out.Value.Entry(key)
		if entry == nil {
			return nil
		}
		out.Value, out.KeyStart, out.KeyEnd = entry.Value, entry.Start, entry.End
		out.Start, out.End = entry.Start, entry.Value.End
		out.Name += "." + key
	}
	return &out
}

// Entry is the last entry of a Map with this key, or nil.
func (v Value) Entry(key string) *Entry {
	for i := len(v.Entries) - 1; i >= 0; i-- {
		if v.Entries[i].Key == key {
			return &v.Entries[i]
		}
	}
	return nil
}
