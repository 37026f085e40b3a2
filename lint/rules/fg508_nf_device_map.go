package rules

import (
	"strconv"

	"github.com/fusiongen/fusiongen/lint"
)

var nfDeviceMap = lint.Rule{
	ID: "FG508", Slug: "nf-device-map", Severity: lint.Error, Since: "0.1",
	Summary: "k8s.fuseDevicePlugin is not a map with exactly one device, once",
	Check:   checkDeviceMap,
}

func checkDeviceMap(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		m := t.Get("k8s.fuseDevicePlugin")
		if m == nil || m.Unknown() {
			continue
		}
		const hint = "write ['nextflow.io/fuse': 1]"
		if m.Kind != lint.Map || len(m.Fields) != 1 {
			report.At(m, hint, "k8s.fuseDevicePlugin takes a map with exactly one entry: Nextflow warns and asks for %s instead, whatever is written here", defaultDevice)
			continue
		}
		count := m.Fields[0].Value
		switch n, err := strconv.Atoi(count.Text()); {
		case count.Unknown():
		case err != nil || n < 1:
			report.At(count, hint, "%q is no number of devices: the API server refuses every task pod", count.Value)
		case n > 1:
			report.At(count, hint, "the upstream device plugin answers a request for %d devices with %d answers, where kubelet reads one: ask for one device", n, n).
				As(lint.Warning).Safe(lint.Replace(count, "1"))
		}
	}
}
