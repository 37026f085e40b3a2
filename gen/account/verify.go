package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/policy"
)

// Problem is one way in which the account differs from the workspace. Rule is the ID of the linter's rule for it.
type Problem struct {
	Rule    string
	Path    string // field of the spec that it is about
	Subject string // role, policy or provider; with Rule it identifies the problem over time
	Message string
	Hint    string
	Mild    bool // worth knowing only, whatever the rule's severity
}

// Verify compares the account with the workspace, reading only. A check that the caller may not make is a Problem of
// its own (FG810), and the others go on. An error says that AWS could not be asked at all.
func (a *Account) Verify(ctx context.Context, ws *schema.Workspace) ([]Problem, error) {
	v := &verifier{Account: a, ws: ws}
	if ws.Identity.Provider == "irsa" {
		v.provider(ctx)
	}
	for _, want := range gen.Roles(ws) {
		if !want.OwnPrincipal {
			v.role(ctx, want)
		}
	}
	return v.problems, v.err
}

type verifier struct {
	*Account
	ws       *schema.Workspace
	problems []Problem
	err      error // the first failure that is no denial
	mute     bool  // the simulator is not to be had: said once
}

func (v *verifier) report(rule, path, subject, hint, message string, args ...any) {
	v.problems = append(v.problems, Problem{Rule: rule, Path: path, Subject: subject, Message: fmt.Sprintf(message, args...), Hint: hint})
}

// failed notes a check that could not be made, by name. A denial degrades that check; anything else is an error.
func (v *verifier) failed(err error, path, subject, check string) {
	var f *Failure
	if errors.As(err, &f) && f.Denied {
		v.report("FG810", path, subject, "let the caller do "+f.Action, "not checked: %s. %s", check, f)
		return
	}
	if v.err == nil {
		v.err = fmt.Errorf("%s: %w", check, err)
	}
}

func (v *verifier) provider(ctx context.Context) {
	issuer, apply := v.ws.Cluster.Issuer, "fusiongen iam apply makes it so"
	have, err := v.Account.provider(ctx, v.ws)
	switch {
	case err != nil:
		v.failed(err, "cluster.oidc", issuer, "whether the OIDC provider exists with the right audience")
	case have == nil:
		v.report("FG805", "cluster.oidc", issuer, apply, "the account has no OIDC provider %s, so no pod's token is accepted (InvalidIdentityToken)", issuer)
	case !slices.Contains(have.ClientIDs, audience(v.ws)):
		v.report("FG805", "cluster.oidc", issuer, apply, "the OIDC provider accepts the audiences %s and not %s, so pods' tokens are refused (Incorrect token audience)", strings.Join(have.ClientIDs, ", "), audience(v.ws))
	}
	live, err := v.issuer(ctx, v.ws)
	switch {
	case err != nil:
		v.failed(err, "cluster.name", v.ws.Cluster.Name, "whether cluster.oidc is the cluster's issuer")
	case live == "":
		v.report("FG805", "cluster.name", v.ws.Cluster.Name, "check cluster.name, cluster.region and the profile", "the account has no EKS cluster %s in %s", v.ws.Cluster.Name, v.ws.Cluster.Region)
	case live != issuer:
		v.report("FG805", "cluster.oidc", v.ws.Cluster.Name, "set cluster.oidc: \"https://"+live+"\"", "the issuer of the cluster %s is %s and not %s, so its tokens are refused", v.ws.Cluster.Name, live, issuer)
	}
}

func (v *verifier) role(ctx context.Context, want gen.Role) {
	path := "identity." + want.Who + ".role"
	have, err := v.Account.role(ctx, want.Name)
	switch {
	case err != nil:
		v.failed(err, path, want.Name, "whether the role "+want.Name+" exists and whom it trusts")
	case have == nil:
		v.report("FG801", path, want.Name, "fusiongen iam apply makes it", "the account has no role %s, so the pods of %s have no credentials", want.Name, strings.Join(want.Accounts, " and "))
		return
	default:
		v.trust(want, have, path)
		v.marks(want, have, path)
	}
	v.permissions(ctx, want, have, path)
	if v.ws.Identity.Provider == "pod-identity" {
		v.associations(ctx, want, path)
	}
	v.simulate(ctx, want, path)
}

// trust asks the live trust policy with the tokens that the pods bring, and then for whom else it opens.
func (v *verifier) trust(want gen.Role, have *Role, path string) {
	apply := "fusiongen iam plan shows the change, apply makes it"
	if have.Trust.Err != nil {
		v.report("FG802", path, want.Name, apply, "the trust policy of the role %s cannot be read: %v", want.Name, have.Trust.Err)
		return
	}
	for _, account := range want.Accounts {
		for _, r := range v.assume(account) {
			if policy.Evaluate(r, have.Trust.Document).Verdict != policy.Allowed {
				v.report("FG802", path, want.Name, apply, "the role %s does not let the service account %s/%s in: %s is not allowed by its trust policy", want.Name, v.ws.Name, account, r.Action)
			}
		}
	}
	missing, extra := policy.Diff([]policy.Document{have.Trust.Document}, []policy.Document{want.Trust})
	for _, g := range extra {
		v.report("FG802", path, want.Name, apply, "the trust policy of the role %s opens it further than the spec says: %s", want.Name, g)
	}
	for _, g := range missing {
		v.report("FG802", path, want.Name, apply, "the trust policy of the role %s lacks what the spec says: %s", want.Name, g)
	}
}

// assume are the requests with which a service account's pods take the role.
func (v *verifier) assume(account string) []policy.Request {
	c := v.ws.Cluster
	if v.ws.Identity.Provider == "irsa" {
		return []policy.Request{policy.WebIdentity(c.Partition, c.Account, c.Issuer, audience(v.ws), "system:serviceaccount:"+v.ws.Name+":"+account)}
	}
	return policy.PodIdentity(c.Partition, c.Account, c.Region, c.Name, v.ws.Name, account)
}

// defaultSession is IAM's own MaxSessionDuration in seconds.
const defaultSession = 3600

func (v *verifier) marks(want gen.Role, have *Role, path string) {
	if have.Path != want.Path {
		v.report("FG801", path, want.Name, "name "+have.Path[1:]+want.Name+" in the spec", "the role %s has the path %s and not %s, so its ARN is another one", want.Name, have.Path, want.Path)
	}
	if owner := have.Tags[gen.OwnerTag]; owner != gen.Owner(v.ws) {
		v.report("FG811", path, want.Name, "fusiongen iam apply --adopt marks it", "the role %s has the tag %s=%q, so fusiongen will not change it", want.Name, gen.OwnerTag, owner)
	}
	if have.MaxSession != 0 && have.MaxSession != defaultSession {
		v.report("FG808", path, want.Name, "aws iam update-role --role-name "+want.Name+" --max-session-duration 3600", "sessions of the role %s may last %d seconds; pods renew theirs each hour, so only stolen credentials use it", want.Name, have.MaxSession)
	}
}
