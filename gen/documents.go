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

// CheckSizes gives Diagnostics where a document is longer than IAM takes. A head with the user's own principal has its
// permissions as a managed policy, which may be shorter only.
func CheckSizes(ws *schema.Workspace) error {
	var diags schema.Diagnostics
	report := func(path, message, hint string) {
		diags = append(diags, schema.Diagnostic{Pos: ws.Source.Pos(path), Path: path, Message: message, Hint: hint})
	}
	for _, r := range Roles(ws) {
		limit, kind := policy.MaxInline, "the inline policies of a role have"
		if r.OwnPrincipal {
			limit, kind = policy.MaxManaged, "a managed policy has"
		}
		if n := policy.Size(r.Permissions); n > limit {
			report("storage", fmt.Sprintf("the permissions of the %s have %d characters; %s at most %d", r.Who, n, kind, limit),
				fmt.Sprintf("each of the %d places with a prefix of its own needs a statement to list it: name whole buckets, or one prefix for several inputs, or split the workspace",
					1+len(ws.Storage.Inputs)+len(ws.Storage.Publish)))
		}
		if n := policy.Size(r.Trust); n > policy.MaxTrust {
			report("identity", fmt.Sprintf("the trust policy of the %s has %d characters; IAM takes %d", r.Who, n, policy.MaxTrust), "give head and tasks a role each")
		}
	}
	if diags == nil {
		return nil
	}
	return diags
}
