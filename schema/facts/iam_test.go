package facts

import (
	"strings"
	"testing"
)

// TestActions: every grant that we make is an action of the table on a resource that it takes; no operation's name is.
func TestActions(t *testing.T) {
	equal := func(pattern, text string) bool { return pattern == text }
	for _, g := range Grants() {
		found := ActionsLike(g.Action, equal)
		if len(found) != 1 || !strings.Contains(strings.Join(found[0].Resources, " "), g.On) {
			t.Errorf("%s on %s: %+v", g.Action, g.On, found)
		}
	}
	for operation := range strings.FieldsSeq("s3:CopyObject s3:HeadObject s3:HeadBucket s3:ListObjects s3:ListObjectsV2 s3:UploadPart s3:ListParts s3:DeleteObjects s3:GetBucketEncryption") {
		if len(ActionsLike(operation, equal)) != 0 {
			t.Errorf("%s is an action after all", operation)
		}
		meant := MeantAction(operation)
		if len(meant) == 0 {
			t.Errorf("nothing is meant by %s", operation)
		}
		for _, m := range meant {
			if len(ActionsLike(m, equal)) != 1 {
				t.Errorf("%s leads to %s, which is no action", operation, m)
			}
		}
	}
	if len(Actions("S3")) < 150 || len(Actions("nothing")) != 0 {
		t.Error("services are not found by name")
	}
}

// TestHasKey: s3:prefix exists for lists only; a key that we do not know is not judged.
func TestHasKey(t *testing.T) {
	for _, c := range []struct {
		key, action string
		want        bool
	}{
		{"s3:prefix", "ListBucket", true}, {"S3:Prefix", "GetObject", false}, {"s3:RequestObjectTag/team", "PutObject", true},
		{"s3:RequestObjectTag/team", "GetObject", false}, {"aws:SecureTransport", "GetObject", true}, {"s3:ResourceAccount", "GetObject", true},
	} {
		if got := HasKey(c.key, Action{Service: "s3", Name: c.action}); got != c.want {
			t.Errorf("%s has %s: %v", c.action, c.key, got)
		}
	}
}
