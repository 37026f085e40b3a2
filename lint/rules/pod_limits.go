package rules

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/fusiongen/fusiongen/lint"
)

// quantityRefusals are amounts of resources that are none.
func quantityRefusals(c *lint.Node, add func(*lint.Node, string, string)) {
	for _, list := range [...]string{"requests", "limits"} {
		amounts := c.Get("resources", list)
		if amounts == nil {
			continue
		}
		for _, f := range amounts.Fields {
			if _, err := resource.ParseQuantity(f.Value.Text()); f.Value.Known() && err != nil {
				add(f.Value, "an amount of "+f.Key.Value+" is none that Kubernetes reads", "write a quantity, such as 10m or 64Mi")
			}
		}
	}
}

// probeRefusals are probes that ask nothing, or at no port.
func probeRefusals(c *lint.Node, add func(*lint.Node, string, string)) {
	for _, name := range [...]string{"livenessProbe", "readinessProbe", "startupProbe"} {
		probe := c.Get(name)
		if probe == nil {
			continue
		}
		handlers := 0
		for _, kind := range [...]string{"httpGet", "tcpSocket", "grpc", "exec"} {
			h := probe.Get(kind)
			if h == nil {
				continue
			}
			handlers++
			if kind != "exec" && h.Get("port") == nil {
				add(h, "a probe names no port", "write the port")
			}
		}
		if handlers != 1 {
			add(probe, "a probe asks exactly one thing", "write httpGet, tcpSocket, grpc or exec")
		}
	}
}

// rolloutRefusals are ways to replace a DaemonSet's pods that Kubernetes does not have.
func rolloutRefusals(o *lint.Object) []refusal {
	var out []refusal
	strategy := o.Get("spec", "updateStrategy")
	if kind := strategy.Get("type"); kind.Known() && kind.Value != "RollingUpdate" && kind.Value != "OnDelete" {
		out = append(out, refusal{kind, "there is no such update strategy", "write RollingUpdate"})
	}
	for _, name := range [...]string{"maxUnavailable", "maxSurge"} {
		n := strategy.Get("rollingUpdate", name)
		if n.Known() && strings.Trim(strings.TrimSuffix(n.Value, "%"), "0123456789") != "" {
			out = append(out, refusal{n, name + " is a number of pods or a percentage", "write 10%"})
		}
	}
	return out
}
