package rules

import (
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

// memoryText is what Nextflow takes for a size (MemoryUnit.groovy): a number and a unit of one letter, with or without B.
var memoryText = regex.Lazy(`^([0-9]+(?:\.[0-9]+)?)\s*\.?\s*([bBkKmMgGtTpPeEzZ])?[bB]?$`)

// memory is a size of nextflow.config in bytes; Nextflow's units are powers of 1024. It is false for what is unknown or none.
func memory(n *lint.Node) (int64, bool) {
	if !n.Known() {
		return 0, false
	}
	m := memoryText().FindStringSubmatch(strings.TrimSpace(n.Value))
	if m == nil {
		return 0, false
	}
	value, err := strconv.ParseFloat(m[1], 64)
	for range max(0, strings.IndexByte("BKMGTPEZ", strings.ToUpper(m[2] + "B")[0])) {
		value *= 1024
	}
	return int64(value), err == nil
}

// quantity is a Kubernetes quantity in bytes, false for what is unknown or none.
func quantity(n *lint.Node) (int64, bool) {
	if !n.Known() {
		return 0, false
	}
	q, err := resource.ParseQuantity(n.Value)
	return q.Value(), err == nil
}

const gib = 1 << 30

// gibs writes bytes as GiB.
func gibs(bytes int64) string {
	return strings.TrimSuffix(strconv.FormatFloat(float64(bytes)/gib, 'f', 1, 64), ".0") + " GiB"
}
