package iam

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/gen/account"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/policy"
)

// applyThrough applies a workspace by way of an endpoint.
func applyThrough(t *testing.T, ws *schema.Workspace, endpoint string) error {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	a, err := account.Open(t.Context(), ws)
	if err != nil {
		return err
	}
	return a.Apply(t.Context(), ws, account.Options{}, func(account.Change) {})
}

// consistent says what is wrong with the roles of a workspace.
func consistent(t *testing.T, ws *schema.Workspace, endpoint string) []account.Problem {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	a, err := account.Open(t.Context(), ws)
	if err != nil {
		t.Fatal(err)
	}
	problems, err := a.Verify(t.Context(), ws)
	if err != nil {
		t.Fatal(err)
	}
	return serious(problems)
}

// TestConcurrent: thirty applies at once end in one consistent role, and none fails.
func TestConcurrent(t *testing.T) {
	url := moto(t)
	signIn(t, url)
	ws, _ := workspace(t, url)
	var group sync.WaitGroup
	errs := make(chan error, 30)
	for range 30 {
		group.Go(func() {
			a, err := account.Open(t.Context(), ws)
			if err == nil {
				err = a.Apply(t.Context(), ws, account.Options{}, func(account.Change) {})
			}
			errs <- err
		})
	}
	group.Wait()
	for range 30 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if problems := consistent(t, ws, url); len(problems) > 0 {
		t.Errorf("%+v", problems)
	}
}

// TestRetries: throttling and server errors are tried again, as often as the SDK is told to.
func TestRetries(t *testing.T) {
	url := moto(t)
	signIn(t, url)
	t.Setenv("AWS_MAX_ATTEMPTS", "")
	ws, _ := workspace(t, url)
	p := newProxy(t, url, func(call string, n int, w http.ResponseWriter) bool {
		switch {
		case n == 1 && call == "CreateRole":
			refuse(w, 400, "Throttling", "Rate exceeded")
		case n == 1:
			refuse(w, 503, "ServiceUnavailable", "try again")
		default:
			return false
		}
		return true
	})
	if err := applyThrough(t, ws, p.URL); err != nil {
		t.Fatal(err)
	}
	if p.count("CreateRole") != 3 { // two roles, and the first once more
		t.Errorf("CreateRole was called %d times", p.count("CreateRole"))
	}
	if problems := consistent(t, ws, url); len(problems) > 0 {
		t.Errorf("%+v", problems)
	}
	always := newProxy(t, url, func(call string, n int, w http.ResponseWriter) bool {
		refuse(w, 503, "ServiceUnavailable", "try again")
		return true
	})
	if err := applyThrough(t, ws, always.URL); err == nil || !strings.Contains(err.Error(), "sts:GetCallerIdentity: ServiceUnavailable: try again (request id req-0123)") {
		t.Errorf("got %v", err)
	}
}

// TestDenied: a denial of each single call is reported by its name and request id. It ends an apply; of a verify only
// that check is lost.
func TestDenied(t *testing.T) {
	url := moto(t)
	signIn(t, url)
	ws, _ := workspace(t, url)
	record := newProxy(t, url, nil)
	if err := applyThrough(t, ws, record.URL); err != nil {
		t.Fatal(err)
	}
	applied := unique(record.calls)
	deny := func(name string) *proxy {
		return newProxy(t, url, func(call string, _ int, w http.ResponseWriter) bool {
			switch {
			case call != name:
				return false
			case name == "DescribeCluster":
				refuseJSON(w, 403, "AccessDeniedException", "not authorized")
			default:
				refuse(w, 403, "AccessDenied", "not authorized")
			}
			return true
		})
	}
	client := hand(url)
	for _, call := range applied {
		t.Run("apply "+call, func(t *testing.T) {
			wipe(t, client)
			err := applyThrough(t, ws, deny(call).URL)
			if err == nil || !strings.Contains(err.Error(), call+" is denied to these credentials: not authorized (request id req-0123)") {
				t.Errorf("got %v", err)
			}
			if err := applyThrough(t, ws, url); err != nil { // a second run goes on
				t.Error(err)
			}
		})
	}
	repair := func(endpoint string) error { return adoptThrough(t, ws, endpoint) }
	remove := func(endpoint string) error { return deleteThrough(t, ws, endpoint) }
	for _, c := range []struct {
		name   string
		before func(*testing.T)
		do     func(endpoint string) error
		made   []string // calls that only this makes
	}{
		{"repair", func(t *testing.T) { drift(t, client) }, repair, []string{"TagRole", "UpdateAssumeRolePolicy"}},
		{"delete", func(*testing.T) {}, remove, []string{"DeleteRole", "DeleteRolePolicy", "ListAttachedRolePolicies"}},
	} {
		c.before(t)
		record := newProxy(t, url, nil)
		if err := c.do(record.URL); err != nil {
			t.Fatal(err)
		}
		all := unique(record.calls)
		for _, call := range c.made {
			if !slices.Contains(all, call) {
				t.Errorf("%s makes no %s: %v", c.name, call, all)
			}
		}
		for _, call := range all {
			if slices.Contains(applied, call) {
				continue // seen above
			}
			t.Run(c.name+" "+call, func(t *testing.T) {
				if err := applyThrough(t, ws, url); err != nil {
					t.Fatal(err)
				}
				c.before(t)
				err := c.do(deny(call).URL)
				if err == nil || !strings.Contains(err.Error(), call+" is denied to these credentials: not authorized (request id req-0123)") {
					t.Errorf("got %v", err)
				}
				if err := c.do(url); err != nil { // a second run goes on
					t.Error(err)
				}
			})
		}
	}
	if err := applyThrough(t, ws, url); err != nil {
		t.Fatal(err)
	}
	out, err := client.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String("extra"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}`)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: aws.String("demo-task"), PolicyArn: out.Policy.Arn}); err != nil {
		t.Fatal(err)
	}
	record = newProxy(t, url, nil)
	whole := consistent(t, ws, record.URL)
	for _, call := range unique(record.calls) {
		if call == "GetCallerIdentity" || call == "SimulatePrincipalPolicy" {
			continue // the first is no check; the second is one that moto lacks
		}
		t.Run("verify "+call, func(t *testing.T) {
			t.Setenv("AWS_ENDPOINT_URL", deny(call).URL)
			a, err := account.Open(t.Context(), ws)
			if err != nil {
				t.Fatal(err)
			}
			problems, err := a.Verify(t.Context(), ws)
			if err != nil || !found(problems, "FG810", call+" is denied") {
				t.Errorf("%v %+v", err, problems)
			}
			for _, p := range serious(problems) {
				if p.Rule != "FG810" && !slices.Contains(whole, p) {
					t.Errorf("a check that was made says something else than before: %+v", p)
				}
			}
		})
	}
}

// drift takes the mark off a role and closes its trust.
func drift(t *testing.T, client *iam.Client) {
	t.Helper()
	role, nobody := aws.String("demo-task"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`
	must(t)(client.UntagRole(t.Context(), &iam.UntagRoleInput{RoleName: role, TagKeys: []string{gen.OwnerTag}}))
	must(t)(client.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: role, PolicyDocument: &nobody}))
}

func adoptThrough(t *testing.T, ws *schema.Workspace, endpoint string) error {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	a, err := account.Open(t.Context(), ws)
	if err != nil {
		return err
	}
	return a.Apply(t.Context(), ws, account.Options{Adopt: true}, func(account.Change) {})
}

func deleteThrough(t *testing.T, ws *schema.Workspace, endpoint string) error {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	a, err := account.Open(t.Context(), ws)
	if err != nil {
		return err
	}
	return a.Delete(t.Context(), ws, func(account.Change) {})
}

func unique(calls []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(calls)))
}

// wipe removes roles and providers.
func wipe(t *testing.T, client *iam.Client) {
	t.Helper()
	ctx := t.Context()
	for _, role := range []string{"demo-head", "demo-task"} {
		client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &role, PolicyName: aws.String(gen.PolicyName)}) // it may not be there
		client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &role})
	}
	all, err := client.ListOpenIDConnectProviders(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all.OpenIDConnectProviderList {
		client.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: p.Arn})
	}
}

// TestCut: the network breaks in the middle of an apply. The error says how far it came, and the second run goes on.
func TestCut(t *testing.T) {
	url := moto(t)
	signIn(t, url)
	_, spec := workspace(t, url)
	bin := program(t)
	cut := newProxy(t, url, func(call string, _ int, w http.ResponseWriter) bool {
		if call == "PutRolePolicy" {
			panic(http.ErrAbortHandler) // the connection ends without an answer
		}
		return false
	})
	code, _, errs := run(t, bin, []string{"AWS_ENDPOINT_URL=" + cut.URL}, "iam", "apply", "--yes", spec)
	if code != 2 || !strings.Contains(errs, "could not put the inline policy fusiongen on the role demo-head: iam:PutRolePolicy: no answer from AWS") || !strings.Contains(errs, "2 changes were made, and running the same command again goes on") {
		t.Errorf("code %d: %s", code, errs)
	}
	code, out, errs := run(t, bin, nil, "iam", "apply", "--yes", spec)
	if code != 0 || strings.Contains(out, "create the role demo-head") || !strings.Contains(out, "put the inline policy fusiongen on the role demo-head") {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
}

// TestCutAtFirst: whether the one call that got no answer was made is not known, and is not said to be known.
func TestCutAtFirst(t *testing.T) {
	url := moto(t)
	signIn(t, url)
	_, spec := workspace(t, url)
	bin := program(t)
	cut := newProxy(t, url, func(call string, _ int, w http.ResponseWriter) bool {
		if call == "CreateOpenIDConnectProvider" {
			panic(http.ErrAbortHandler)
		}
		return false
	})
	code, _, errs := run(t, bin, []string{"AWS_ENDPOINT_URL=" + cut.URL}, "iam", "apply", "--yes", spec)
	if code != 2 || !strings.Contains(errs, "no answer from AWS") || strings.Contains(errs, "nothing was changed") || !strings.Contains(errs, "it may have been made all the same") {
		t.Errorf("code %d: %s", code, errs)
	}
}

// TestAudience: moto cannot add an audience, so that call is answered as IAM answers it.
func TestAudience(t *testing.T) {
	url := moto(t)
	signIn(t, url)
	ws, _ := workspace(t, url)
	client := hand(url)
	provider := "arn:aws:iam::" + accountID + ":oidc-provider/" + ws.Cluster.Issuer
	if _, err := client.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://" + ws.Cluster.Issuer), ClientIDList: []string{"sts.eu-west-1.amazonaws.com"}}); err != nil {
		t.Fatal(err)
	}
	if problems := consistent(t, ws, url); !found(problems, "FG805", "accepts the audiences sts.eu-west-1.amazonaws.com and not sts.amazonaws.com") {
		t.Errorf("%+v", problems)
	}
	denied := newProxy(t, url, func(call string, _ int, w http.ResponseWriter) bool {
		if call != "AddClientIDToOpenIDConnectProvider" {
			return false
		}
		refuse(w, 403, "AccessDenied", "not authorized")
		return true
	})
	if err := applyThrough(t, ws, denied.URL); err == nil || !strings.Contains(err.Error(), "AddClientIDToOpenIDConnectProvider is denied to these credentials: not authorized (request id req-0123)") {
		t.Errorf("got %v", err)
	}
	added := ""
	p := newProxy(t, url, func(call string, _ int, w http.ResponseWriter) bool {
		if call != "AddClientIDToOpenIDConnectProvider" {
			return false
		}
		added = call
		reply(w, call, "")
		return true
	})
	if err := applyThrough(t, ws, p.URL); err != nil || added == "" {
		t.Errorf("%v, called %q", err, added)
	}
	if live, err := client.GetOpenIDConnectProvider(t.Context(), &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &provider}); err != nil || len(live.ClientIDList) != 1 {
		t.Errorf("an audience of others was touched: %v", err)
	}
}

// TestRefused: what the user has to decide about, and what is wrong with the credentials, is one clear sentence, and
// nothing is changed.
func TestRefused(t *testing.T) {
	url := moto(t)
	signIn(t, url)
	ws, spec := workspace(t, url)
	bin := program(t)
	client := hand(url)
	text, err := os.ReadFile(spec)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(from, to string) string {
		path := filepath.Join(t.TempDir(), "spec.cue")
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), from, to, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	long := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::` + strings.Repeat("x", 60) + `"` + strings.Repeat(`,"arn:aws:s3:::`+strings.Repeat("y", 60)+`/*"`, 140) + `]}}`
	trust := policy.Compact(gen.Trust(ws, "head"))
	role := func(change func(*iam.CreateRoleInput)) func() {
		return func() {
			in := &iam.CreateRoleInput{RoleName: aws.String("demo-head"), AssumeRolePolicyDocument: &trust}
			change(in)
			if _, err := client.CreateRole(t.Context(), in); err != nil {
				t.Fatal(err)
			}
		}
	}
	expired := newProxy(t, url, func(_ string, _ int, w http.ResponseWriter) bool {
		refuse(w, 403, "ExpiredToken", "The security token included in the request is expired")
		return true
	})
	unknown := newProxy(t, url, func(_ string, _ int, w http.ResponseWriter) bool {
		refuse(w, 403, "InvalidClientTokenId", "The security token included in the request is invalid")
		return true
	})
	china := newProxy(t, url, func(call string, _ int, w http.ResponseWriter) bool {
		reply(w, call, "<GetCallerIdentityResult><Arn>arn:aws-cn:iam::"+accountID+":user/me</Arn><UserId>A</UserId><Account>"+accountID+"</Account></GetCallerIdentityResult>")
		return true
	})
	for _, c := range []struct {
		name   string
		spec   string
		env    []string
		before func()
		code   int
		want   string
	}{
		{"no credentials", spec, []string{"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY="}, nil, 2, "no AWS credentials can be had"},
		{"expired credentials", spec, []string{"AWS_ENDPOINT_URL=" + expired.URL}, nil, 2, "have expired: sign in again (aws sso login, or new keys) (request id req-0123)"},
		{"unknown credentials", spec, []string{"AWS_ENDPOINT_URL=" + unknown.URL}, nil, 2, "AWS does not accept these credentials"},
		{"nobody listens", spec, []string{"AWS_ENDPOINT_URL=http://127.0.0.1:1"}, nil, 2, "no answer from AWS: connection refused"},
		{"wrong account", changed(accountID, "210987654321"), nil, nil, 1, "are of the account " + accountID},
		{"wrong partition", spec, []string{"AWS_ENDPOINT_URL=" + china.URL}, nil, 1, "are of the partition aws-cn"},
		{"role of nobody", spec, nil, role(func(*iam.CreateRoleInput) {}), 1, "a role demo-head exists and is not marked as ours"},
		{"role under a path", spec, nil, role(func(in *iam.CreateRoleInput) { in.Path = aws.String("/team/") }), 1, "taken by a role with the path /team/"},
		{"no room", spec, nil, func() {
			if err := applyThrough(t, ws, url); err != nil {
				t.Fatal(err)
			}
			if _, err := client.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("demo-task"), PolicyName: aws.String("other"), PolicyDocument: &long}); err != nil {
				t.Fatal(err)
			}
		}, 1, "characters together, and IAM takes 10240"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.before != nil {
				c.before()
			}
			before := snapshot(t, client)
			code, out, errs := run(t, bin, c.env, "iam", "apply", "--yes", c.spec)
			if code != c.code || !strings.Contains(errs, c.want) {
				t.Errorf("code %d, want %d with %q:\n%s%s", code, c.code, c.want, out, errs)
			}
			if after := snapshot(t, client); after != before {
				t.Errorf("the account changed:\n%s\n%s", before, after)
			}
			client.DeleteRolePolicy(t.Context(), &iam.DeleteRolePolicyInput{RoleName: aws.String("demo-task"), PolicyName: aws.String("other")})
			wipe(t, client)
		})
	}
}

// snapshot is everything in the account that we could have changed.
func snapshot(t *testing.T, client *iam.Client) string {
	t.Helper()
	var out strings.Builder
	roles, err := client.ListRoles(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range roles.Roles {
		out.WriteString(aws.ToString(r.Arn) + aws.ToString(r.AssumeRolePolicyDocument) + "\n")
		names, err := client.ListRolePolicies(t.Context(), &iam.ListRolePoliciesInput{RoleName: r.RoleName})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names.PolicyNames {
			p, err := client.GetRolePolicy(t.Context(), &iam.GetRolePolicyInput{RoleName: r.RoleName, PolicyName: &name})
			if err != nil {
				t.Fatal(err)
			}
			out.WriteString(name + aws.ToString(p.PolicyDocument) + "\n")
		}
	}
	providers, err := client.ListOpenIDConnectProviders(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range providers.OpenIDConnectProviderList {
		out.WriteString(aws.ToString(p.Arn) + "\n")
	}
	return out.String()
}

// TestMalformed: live documents that are no policies are found by verify, shown by plan, and written anew by apply, which
// changes nothing else.
func TestMalformed(t *testing.T) {
	url := moto(t)
	signIn(t, url)
	ws, _ := workspace(t, url)
	if err := applyThrough(t, ws, url); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		call, field, rule, finding string
		written                    []string // one for each role
	}{
		{"GetRolePolicy", "PolicyDocument", "FG803", "the policy fusiongen of the role demo-task cannot be read: 1:14: this is not JSON", []string{"PutRolePolicy", "PutRolePolicy"}},
		{"GetRole", "AssumeRolePolicyDocument", "FG802", "cannot be read: 1:14: this is not JSON", []string{"UpdateAssumeRolePolicy", "UpdateAssumeRolePolicy"}},
	} {
		t.Run(c.field, func(t *testing.T) {
			p := broken(t, url, c.call, c.field)
			if problems := consistent(t, ws, p.URL); !found(problems, c.rule, c.finding) {
				t.Errorf("%+v", problems)
			}
			a, err := account.Open(t.Context(), ws)
			if err != nil {
				t.Fatal(err)
			}
			changes, _, err := a.Plan(t.Context(), ws, account.Options{})
			if err != nil || len(changes) != len(c.written) || !strings.Contains(strings.Join(changes[0].Detail, "\n"), "- a document that is no policy") {
				t.Errorf("%v %+v", err, changes)
			}
			before := len(p.calls)
			if err := applyThrough(t, ws, p.URL); err != nil {
				t.Fatal(err)
			}
			writes := slices.DeleteFunc(slices.Clone(p.calls[before:]), func(call string) bool { return strings.HasPrefix(call, "Get") || strings.HasPrefix(call, "List") })
			if !slices.Equal(writes, c.written) {
				t.Errorf("apply called %v, want %v", writes, c.written)
			}
		})
	}
}

// broken is a proxy in whose answers to a call one document is cut off.
func broken(t *testing.T, to, call, field string) *proxy {
	t.Helper()
	document := regexp.MustCompile("<" + field + ">[^<]*<")
	p := newProxy(t, to, nil)
	p.change = func(name string, body []byte) []byte {
		if name != call {
			return body
		}
		return document.ReplaceAll(body, []byte("<"+field+">%7B%22Statement%22%3A<"))
	}
	return p
}
