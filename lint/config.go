package lint

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint/nfconfig"
)

// Config is a nextflow.config: a file, a fenced block, or the entry of a ConfigMap.
type Config struct {
	*File
	NF     *nfconfig.File
	Object *Object // the ConfigMap that holds it, or nil
	// Scripts are the files in bin/ beside it, where it is the configuration of a pipeline: a file NAME.nf stands there too.
	Scripts []string

	text     text
	settings []Setting // NF.Settings with their places, in the same order
}

func (set *Setup) addConfig(t text, o *Object, scripts []string) {
	nf, errs := nfconfig.Parse(t.src)
	for _, e := range errs {
		set.Problems = append(set.Problems, Problem{File: t.file, At: t.offset(e.Start), End: t.offset(e.End), Message: "this is not a Nextflow configuration: " + e.Message})
	}
	c := &Config{File: t.file, NF: nf, Object: o, Scripts: scripts, text: t}
	c.settings = c.placed(nf.Settings)
	set.Configs = append(set.Configs, c)
}

// scripts are the files in the bin directory of the pipeline that a configuration is of.
func (c *collector) scripts(name string) (out []string) {
	dir := path.Dir(name)
	beside, _ := c.tree.ReadDir(dir) // what cannot be read is said elsewhere
	pipeline := slices.ContainsFunc(beside, func(e fs.DirEntry) bool { return !e.IsDir() && path.Ext(e.Name()) == ".nf" })
	if bin := path.Join(dir, "bin"); pipeline && !c.exclude(bin) {
		entries, _ := c.tree.ReadDir(bin)
		for _, e := range entries {
			if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
				out = append(out, e.Name())
			}
		}
	}
	return out
}

// embedded takes configurations out of ConfigMaps; where the same text is a file of the set-up too, once is enough.
func (set *Setup) embedded(o *Object) {
	if o.Kind != "ConfigMap" {
		return
	}
	data := o.Get("data")
	if data == nil {
		return
	}
	for _, f := range data.Fields {
		if !strings.HasSuffix(f.Key.Value, ".config") || f.Value.Kind != String || !looksLikeConfig([]byte(f.Value.Value)) {
			continue
		}
		t, ok := f.Value.literal()
		if !ok {
			continue
		}
		if slices.ContainsFunc(set.Configs, func(c *Config) bool { return string(c.text.src) == string(t.src) }) {
			set.repeats = append(set.repeats, t)
			continue
		}
		set.addConfig(t, o, nil)
	}
}

// View is what a Nextflow run with one profile sees of a configuration.
type View struct {
	*Config
	Profile string // "" for none
}

// scopes whose settings concern this linter.
var k8sScopes = [...]string{"k8s", "fusion", "wave", "tower", "aws", "process.executor", "process.pod", "workDir", "executor"}

func concerns(name string) bool {
	return slices.ContainsFunc(k8sScopes[:], func(s string) bool { return name == s || strings.HasPrefix(name, s+".") })
}

// Views are the runs that the set-up's configurations describe on Kubernetes: one for each profile that says something about
// it, and one without a profile where the root does.
func (set *Setup) Views() []View {
	var out []View
	for _, c := range set.Configs {
		for _, profile := range append([]string{""}, c.NF.Profiles()...) {
			if profile == nfconfig.Standard {
				continue // "" is it
			}
			if profile != "" && !slices.ContainsFunc(c.NF.Settings, func(s nfconfig.Setting) bool { return s.Profile == profile && concerns(s.Name) }) {
				continue
			}
			if v := (View{c, profile}); v.OnKubernetes() {
				out = append(out, v)
			}
		}
	}
	return out
}

// OnKubernetes says whether a run with this view submits pods.
func (v View) OnKubernetes() bool {
	executor := v.Get("process.executor")
	if executor == nil {
		executor = v.Get("executor.name")
	}
	if executor != nil && executor.Known() {
		return executor.Value == "k8s"
	}
	return slices.ContainsFunc(v.NF.Settings, func(s nfconfig.Setting) bool {
		return (s.Profile == "" || s.Profile == v.Profile) && (strings.HasPrefix(s.Name, "k8s.") || strings.HasPrefix(s.Name, "fusion.") || s.Name == "k8s" || s.Name == "fusion")
	})
}

// Get is the value of a setting, or nil; a profile's value wins over the root's.
func (v View) Get(name string) *Node {
	s := v.NF.Lookup(v.Profile, name)
	if s == nil {
		return nil
	}
	for i := range v.settings {
		if &v.NF.Settings[i] == s {
			return v.settings[i].Value
		}
	}
	return v.node(s.Value) // inside of a map that is assigned whole
}

// Key is the place of a setting's name, or nil.
func (v View) Key(name string) *Node {
	s := v.NF.Lookup(v.Profile, name)
	if s == nil {
		return nil
	}
	return &Node{Kind: String, Value: name, File: v.File, Start: v.text.offset(s.KeyStart), End: v.text.offset(s.KeyEnd)}
}

// Line is an edit's range that holds a whole setting with its line.
func (c *Config) RemoveSetting(s nfconfig.Setting) Edit {
	src := c.File.Src
	start, end := c.text.offset(s.Start), c.text.offset(s.End)
	lineStart := strings.LastIndexByte(string(src[:start]), '\n') + 1
	if strings.TrimSpace(string(src[lineStart:start])) == "" {
		return Edit{c.File, lineStart, afterLine(src, end), ""}
	}
	return Edit{c.File, start, end, ""}
}

// Settings are all settings of the configuration, with the places of their names and values. The list is the caller's.
func (c *Config) Settings() []Setting { return slices.Clone(c.settings) }

func (c *Config) placed(settings []nfconfig.Setting) []Setting {
	out := make([]Setting, 0, len(settings))
	for _, s := range settings {
		out = append(out, Setting{
			Setting: s,
			Name:    &Node{Kind: String, Value: s.Name, File: c.File, Start: c.text.offset(s.KeyStart), End: c.text.offset(s.KeyEnd)},
			Value:   c.node(s.Value),
		})
	}
	return out
}

// Setting is an assignment with its places.
type Setting struct {
	nfconfig.Setting
	Name  *Node
	Value *Node
}

// Begin is the first known place of the configuration for what it does not say: its k8s block, else its first line.
func (v View) Begin(scope string) *Node {
	for _, b := range v.NF.Blocks {
		if b.Name == scope && (b.Profile == v.Profile || b.Profile == "") {
			return &Node{Kind: String, Value: scope, File: v.File, Start: v.text.offset(b.Start), End: v.text.offset(b.Start + len(scope))}
		}
	}
	start := v.text.offset(0)
	return &Node{Kind: String, Value: scope, File: v.File, Start: start, End: start}
}

// node turns a configuration's value into a Node; what only a run would know gets a value that is not Known.
func (c *Config) node(v nfconfig.Value) *Node {
	n := &Node{File: c.File, Start: c.text.offset(v.Start), End: c.text.offset(v.End), Value: v.Text}
	switch v.Kind {
	case nfconfig.String:
		n.Kind = String
	case nfconfig.Number:
		n.Kind = Number
	case nfconfig.Bool:
		n.Kind = Bool
	case nfconfig.Null:
		n.Kind = Null
	case nfconfig.List:
		n.Kind = List
		for _, item := range v.Items {
			n.Items = append(n.Items, c.node(item))
		}
	case nfconfig.Map:
		n.Kind = Map
		for _, e := range v.Entries {
			key := &Node{Kind: String, Value: e.Key, File: c.File, Start: c.text.offset(e.Start), End: c.text.offset(e.End)}
			n.Fields = append(n.Fields, Field{key, c.node(e.Value)})
		}
	default:
		n.Kind, n.Value = String, string(hidden)+v.Text
	}
	return n
}
