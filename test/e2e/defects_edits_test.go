package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fusiongen/fusiongen/test/e2e"
)

// An edit of a file of the tree. Without old text the file is new; old text that ends in … stands for all up to the file's end.
// %s is the workspace's name, %i the runtime's image, %d the world's directory.
type edit struct{ file, old, new string }

// The files that most edits are of.
const (
	config       = "nextflow.config"
	role         = "base/rbac/role.yaml"
	binding      = "base/rbac/role-binding.yaml"
	namespace    = "base/service-account/namespace.yaml"
	system       = "base/system/namespace.yaml"
	plugin       = "base/device-plugin/daemon-set.yaml"
	nodeVolumes  = "base/node-volumes/daemon-set.yaml"
	policy       = "base/admission/restricted.yaml"
	headJob      = "head/job.yaml"
	headConfig   = "base/nextflow/config-map.yaml"
	kustomize    = "kustomization.yaml"
	extraObjects = "extra.yaml"
)

// set puts an edit of nextflow.config: one text for another.
func set(old, text string) []edit { return []edit{{config, old, text}} }

// option puts one more entry into k8s.pod.
func option(entry string) []edit { return set("pod = [", "pod = [\n        "+entry+",") }

// add puts one more line at the configuration's end.
func add(line string) []edit { return set("\nfusion {", "\n"+line+"\nfusion {") }

// extra puts another file of objects into the tree.
func extra(objects string) []edit {
	return []edit{{kustomize, "resources:\n", "resources:\n  - " + extraObjects + "\n"}, {extraObjects, "", objects}}
}

// change makes the edits in a copy of the tree.
func (d defect) change(ws *e2e.Workspace, dir string) (*e2e.Workspace, error) {
	changed, err := ws.Copy(dir)
	if err != nil {
		return nil, err
	}
	fill := strings.NewReplacer("%s", ws.Name, "%i", ws.World.Tagged(), "%d", ws.World.Dir)
	for _, e := range d.edits {
		path, old := filepath.Join(dir, filepath.FromSlash(e.file)), fill.Replace(e.old)
		good, err := os.ReadFile(path)
		if err != nil && !(e.old == "" && errors.Is(err, os.ErrNotExist)) {
			return nil, err
		}
		before, after, found := strings.Cut(string(good), strings.TrimSuffix(old, "…"))
		if strings.HasSuffix(old, "…") {
			after = ""
		}
		if !found {
			return nil, fmt.Errorf("%s does not hold %q:\n%s", e.file, old, good)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, []byte(before+fill.Replace(e.new)+after), 0o644); err != nil {
			return nil, err
		}
	}
	return changed, nil
}
