package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var deviceTwice = lint.Rule{
	ID: "FG321", Slug: "device-twice", Severity: lint.Error, Since: "0.1",
	Summary: "two plugins offer the same device on the same nodes",
	Check:   checkDeviceTwice,
}

func checkDeviceTwice(set *lint.Setup, report *lint.Reporter) {
	all := devices(set)
	for i, a := range all {
		for _, b := range all[:i] {
			if a.Name == "" || a.Name != b.Name || a.Root != b.Root || a.ID() == b.ID() || apart(a.Object, b.Object) {
				continue
			}
			why := "kubelet keeps the last one to register and drops the other's devices, so that pods die with UnexpectedAdmissionError"
			if a.Kind == "DeviceClass" || b.Kind == "DeviceClass" {
				why = "a node must not get one resource from a device plugin and from DRA: its pods are scheduled by the one and refused by the other"
			}
			report.At(a.At, "keep one of them, or part their nodes by nodeSelector", "%s and %s both offer %s: %s", b.ID(), a.ID(), a.Name, why).
				See(b.At, "offers %s too", a.Name)
		}
	}
}

// apart says whether two DaemonSets choose nodes by other values of one label, so that they never meet.
func apart(a, b *lint.Object) bool {
	for _, l := range selectorOf(a.PodSpec().Get("nodeSelector")) {
		for _, m := range selectorOf(b.PodSpec().Get("nodeSelector")) {
			if l.Key == m.Key && !strings.EqualFold(l.Value, m.Value) {
				return true
			}
		}
	}
	return false
}
