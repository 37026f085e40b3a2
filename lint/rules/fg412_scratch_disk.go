package rules

import "github.com/fusiongen/fusiongen/lint"

var scratchDisk = lint.Rule{
	ID: "FG412", Slug: "scratch-disk", Severity: lint.Warning, Since: "0.1",
	Summary: "the disk directive asks for less than the task's volumes take, or for more than the nodes have",
	Check:   checkScratchDisk,
}

func checkScratchDisk(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		limit := t.scratch().Get("emptyDir", "sizeLimit")
		volume, hasVolume := quantity(limit)
		for _, s := range t.directives("disk") {
			at := s.Value
			if v := at.Get("request"); v != nil {
				at = v
			}
			disk, ok := memory(at)
			if !ok {
				continue
			}
			if hasVolume && disk < volume {
				report.At(at, "ask for as much as the emptyDir's sizeLimit, or leave the directive out", "disk becomes the pod's ephemeral-storage request and limit (%s), and its emptyDir at /tmp (up to %s) counts: kubelet evicts the pod before the volume is full", gibs(disk), gibs(volume)).
					See(limit, "the volume's limit")
			}
			for _, p := range pools(set) {
				n, least := p.localNVMe()
				if n != nil && least > 0 && t.fits(p) && disk > int64(least)*gib*95/100 {
					report.At(at, "ask for less, or raise the requirement of the pool", "disk asks for %s, and the pool %s may start nodes with little more than %d GiB, a part of which the node keeps: Karpenter starts node after node on which the pod does not fit", gibs(disk), p.Name, least).
						See(n, "the least size")
				}
			}
		}
	}
}
