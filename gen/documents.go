package gen

import (
	"errors"
	"fmt"

	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/policy"
)

// addIAM writes each unit's permission and trust documents. A head on a workstation has the user's own principal, so
// it has permissions and no trust.
func addIAM(b *builder) error {
	var errs []error
	for _, u := range b.units() {
		if err := CheckSizes(u.Workspace); err != nil {
			errs = append(errs, err)
			continue
		}
		dir := "iam/"
		if u.Name != "" {
			dir += u.Name + "/"
		}
		for _, who := range roles(u.Workspace) {
			b.tree.add(dir+who+"-permissions.json", policy.Marshal(Permissions(u.Workspace, who)))
			if who == "task" || u.Workspace.Nextflow.Head == "cluster" || shared(u.Workspace) {
				b.tree.add(dir+who+"-trust.json", policy.Marshal(Trust(u.Workspace, who)))
			}
		}
	}
	return errors.Join(errs...)
}

// CheckSizes gives Diagnostics where a document is longer than IAM takes.
func CheckSizes(ws *schema.Workspace) error {
	var diags schema.Diagnostics
	for _, who := range roles(ws) {
		if n := policy.Size(Permissions(ws, who)); n > policy.MaxInline {
			diags = append(diags, schema.Diagnostic{Pos: ws.Source.Pos("storage"), Path: "storage",
				Message: fmt.Sprintf("the permissions of the %s have %d characters; the inline policies of a role have at most %d", who, n, policy.MaxInline),
				Hint: fmt.Sprintf("each of the %d places with a prefix of its own needs a statement to list it: name whole buckets, or one prefix for several inputs, or split the workspace",
					1+len(ws.Storage.Inputs)+len(ws.Storage.Publish))})
		}
		if n := policy.Size(Trust(ws, who)); n > policy.MaxTrust {
			diags = append(diags, schema.Diagnostic{Pos: ws.Source.Pos("identity"), Path: "identity",
				Message: fmt.Sprintf("the trust policy of the %s has %d characters; IAM takes %d", who, n, policy.MaxTrust), Hint: "give head and tasks a role each"})
		}
	}
	if diags == nil {
		return nil
	}
	return diags
}
