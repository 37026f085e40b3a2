package lint

import (
	"bytes"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/fusiongen/fusiongen/schema/regex"
)

// form is what a document is.
type form int

const (
	formObject        form = iota // Kubernetes
	formKustomization             // kustomization file
	formPolicy                    // IAM policy document
	formConfig                    // nextflow.config
	formSpec                      // workspace spec
	formUserData                  // of a node, neither YAML nor JSON
	formData                      // another mapping of interest: compute environment, lifecycle
)

func interesting(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json", ".config", ".cue", ".md", ".markdown", ".toml", ".sh", ".mime":
		return true
	}
	return name == "Kustomization"
}

// manifest says whether a name alone says that a file is a document of ours.
func manifest(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return isKustomization(name) || path.Base(name) == "nextflow.config"
}

// sniff guesses the extension of a text without a name.
func sniff(src []byte) string {
	switch trimmed := bytes.TrimSpace(src); {
	case bytes.HasPrefix(trimmed, []byte("{")), bytes.HasPrefix(trimmed, []byte("[")):
		return ".json"
	case bytes.Contains(src, []byte("\n```")):
		return ".md"
	case bytes.Contains(src, []byte("apiVersion:")):
		return ".yaml"
	case LooksLikeSpec(src):
		return ".cue"
	case settingsTable().Match(src):
		return ".toml"
	case looksLikeConfig(src):
		return ".config"
	}
	return ".yaml"
}

// unreadable is why a file is no text, or "".
func unreadable(f *File) string {
	if bytes.IndexByte(f.Src[:min(len(f.Src), 8000)], 0) >= 0 {
		return "this file is binary"
	}
	if !utf8.Valid(f.Src) {
		return "this file is not UTF-8"
	}
	return ""
}

// formOf tells what a mapping is by its fields.
func formOf(name string, n *Node) (form, bool) {
	has := func(keys ...string) bool {
		for _, k := range keys {
			if n.Get(k) == nil {
				return false
			}
		}
		return true
	}
	switch {
	case n != nil && n.Kind == List && n.Items != nil && n.Items[0].Get("Key") != nil && n.Items[0].Get("Value") != nil:
		return formData, true // tags of an auto-scaling group
	case n == nil || n.Kind != Map:
		return 0, false
	case isKustomization(name), n.Get("kind").Text() == "Kustomization" && strings.HasPrefix(n.Get("apiVersion").Text(), "kustomize.config.k8s.io"):
		return formKustomization, true
	case has("apiVersion", "kind"), has("kind", "metadata"):
		return formObject, true
	case has("Statement"):
		return formPolicy, true
	case has("cluster", "storage"):
		return formSpec, true
	}
	return formData, true
}

var configScope = regex.Lazy(`(?m)^\s*(?:process|params|profiles|k8s|fusion|wave|aws|docker|executor|includeConfig|plugins|tower|env|manifest|workDir)\b\s*[\s{.=(]`)

func looksLikeConfig(src []byte) bool { return configScope().Match(src) }

var specField = regex.Lazy(`(?m)^\s*(cluster|storage)\b`)

// LooksLikeSpec says whether a text has the two blocks that no workspace spec does without, and is no CUE of another purpose.
func LooksLikeSpec(src []byte) bool {
	return !bytes.Contains(src, []byte("\npackage ")) && !bytes.HasPrefix(src, []byte("package ")) && len(specField().FindAll(src, 2)) == 2
}
