package rules

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var referenceDangling = lint.Rule{
	ID: "FG607", Slug: "reference-dangling", Severity: lint.Error, Since: "0.1",
	Summary: "the head's pod names a ConfigMap, a volume, a profile or a configuration file that does not exist",
	Check:   checkReferences,
}

func checkReferences(set *lint.Setup, report *lint.Reporter) {
	see := newSight(set)
	for _, o := range headPods(set) {
		checkVolumes(report, o)
		checkCommand(set, see, report, o)
		for _, n := range configMapsOf(o) {
			if !n.Known() || len(see.named(o, "ConfigMap", o.Namespace, n.Value)) > 0 {
				continue
			}
			candidates := names(set, "ConfigMap", o.Namespace)
			if len(candidates) == 0 {
				candidates = names(set, "ConfigMap", "") // of another namespace
			}
			const consequence = "the pod stays in ContainerCreating for ever"
			hashed := regexp.MustCompile("^" + regexp.QuoteMeta(n.Value) + "-[0-9a-z]{10}$")
			if i := slices.IndexFunc(candidates, hashed.MatchString); i >= 0 {
				report.At(n, "set generatorOptions: {disableNameSuffixHash: true}, or make the head part of the kustomization",
					"%s uses the ConfigMap %s, which kustomize's generator names %s: %s", o.ID(), n.Value, candidates[i], consequence)
				continue
			}
			missing(set, report, n, candidates, "%s uses the ConfigMap %s, which does not exist: %s", o.ID(), n.Value, consequence)
		}
	}
}

// configMapsOf are the names of the ConfigMaps that a workload needs.
func configMapsOf(o *lint.Object) []*lint.Node {
	var out []*lint.Node
	add := func(n *lint.Node) {
		if n.Get("name") != nil && !n.Get("optional").IsTrue() {
			out = append(out, n.Get("name"))
		}
	}
	for _, v := range o.PodSpec().Get("volumes").List() {
		add(v.Get("configMap"))
		for _, s := range v.Get("projected", "sources").List() {
			add(s.Get("configMap"))
		}
	}
	for _, c := range o.PodSpec().Get("containers").List() {
		for _, e := range c.Get("envFrom").List() {
			add(e.Get("configMapRef"))
		}
		for _, e := range c.Get("env").List() {
			add(e.Get("valueFrom", "configMapKeyRef"))
		}
	}
	return out
}

// checkVolumes: a mount of a volume that the pod does not have is refused.
func checkVolumes(report *lint.Reporter, o *lint.Object) {
	volumes := o.PodSpec().Get("volumes")
	if o.Get("spec", "volumeClaimTemplates") != nil {
		return
	}
	for _, c := range o.PodSpec().Get("containers").List() {
		for _, m := range c.Get("volumeMounts").List() {
			if n := m.Get("name"); n.Known() && volumes.Find("name", n.Value) == nil && !anyUnknown(volumes) {
				report.At(n, "name one of the pod's volumes", "%s mounts the volume %s, which it does not have: the API server refuses it", o.ID(), n.Value)
			}
		}
	}
}

func anyUnknown(list *lint.Node) bool {
	return slices.ContainsFunc(list.List(), func(n *lint.Node) bool { return !n.Get("name").Known() })
}

// checkCommand: the profiles that a head's command names are those of the configuration, and its configuration file is in the
// ConfigMap that is mounted there.
func checkCommand(set *lint.Setup, see sight, report *lint.Reporter, o *lint.Object) {
	profiles := map[string]bool{"standard": true}
	for _, c := range set.Configs {
		for _, name := range c.NF.Profiles() {
			profiles[name] = true
		}
	}
	for _, c := range o.PodSpec().Get("containers").List() {
		words := slices.Concat(c.Get("command").List(), c.Get("args").List())
		alone := slices.ContainsFunc(words, func(w *lint.Node) bool { return w.Text() == "-C" }) // else the pipeline's own profiles count, too
		for i := 0; i+1 < len(words); i++ {
			value := words[i+1]
			switch words[i].Text() {
			case "-profile":
				for _, name := range strings.Split(value.Text(), ",") {
					if alone && value.Known() && len(profiles) > 1 && !profiles[name] {
						report.At(value, "name one of "+english(slices.Sorted(maps.Keys(profiles))), "%s runs with the profile %s, which its configuration does not have: Nextflow ends at once", o.ID(), name)
					}
				}
			case "-c", "-C":
				checkConfigFile(see, report, o, c, value)
			}
		}
	}
}

// checkConfigFile looks into the ConfigMap that is mounted where a configuration file is read from.
func checkConfigFile(see sight, report *lint.Reporter, o *lint.Object, container, file *lint.Node) {
	official := nextflows(container)
	mounted := slices.ContainsFunc(container.Get("volumeMounts").List(), func(m *lint.Node) bool {
		at := m.Get("mountPath")
		return !at.Known() || file.Text() == at.Value || strings.HasPrefix(file.Text(), strings.TrimRight(at.Value, "/")+"/")
	})
	if official && !mounted && path.IsAbs(file.Text()) {
		report.At(file, "mount a ConfigMap there", "%s reads %s, but mounts nothing there: Nextflow ends at once", o.ID(), file.Value)
	}
	for _, m := range container.Get("volumeMounts").List() {
		volume := o.PodSpec().Get("volumes").Find("name", m.Get("name").Text())
		if empty := volume != nil && (len(volume.Fields) == 1 || volume.Get("emptyDir") != nil); official && empty && m.Get("mountPath").Text() == path.Dir(file.Text()) && o.PodSpec().Get("initContainers") == nil {
			report.At(file, "make the volume one of a ConfigMap", "%s reads %s from a volume that is empty: Nextflow ends at once", o.ID(), file.Value).See(volume, "the volume")
		}
		name := volume.Get("configMap", "name")
		if m.Get("mountPath").Text() != path.Dir(file.Text()) || m.Get("subPath") != nil || !name.Known() || volume.Get("configMap", "items") != nil {
			continue
		}
		for _, cm := range see.named(o, "ConfigMap", o.Namespace, name.Value) {
			if data := orNode(cm.Get("data"), cm.Node); cm.Get("binaryData") == nil && cm.Get("data", path.Base(file.Value)) == nil {
				report.At(file, "name a key of the ConfigMap", "%s reads %s, but the ConfigMap %s has no %s: Nextflow ends at once", o.ID(), file.Value, name.Value, path.Base(file.Value)).See(data, "its keys")
			}
		}
	}
}
