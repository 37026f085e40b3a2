package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var imageUnpinned = lint.Rule{
	ID: "FG307", Slug: "image-unpinned", Severity: lint.Warning, Since: "0.1",
	Summary: "the image of a node part has no digest",
	Check:   checkImageUnpinned,
}

// checkImageUnpinned is silent on fusiongen's own image: build says itself when it has no digest.
func checkImageUnpinned(set *lint.Setup, report *lint.Reporter) {
	for _, p := range fuseParts(set) {
		for _, list := range [...]string{"initContainers", "containers"} {
			for _, c := range p.PodSpec().Get(list).List() {
				image := c.Get("image")
				if !image.Known() || strings.Contains(image.Value, "@sha256:") || strings.HasPrefix(image.Value, "ghcr.io/fusiongen/") {
					continue
				}
				_, tag, tagged := strings.Cut(image.Value[strings.LastIndexByte(image.Value, '/')+1:], ":")
				f := report.At(image, "write the image as NAME:TAG@sha256:DIGEST", "the %s %s runs what the tag %s names when a node starts: nodes can differ, and whoever can push the tag runs code on each of them", p.Role, p.Name, tag)
				if !tagged || tag == "latest" {
					continue
				}
				f.As(lint.Hint)
			}
		}
	}
}
