package rules

import "github.com/fusiongen/fusiongen/lint"

// scratchRules are FG4: NVMe disks and what tasks keep on them.
func scratchRules() []lint.Rule {
	return []lint.Rule{
		nvmeNone, nvmeNoDisk, nvmePath, nvmeDoubleFormat, scratchMissing, scratchCreate, nvmeNotSure, scratchHostPath, nvmeGate,
		cacheSize, scratchMemory, scratchDisk, scratchClaim, nvmeMountStrategy, nvmeValue, bottlerocketBind, scratchQuantity,
		nvmeByName, nvmeForce, nvmePropagation, nvmeMountOptions, nodePatchUnbounded,
	}
}
