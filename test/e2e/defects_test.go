package e2e_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/test/e2e"
)

// A defect is made in a good tree; the linter names it, and whoever uses the tree sees what the rules' pages say.
type defect struct {
	rules  string // what the linter says of the changed tree, hints too; all of them speak of what is seen
	beside string // what it says, too, of something that is no failure
	edits  []edit
	made   way    // nil: kubectl apply refuses the tree
	sees   string // in kubectl's answer, or the text that made returns
	does   string // kubectl commands after the changed tree is applied
	undoes string // what the good tree does not put back
}

// way makes the defect of a changed tree and returns what a person finds, looking until it holds the evidence.
type way func(t *testing.T, ctx context.Context, ws *e2e.Workspace, evidence string) string

// allDefects by the cell whose tree they are made in.
var allDefects = []struct {
	cell    e2e.Cell
	defects []defect
}{
	{covering[0], slices.Concat(configDefects, optionDefects, grantDefects, securityDefects, nodeDefects)},
	{restrictedCell, policyDefects},
	{headCell, headDefects},
}

// alone says whether a defect changes what others need, too: the cluster.
func (d defect) alone() bool {
	return d.made != nil && (d.does != "" || slices.ContainsFunc(d.edits, func(e edit) bool { return e.file != config }))
}

// changed are the trees of a cell's defects; the linter finds exactly what each one says.
func changed(t *testing.T, ctx context.Context, ws *e2e.Workspace, defects []defect) []*e2e.Workspace {
	t.Helper()
	var trees []*e2e.Workspace
	var dirs []string
	for i, d := range defects {
		tree, err := d.change(ws, filepath.Join(ws.World.Dir, "defects", fmt.Sprintf("%s-%d", ws.Name, i)))
		if err != nil {
			t.Fatal(d.rules, err)
		}
		trees, dirs = append(trees, tree), append(dirs, tree.Dir)
	}
	found, err := ws.World.Lint(ctx, "hint", append(dirs, ws.Dir)...)
	if err != nil {
		t.Fatal(err)
	}
	if len(found[ws.Dir]) > 0 {
		t.Errorf("the linter finds %v in the good tree", found[ws.Dir])
	}
	for i, d := range defects {
		want := slices.Sorted(slices.Values(strings.Fields(d.rules + " " + d.beside)))
		if got := slices.Compact(slices.Sorted(slices.Values(found[dirs[i]]))); !slices.Equal(got, want) {
			t.Errorf("%d: the linter finds %v, not %v", i, got, want)
		}
	}
	return trees
}

// TestDefectsNamed: the linter names each defect, before anybody meets it. It needs no cluster.
func TestDefectsNamed(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	w, err := e2e.Dry(t.Context(), root, t.TempDir(), certificate())
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range allDefects {
		ws, err := w.Build(t.Context(), of.cell)
		if err != nil {
			t.Fatal(err)
		}
		changed(t, t.Context(), ws, of.defects)
	}
}

// certificate is one to put into a spec.
func certificate() []byte {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

// testDefects makes each defect on the cluster: those that only the head's directory knows of side by side, the others one by one.
func testDefects(t *testing.T, ctx context.Context, w *e2e.World, loadHead func() error) {
	for _, of := range allDefects {
		t.Run(of.cell.Name(), func(t *testing.T) {
			if of.cell.HeadInCluster {
				if err := loadHead(); err != nil {
					t.Fatal(err)
				}
			}
			ws := open(t, ctx, w, of.cell)
			if of.cell.HeadInCluster {
				addConfig(t, ctx, ws)
			}
			if err := w.Store.PutBytes(ctx, "results-"+ws.Name, "input.txt", []byte("an input of another bucket\n")); err != nil {
				t.Fatal(err)
			}
			trees := changed(t, ctx, ws, of.defects)
			for _, alone := range []bool{false, true} {
				t.Run(map[bool]string{false: "head", true: "cluster"}[alone], func(t *testing.T) {
					if !alone {
						t.Run("none", func(t *testing.T) { testNone(t, ctx, ws, of.defects) })
					}
					for i, d := range of.defects {
						if d.alone() == alone {
							t.Run(fmt.Sprintf("%d %s", i, d.rules), func(t *testing.T) { testDefect(t, ctx, ws, trees[i], d) })
						}
					}
				})
			}
		})
	}
}

func testDefect(t *testing.T, ctx context.Context, ws, tree *e2e.Workspace, d defect) {
	fill := strings.NewReplacer("%s", ws.Name)
	evidence := fill.Replace(d.sees)
	if d.alone() {
		defer func() {
			kubectl(t, ctx, ws, fill.Replace(d.undoes))
			if objects := filepath.Join(tree.Dir, extraObjects); slices.ContainsFunc(d.edits, func(e edit) bool { return e.file == extraObjects }) {
				kubectl(t, ctx, ws, "delete --ignore-not-found -f "+objects)
			}
			if err := ws.Apply(ctx); err != nil {
				t.Error(err)
			}
		}()
	} else {
		t.Parallel()
	}
	seen := ""
	if d.made == nil || d.alone() {
		if _, _, err := ws.World.Cluster.Kubectl(ctx, "", "apply", "-k", tree.Dir); err != nil {
			seen = err.Error()
		}
	}
	if d.made != nil && seen == "" {
		kubectl(t, ctx, ws, fill.Replace(d.does))
		seen = d.made(t, ctx, tree, evidence)
	}
	before, after, found := strings.Cut(seen, evidence)
	if !found {
		t.Errorf("nobody reads %q:\n%s", evidence, seen)
		return
	}
	rest, _, _ := strings.Cut(after, "\n")
	t.Log(strings.TrimSpace(before[strings.LastIndexByte(before, '\n')+1:] + evidence + rest))
}

// testNone: nobody sees any of it in the good tree.
func testNone(t *testing.T, ctx context.Context, ws *e2e.Workspace, defects []defect) {
	t.Parallel()
	tree, err := ws.Copy(filepath.Join(ws.World.Dir, "defects", ws.Name+"-none"))
	if err != nil {
		t.Fatal(err)
	}
	seen := ""
	if ws.Cell.HeadInCluster {
		seen = headRuns(t, ctx, tree, "Job completed")
	} else {
		seen = run("smoke")(t, ctx, tree, "succeededCount=4; failedCount=0")
	}
	if !strings.Contains(seen, "Job completed") && !strings.Contains(seen, "succeededCount=4; failedCount=0") {
		t.Errorf("the good tree does not run:\n%s", seen)
	}
	seen += daemon("fuse-device-plugin")(t, ctx, ws, "Name:") + daemon("fusion-node")(t, ctx, ws, "Name:")
	for _, d := range defects {
		if evidence := strings.ReplaceAll(d.sees, "%s", ws.Name); strings.Contains(seen, evidence) {
			t.Errorf("%s: %q is read in the good tree, too", d.rules, evidence)
		}
	}
}

// kubectl runs commands that stand on lines of their own.
func kubectl(t *testing.T, ctx context.Context, ws *e2e.Workspace, commands string) {
	t.Helper()
	for line := range strings.Lines(commands) {
		if _, _, err := ws.World.Cluster.Kubectl(ctx, "", strings.Fields(line)...); err != nil {
			t.Error(err)
		}
	}
}
