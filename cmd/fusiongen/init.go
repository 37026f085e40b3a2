package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/fusiongen/fusiongen/schema"
)

var initCommand = command{
	name: "init", args: "", summary: "write a first spec: from questions, flags, or the JSON of aws eks describe-cluster",
	example: `fusiongen init > spec.cue
aws eks describe-cluster --name research | fusiongen init --work s3://acme-work/demo > spec.cue
fusiongen init --name demo --cluster research --account 123456789012 --region eu-west-1 --oidc EXAMPLED539D4633E53DE1B71EXAMPLE --work s3://acme-work/demo`,
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		a := answers{cli: c}
		for _, q := range questions {
			fs.StringVar(q.field(&a), q.flag, "", q.text)
		}
		fs.BoolVar(&a.workstation, "workstation", false, "the head runs outside the cluster")
		return a.run
	},
}

// answers are what a first spec needs.
type answers struct {
	*cli
	name, cluster, account, region, version, oidc, work, publish string
	endpoint, ca                                                 string
	workstation                                                  bool
}

// question is one thing to ask: by a flag, on a terminal, or answered by describe-cluster.
type question struct {
	flag, text, example string
	optional            bool
	field               func(*answers) *string
}

var questions = [...]question{
	{"name", "the workspace's `NAME`: its namespace", "fusion-demo", false, func(a *answers) *string { return &a.name }},
	{"cluster", "`NAME` of the EKS cluster", "research", false, func(a *answers) *string { return &a.cluster }},
	{"account", "AWS `ACCOUNT` of the cluster", "123456789012", false, func(a *answers) *string { return &a.account }},
	{"region", "AWS `REGION` of the cluster", "eu-west-1", false, func(a *answers) *string { return &a.region }},
	{"version", "Kubernetes `VERSION` of the cluster", "1.34", true, func(a *answers) *string { return &a.version }},
	{"oidc", "OIDC issuer `ID-OR-URL` of the cluster", "EXAMPLED539D4633E53DE1B71EXAMPLE", false, func(a *answers) *string { return &a.oidc }},
	{"work", "work directory, an `S3-URI`", "s3://acme-work/fusion-demo", false, func(a *answers) *string { return &a.work }},
	{"publish", "where results go, an `S3-URI`", "s3://acme-results/fusion-demo", true, func(a *answers) *string { return &a.publish }},
}

func (a *answers) run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return usageError{"init takes no arguments; see fusiongen help init"}
	}
	terminal := isTerminal(a.in)
	if !terminal {
		if err := a.fromDescribeCluster(); err != nil {
			return err
		}
	}
	if terminal && a.missing() != nil {
		if err := a.ask(); err != nil {
			return err
		}
	}
	if a.name == "" && a.work != "" {
		if _, prefix := schema.Bucket(a.work); prefix != "" {
			a.name = prefix[strings.LastIndexByte(prefix, '/')+1:]
		}
	}
	if missing := a.missing(); missing != nil {
		return usageError{"init still needs --" + strings.Join(missing, ", --")}
	}
	text := a.spec()
	if _, err := schema.Load("init.cue", []byte(text)); err != nil {
		return err
	}
	_, err := io.WriteString(a.out, text)
	return err
}

func (a *answers) missing() []string {
	var out []string
	for _, q := range questions {
		if !q.optional && *q.field(a) == "" {
			out = append(out, q.flag)
		}
	}
	return out
}

// ask puts the questions that are still open, on the terminal.
func (a *answers) ask() error {
	lines := bufio.NewScanner(a.in)
	for _, q := range questions {
		if *q.field(a) != "" {
			continue
		}
		optional := ""
		if q.optional {
			optional = ", or nothing"
		}
		fmt.Fprintf(a.err, "%s (such as %s%s): ", strings.ReplaceAll(q.text, "`", ""), q.example, optional)
		if !lines.Scan() {
			return usageError{"the answers ended early; nothing was written"}
		}
		*q.field(a) = strings.TrimSpace(lines.Text())
	}
	return nil
}

// fromDescribeCluster fills in what the JSON of `aws eks describe-cluster` on standard input says.
func (a *answers) fromDescribeCluster() error {
	data, err := io.ReadAll(io.LimitReader(a.in, 1<<20))
	if err != nil || len(strings.TrimSpace(string(data))) == 0 {
		return err
	}
	var reply struct {
		Cluster struct {
			Name, Arn, Version, Endpoint string
			Identity                     struct{ Oidc struct{ Issuer string } }
			CertificateAuthority         struct{ Data string }
		}
	}
	if err := json.Unmarshal(data, &reply); err != nil || reply.Cluster.Name == "" {
		return usageError{"standard input is not the JSON of aws eks describe-cluster"}
	}
	c := reply.Cluster
	arn := strings.Split(c.Arn, ":") // arn:aws:eks:REGION:ACCOUNT:cluster/NAME
	if len(arn) == 6 {
		fill(&a.region, arn[3])
		fill(&a.account, arn[4])
	}
	fill(&a.cluster, c.Name)
	fill(&a.version, c.Version)
	fill(&a.oidc, c.Identity.Oidc.Issuer)
	a.endpoint, a.ca = c.Endpoint, c.CertificateAuthority.Data
	return nil
}

func fill(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// spec is the text of the spec, formatted as fusiongen fmt has it.
func (a *answers) spec() string {
	var out strings.Builder
	line := func(indent, key, value string) {
		if value != "" {
			fmt.Fprintf(&out, "%s%-9s%q\n", indent, key+":", value)
		}
	}
	fmt.Fprintf(&out, "schema: 1\nname:   %q\ncluster: {\n", a.name)
	line("\t", "name", a.cluster)
	line("\t", "account", a.account)
	line("\t", "region", a.region)
	line("\t", "version", a.version)
	line("\t", "oidc", a.oidc)
	if a.workstation {
		line("\t", "endpoint", a.endpoint)
		line("\t", "ca", a.ca)
	}
	fmt.Fprintf(&out, "}\nstorage: {\n\twork: %q\n", a.work)
	if a.publish != "" {
		fmt.Fprintf(&out, "\tpublish: [%q]\n", a.publish)
	}
	out.WriteString("}\n")
	if a.workstation {
		out.WriteString("nextflow: head: \"workstation\"\n")
	}
	return formatted(out.String())
}

func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && f.Name() != os.DevNull
}
