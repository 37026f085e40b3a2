package rules

import "github.com/fusiongen/fusiongen/lint"

var cacheSize = lint.Rule{
	ID: "FG410", Slug: "cache-size", Severity: lint.Error, Since: "0.1",
	Summary: "Fusion's cache may grow beyond the volume that it lies in",
	Check:   checkCacheSize,
}

func checkCacheSize(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		at := t.Get("fusion.cacheSize")
		cache, ok := memory(at)
		if !ok {
			continue
		}
		scratch := t.scratch()
		limits := []struct {
			at   *lint.Node
			size int64
			what string
		}{
			{at: scratch.Get("emptyDir", "sizeLimit"), what: "the emptyDir at /tmp has"},
			{at: scratch.Get("csi", "volumeAttributes", "size"), what: "the volume at /tmp has"},
			{at: t.directive("disk"), what: "the disk directive gives the pod"},
		}
		for _, l := range limits {
			size, known := quantity(l.at)
			if !known {
				size, known = memory(l.at)
			}
			if !known || cache < size {
				continue
			}
			report.At(at, "set fusion.cacheSize to 90 % of it or less, for tools keep files in /tmp too",
				"the cache may grow to %s, and %s %s: kubelet evicts the pod in the middle of its task", gibs(cache), l.what, gibs(size)).See(l.at, "the limit")
		}
	}
}
