package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var nfOptionValue = lint.Rule{
	ID: "FG506", Slug: "nf-option-value", Severity: lint.Error, Since: "0.1",
	Summary: "an option has a value that Nextflow cannot use, or takes for another",
	Check:   checkOptionValue,
}

// choices are options that take one of a few words, as they must be spelled.
var choices = map[string][]string{
	"k8s.computeResourceType":      {"Pod", "Job"},
	"k8s.imagePullPolicy":          {"Always", "IfNotPresent", "Never"},
	"k8s.pullPolicy":               {"Always", "IfNotPresent", "Never"},
	"aws.client.storageEncryption": {"AES256", "aws:kms"},
	"aws.client.storageClass":      {"STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "REDUCED_REDUNDANCY", "EXPRESS_ONEZONE"},
	"wave.scan.mode":               {"none", "async", "required"},
	"wave.build.compression.mode":  {"gzip", "estargz", "zstd"},
}

var urls = []string{"aws.client.endpoint", "wave.endpoint", "tower.endpoint"}

var dnsLabel = regex.Lazy(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
var durationText = regex.Lazy(`^\s*(?:\d+(?:\.\d+)?\s*\.?\s*(?:ms|milli|millis|s|sec|second|seconds|m|min|minute|minutes|h|hour|hours|d|day|days)\s*)+$`)
var quantityText = regex.Lazy(`^(\d+)([KMGT])i$`)

func checkOptionValue(set *lint.Setup, report *lint.Reporter) {
	kinds := map[string]string{}
	for _, o := range facts.Options() {
		kinds[o.Name] = o.Type
	}
	for _, c := range set.Configs {
		for _, s := range flat(c) {
			if !s.value.Unknown() && s.value.Kind != lint.Null {
				checkValue(s, kinds[s.name], report)
			}
		}
	}
}

func checkValue(s flatSetting, kind string, report *lint.Reporter) {
	n := s.value
	words, choice := choices[s.name]
	switch {
	case choice && !slices.Contains(words, n.Value):
		f := report.At(n, "write "+strings.Join(words, " or "), "%s does not take %q: %s", s.name, n.Value, consequence(s.name))
		for _, w := range words {
			if strings.EqualFold(w, n.Value) {
				f.Unsafe(lint.Replace(n, w))
			}
		}
	case slices.Contains(urls, s.name) && n.Kind == lint.String && !strings.HasPrefix(n.Value, "http://") && !strings.HasPrefix(n.Value, "https://") && n.Value != "":
		report.At(n, "write the whole URL, https:// first", "%s needs a URL with its scheme, and %q has none: Nextflow stops with an error", s.name, n.Value)
	case (s.name == "k8s.namespace" || s.name == "k8s.serviceAccount") && n.Kind == lint.String && !dnsLabel().MatchString(strings.ReplaceAll(n.Value, ".", "")):
		report.At(n, "write lower-case letters, digits and hyphens", "%q is no name of a Kubernetes object: the API server refuses every task", n.Value)
	case kind == "boolean" && n.Kind == lint.String && n.Value != "true":
		report.At(n, "write true or false without quotes", "%s gets the text %q, and Groovy takes any text but the empty one for true", s.name, n.Value)
	case kind == "memory" && n.Kind != lint.Number:
		if _, ok := memory(n); ok {
			return
		}
		f := report.At(n, "write a size of Nextflow, such as '200 GB' (2^30 bytes each)", "%s: Nextflow cannot read the size %q and stops with an error", s.name, n.Value)
		if m := quantityText().FindStringSubmatch(n.Value); m != nil {
			f.Safe(lint.Replace(n, m[1]+" "+m[2]+"B"))
		}
	case kind == "duration" && n.Kind == lint.String && !durationText().MatchString(n.Value):
		if _, err := strconv.Atoi(n.Value); err != nil {
			report.At(n, "write a duration of Nextflow, such as '50m' or '2 h'", "%s: Nextflow cannot read the duration %q and stops with an error", s.name, n.Value)
		}
	case kind == "integer" && n.Kind == lint.String:
		if _, err := strconv.Atoi(n.Value); err != nil {
			report.At(n, "write a whole number", "%s needs a whole number, not %q: Nextflow stops with an error", s.name, n.Value)
		}
	case s.name == "k8s.pod" && n.Kind != lint.List && n.Kind != lint.Map:
		report.At(n, "write a list of maps: [[mountPath: '/tmp', emptyDir: [:]]]", "k8s.pod takes a list of maps: Nextflow stops with an error")
	}
}

func consequence(name string) string {
	switch name {
	case "k8s.computeResourceType":
		return "Nextflow compares it with Job to the letter, and makes Pods of everything else"
	case "k8s.imagePullPolicy", "k8s.pullPolicy":
		return "the API server refuses every task pod"
	case "aws.client.storageEncryption", "aws.client.storageClass":
		return "S3 refuses every write"
	}
	return "Wave refuses the request"
}
