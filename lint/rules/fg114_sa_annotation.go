package rules

import (
	"strconv"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
)

var accountAnnotation = lint.Rule{
	ID: "FG114", Slug: "sa-annotation", Severity: lint.Error, Since: "0.1",
	Summary: "an EKS annotation of a service account is unknown, or has a value that EKS ignores",
	Check:   checkAnnotations,
}

// accountAnnotations are those that EKS reads of a service account. Source: aws/amazon-eks-pod-identity-webhook, pkg/constants.go.
var accountAnnotations = []string{"role-arn", "audience", "sts-regional-endpoints", "token-expiration"}

func checkAnnotations(set *lint.Setup, report *lint.Reporter) {
	for _, sa := range set.Kind("ServiceAccount") {
		annotations := sa.Get("metadata", "annotations")
		if annotations == nil {
			continue
		}
		for i := range annotations.Fields {
			f := &annotations.Fields[i]
			prefix, name, _ := strings.Cut(f.Key.Value, "/")
			switch {
			case prefix != "eks.amazonaws.com" && !(strings.HasPrefix(prefix, "eks.amazon") && name != ""):
			case misspelt(annotations) == f || name == "role-arn" && prefix == "eks.amazonaws.com":
			case prefix != "eks.amazonaws.com" || !knownAnnotation(name):
				unknownAnnotation(report, f, prefix, name)
			default:
				checkAnnotationValue(report, name, f.Value)
			}
		}
	}
}

func knownAnnotation(name string) bool {
	for _, k := range accountAnnotations {
		if k == name {
			return true
		}
	}
	return name == "skip-containers" || name == "skip-pod-identity-webhook" || name == "pod-identity"
}

func unknownAnnotation(report *lint.Reporter, f *lint.Field, prefix, name string) {
	hint := "remove it; EKS reads eks.amazonaws.com/" + strings.Join(accountAnnotations, ", ")
	meant := name
	if !knownAnnotation(name) {
		meant = schema.Suggest(name, accountAnnotations)
	}
	if meant != "" {
		hint = "write eks.amazonaws.com/" + meant
	}
	found := report.At(f.Key, hint, "EKS does not know the annotation %s and ignores it", f.Key.Value)
	if meant != "" {
		found.Safe(replace(f.Key, "eks.amazonaws.com/"+meant)...)
	}
}

func checkAnnotationValue(report *lint.Reporter, name string, v *lint.Node) {
	if !v.Known() {
		return
	}
	switch name {
	case "sts-regional-endpoints":
		if _, err := strconv.ParseBool(v.Value); err != nil {
			report.At(v, `write "true" or "false"`, "%q is no boolean, so EKS ignores it", v.Value)
		} else if v.Kind == lint.Bool {
			report.At(v, `write it in quotes: "`+v.Value+`"`, "an annotation is a string, and the API server refuses the boolean %s", v.Value)
		}
	case "token-expiration":
		seconds, err := strconv.Atoi(v.Value)
		switch {
		case err != nil:
			report.At(v, "write seconds, 600 to 86400", "%q is no number of seconds, so EKS ignores it", v.Value)
		case seconds < 600:
			report.At(v, "write 600 to 86400", "tokens live at least 600 s: EKS takes 600 in place of %d", seconds).As(lint.Warning)
		case seconds > 86400:
			report.At(v, "write 600 to 86400", "EKS issues no token for longer than 86400 s, so pods of this account are not created")
		case v.Kind == lint.Number:
			report.At(v, `write it in quotes: "`+v.Value+`"`, "an annotation is a string, and the API server refuses the number %s", v.Value)
		}
	}
}
