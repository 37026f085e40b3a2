package gen

import "github.com/fusiongen/fusiongen/schema/policy"

// addIAM writes each unit's permission and trust documents. A head on a workstation has the user's own principal, so
// it has permissions and no trust.
func addIAM(b *builder) error {
	for _, u := range b.units() {
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
	return nil
}
