package gen

import (
	"bytes"
	_ "embed"
	"maps"
	"slices"
	"strings"
	"text/template"

	"github.com/fusiongen/fusiongen/schema"
)

//go:embed readme.md.tmpl
var readmeText string

// readmeUnit is what the page says of one workspace.
type readmeUnit struct {
	Env, Root, Inject, Why, Image   string
	Unpinned                        bool
	WS                              *schema.Workspace
	Roles                           []readmeRole
	Associations                    []association
	OwnPrincipal, UserData, HeadJob string
	Token, CA, Bucket               string
}

type readmeRole struct{ Name, Path, Trust, Permissions string }

type association struct{ Cluster, Namespace, Account, Role, Region string }

func addReadme(b *builder) error {
	page, err := template.New("README.md").Parse(readmeText)
	if err != nil {
		return err
	}
	data := struct {
		Name, Source, Dir string
		Units             []readmeUnit
	}{Name: b.ws.Name, Source: b.source()}
	for _, u := range b.units() {
		data.Units = append(data.Units, b.readmeUnit(u))
	}
	var out bytes.Buffer
	if err := page.Execute(&out, data); err != nil {
		return err
	}
	b.tree.add("README.md", out.Bytes())
	return nil
}

func (b *builder) readmeUnit(u schema.Environment) readmeUnit {
	ws := u.Workspace
	out := readmeUnit{Env: u.Name, Root: Root(u.Name), Image: Image(ws, b.opts), WS: ws, Token: tokenFile(ws), CA: caFile(ws)}
	out.Inject, out.Why = Injection(ws)
	out.Unpinned = ws.Runtime.Mode == "open" && !strings.Contains(out.Image, "@sha256:")
	out.Bucket, _ = schema.Bucket(ws.Storage.Work)
	dir := "iam/"
	if u.Name != "" {
		dir += u.Name + "/"
	}
	for _, who := range roles(ws) {
		trust := dir + who + "-trust.json"
		if b.tree.files[trust] == nil {
			out.OwnPrincipal = dir + who + "-permissions.json"
			continue
		}
		role := ws.Identity.Head.Role
		if who == "task" {
			role = ws.Identity.Task.Role
		}
		name := role[strings.LastIndexByte(role, '/')+1:]
		path := strings.TrimSuffix(role, name)
		if path != "" {
			path = "/" + strings.TrimPrefix(path, "/")
		}
		out.Roles = append(out.Roles, readmeRole{Name: name, Path: path, Trust: trust, Permissions: dir + who + "-permissions.json"})
	}
	all := accounts(ws)
	for _, who := range slices.Sorted(maps.Keys(all)) {
		if all[who].ARN == "" {
			continue
		}
		out.Associations = append(out.Associations, association{ws.Cluster.Name, ws.Name, all[who].ServiceAccount, all[who].ARN, ws.Cluster.Region})
	}
	if len(nodeFiles(ws)) > 0 {
		out.UserData = "nodes/" + u.Name
	}
	if job := strings.TrimPrefix(Root(u.Name)+"/head/job.yaml", "./"); b.tree.files[job] != nil {
		out.HeadJob = job
	}
	return out
}

// Notes are what a person should know of a tree: one line each.
func Notes(ws *schema.Workspace, opts Options) []string {
	if image := Image(ws, opts); ws.Runtime.Mode == "open" && !strings.Contains(image, "@sha256:") {
		return []string{"the runtime image " + image + " has no digest; runtime.image of the spec pins one"}
	}
	return nil
}
