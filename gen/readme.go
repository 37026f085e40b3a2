package gen

import (
	"bytes"
	_ "embed"
	"maps"
	"path"
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
	Platform                        *readmePlatform
}

// readmePlatform is what the page says of a compute environment.
type readmePlatform struct {
	EnvName, Dir, Access, IAM string
	PrincipalName, Kind       string // Kind is role or user
	Trust, API, Terraform     bool
	AwsAuthARN, User          string
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
	if ws.Consumer == "platform" {
		out.Platform = b.readmePlatform(u)
	}
	if len(nodeFiles(ws)) > 0 {
		out.UserData = "nodes/" + u.Name
	}
	if job := strings.TrimPrefix(Root(u.Name)+"/head/job.yaml", "./"); b.tree.files[job] != nil {
		out.HeadJob = job
	}
	return out
}

func (b *builder) readmePlatform(u schema.Environment) *readmePlatform {
	ws := u.Workspace
	p := &readmePlatform{EnvName: EnvName(ws), Dir: path.Join("platform", u.Name), Access: path.Join("access", u.Name), IAM: path.Join("iam", u.Name), Kind: "user", User: launcher(ws),
		API: slices.Contains(ws.Platform.Forms, "api"), Terraform: slices.Contains(ws.Platform.Forms, "terraform")}
	if ws.Platform.RolePrincipal() {
		p.Kind = "role"
	}
	p.PrincipalName = ws.Platform.Principal[strings.LastIndexByte(ws.Platform.Principal, '/')+1:]
	prefix, _, _ := strings.Cut(ws.Platform.Principal, ":"+p.Kind+"/")
	p.AwsAuthARN = prefix + ":" + p.Kind + "/" + p.PrincipalName
	if p.Kind == "user" {
		p.AwsAuthARN = ws.Platform.Principal
	}
	p.Trust = b.tree.files[p.IAM+"/platform-trust.json"] != nil
	return p
}

// Notes are what a person should know of a tree: one line each.
func Notes(ws *schema.Workspace, opts Options) []string {
	if image := Image(ws, opts); ws.Runtime.Mode == "open" && !strings.Contains(image, "@sha256:") {
		return []string{"the runtime image " + image + " has no digest; runtime.image of the spec pins one"}
	}
	return nil
}
