package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
)

var overlayMissing = lint.Rule{
	ID: "FG701", Slug: "overlay-missing", Severity: lint.Error, Since: "0.1",
	Summary: "Karpenter starts no node for the FUSE device: no NodeOverlay tells it of the device",
	Check:   checkOverlayMissing,
}

func checkOverlayMissing(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		name, at := t.device()
		if !t.unprivileged() || name == "" || len(overlays(set, name)) > 0 { // FG702 compares those
			continue
		}
		for _, p := range pools(set) {
			if p.auto() || !t.fits(p) || staticNodes(set) {
				continue
			}
			report.At(p.NameNode(), "add a NodeOverlay (karpenter.sh/v1alpha1, feature gate NodeOverlay=true) with capacity "+name+": \"1000\"",
				"Karpenter knows no instance type that has %s, and starts no node of the pool %s for a task: its pod stays Pending", name, p.Name).See(at, "asked for here")
		}
	}
}

// overlay is a NodeOverlay that says how many FUSE devices nodes will have.
type overlay struct {
	*lint.Object
	Field *lint.Field // of spec.capacity
}

// overlays are those that speak of the device, or of one that it was meant to be.
func overlays(set *lint.Setup, name string) []overlay {
	var out []overlay
	for _, o := range set.Kind("NodeOverlay") {
		capacity := o.Get("spec", "capacity")
		if capacity == nil {
			continue
		}
		for i := range capacity.Fields {
			if key := capacity.Fields[i].Key.Value; strings.Contains(key, "fuse") || schema.Suggest(key, []string{name}) != "" {
				out = append(out, overlay{o, &capacity.Fields[i]})
			}
		}
	}
	return out
}

// staticNodes says whether node groups that are always there are part of the set-up.
func staticNodes(set *lint.Setup) bool {
	return slices.ContainsFunc(set.Kind("ClusterConfig"), func(o *lint.Object) bool {
		return len(o.Get("managedNodeGroups").List())+len(o.Get("nodeGroups").List()) > 0
	})
}
