package rules

import (
	"slices"
	"strconv"

	"github.com/fusiongen/fusiongen/lint"
)

var overlayMismatch = lint.Rule{
	ID: "FG702", Slug: "overlay-mismatch", Severity: lint.Error, Since: "0.1",
	Summary: "a NodeOverlay speaks of another FUSE device, or another number, than the device plugin offers",
	Check:   checkOverlayMismatch,
}

func checkOverlayMismatch(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		name, at := t.device()
		all := overlays(set, name)
		if !t.unprivileged() || name == "" || len(all) == 0 || slices.ContainsFunc(all, func(o overlay) bool { return o.Field.Key.Value == name }) {
			continue
		}
		o := all[0]
		f := report.At(o.Field.Key, "write "+name, "the overlay promises %s, and tasks ask for %s: Karpenter starts no node for them, and their pods stay Pending", o.Field.Key.Value, name)
		f.See(at, "asked for here")
		f.Unsafe(lint.Replace(o.Field.Key, name))
	}
	for _, o := range overlays(set, defaultDevice) {
		for _, d := range devices(set) {
			n := o.Field.Value
			count, err := strconv.Atoi(n.Text())
			switch {
			case d.Name != o.Field.Key.Value || d.Count == 0 || n.Unknown() || d.Root != o.Root:
			case err != nil || count < 1:
				report.At(n, "write \""+strconv.Itoa(d.Count)+"\"", "%q is no number of devices: the API server refuses the overlay, or Karpenter starts no node", n.Value)
			case count != d.Count:
				report.At(n, "write \""+strconv.Itoa(d.Count)+"\"", "the overlay promises %d devices of %s on a node, and the plugin offers %d: Karpenter plans for pods that do not fit, or starts more nodes than needed", count, d.Name, d.Count).
					As(lint.Warning).See(d.At, "the plugin's number").Safe(lint.Replace(n, strconv.Itoa(d.Count)))
			}
		}
	}
}
