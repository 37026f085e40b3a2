package gen

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/fusiongen/fusiongen/schema"
)

// Options are what a tree depends on beside its spec.
type Options struct {
	Version  string // of fusiongen, for the default image's tag
	Image    string // runtime image with digest, stamped into releases
	SpecPath string // of the spec, relative to the tree, slash-separated; "" where it has none (stdin)
}

// Build makes the tree in memory, or reports every stage that failed. It reads ws and the embedded templates only, no
// clock and no environment: equal in, equal bytes out.
func Build(ws *schema.Workspace, opts Options) (*Tree, error) {
	b := newBuilder(ws, opts)
	return b.tree, b.run(append(separate(), joint()...))
}

type stage struct {
	name string
	add  func(*builder) error
}

// separate are the stages whose files belong to one environment, or to what environments share.
func separate() []stage {
	return []stage{{"kustomize", addKustomize}, {"iam", addIAM}, {"nodes", addNodes}, {"s3", addLifecycle}, {"platform", addPlatform}}
}

// joint are the stages whose files speak of all environments.
func joint() []stage {
	return []stage{{"nextflow.config", addConfig}, {"readme", addReadme}, {"sum", addSum}}
}

func newBuilder(ws *schema.Workspace, opts Options) *builder {
	tree := &Tree{files: map[string][]byte{}, origins: map[string]map[string]string{}, applied: map[string]unit{}, ws: ws, opts: opts}
	return &builder{ws: ws, opts: opts, tree: tree}
}

func (b *builder) run(stages []stage) error {
	var errs []error
	for _, s := range stages {
		if err := s.add(b); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	return errors.Join(errs...)
}

// builder carries one Build.
type builder struct {
	ws   *schema.Workspace
	opts Options
	tree *Tree
}

// units are the workspaces to apply: the environments, or the spec itself under the name "".
func (b *builder) units() []schema.Environment {
	if len(b.ws.Environments) > 0 {
		return b.ws.Environments
	}
	return []schema.Environment{{Workspace: b.ws}}
}

// addKustomize writes the bases of the spec, and for each environment a kustomization that refers to the bases that it
// shares with the spec and holds those that differ.
func addKustomize(b *builder) error {
	t := newTemplates()
	shared, err := t.render(newInput(b.ws, b.opts, ""), b.config(b.units()[:1]), nil)
	if err != nil {
		return err
	}
	if len(b.ws.Environments) == 0 {
		return b.addUnit(t, "", b.ws, shared, nil)
	}
	for i, env := range b.ws.Environments {
		own, err := t.render(newInput(env.Workspace, b.opts, env.Name), b.config(b.ws.Environments[i:i+1]), shared)
		if err != nil {
			return err
		}
		if err := b.addUnit(t, env.Name, env.Workspace, own, shared); err != nil {
			return err
		}
	}
	return nil
}

// addUnit writes an environment's kustomization with its bases beside it. A base that equals the shared one is referred to.
func (b *builder) addUnit(t templates, env string, ws *schema.Workspace, own, shared *rendering) error {
	dir := ""
	if env != "" {
		dir = Root(env) + "/"
	}
	k, u := kustomization{}, unit{}
	for _, base := range baseOrder {
		files := own.bases[base]
		if len(files) == 0 {
			continue
		}
		target := dir + "base/" + base
		if shared != nil && equalBase(files, shared.bases[base]) {
			target = "base/" + base
			k.Resources = append(k.Resources, "../../"+target)
		} else {
			k.Resources = append(k.Resources, "base/"+base)
		}
		b.addBase(target, files)
		u.bases = append(u.bases, target)
		u.objects = slices.AppendSeq(u.objects, maps.Values(files))
	}
	if own.head != nil {
		b.addObject(dir+"head/job.yaml", *own.head)
	}
	components, err := b.addComponents(t, dir, ws, own)
	k.Components, u.components = components, len(components) > 0
	b.tree.applied[env] = u
	b.tree.add(dir+"kustomization.yaml", k.bytes())
	return err
}

func (b *builder) addBase(dir string, files map[string]object) {
	k := kustomization{}
	for _, name := range legacyOrder(files) {
		k.Resources = append(k.Resources, name)
		b.addObject(dir+"/"+name, files[name])
	}
	b.tree.add(dir+"/kustomization.yaml", k.bytes())
}

func (b *builder) addObject(path string, o object) {
	b.tree.add(path, o.data)
	b.tree.origins[path] = o.origins
}

func equalBase(a, b map[string]object) bool {
	if len(a) != len(b) {
		return false
	}
	for name, o := range a {
		if !bytes.Equal(o.data, b[name].data) {
			return false
		}
	}
	return true
}
