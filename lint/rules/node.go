package rules

import "github.com/fusiongen/fusiongen/lint"

// nodeRules are FG7: nodes and autoscaling.
func nodeRules() []lint.Rule {
	return []lint.Rule{
		overlayMissing, overlayMismatch, overlayApart, asgTag, noNodeFits, nodeNeverEnds, taskDisrupted, cpuLimits, kueueResource, kueueQueue,
		archLayer, nodeClassDangling, noInstanceFits, podQuota, nodeObjectInvalid, nodeClassUnused,
	}
}
