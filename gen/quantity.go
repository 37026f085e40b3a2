package gen

import (
	"strconv"

	"k8s.io/apimachinery/pkg/api/resource"
)

// memory is a Kubernetes quantity in Nextflow's memory units, which are binary: "100Gi" is "102400 MB".
func memory(quantity string) string {
	q := resource.MustParse(quantity) // the schema has checked its form
	return strconv.FormatInt((q.Value()+1<<20-1)>>20, 10) + " MB"
}
