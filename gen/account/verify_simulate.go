package account

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema/policy"
)

// simulate asks IAM itself, which knows the organization's policies and what we cannot read. Each request is asked
// alone with its actions, because a call asks for all actions on all resources. Only denials by the organization are
// reported here: permissions and boundary have findings of their own.
func (v *verifier) simulate(ctx context.Context, want gen.Role, path string) {
	if v.mute {
		return
	}
	arn := "arn:" + v.ws.Cluster.Partition + ":iam::" + v.ws.Cluster.Account + ":role" + want.Path + want.Name
	for _, q := range questions(gen.Needs(v.ws, want.Who)) {
		denied, err := v.organization(ctx, arn, q)
		if code(err) == "NoSuchEntity" {
			return // no role; said already
		}
		if err != nil {
			v.simulationFailed(err, want, path)
			return
		}
		for _, action := range denied {
			v.report("FG809", path, want.Name+" "+action, "ask those who keep the organization's policies", "a policy of the organization denies the role %s %s on %s", want.Name, action, q.resource)
		}
	}
}

// simulationFailed makes any failure to simulate a check that was not made: an implementation of IAM may lack it.
func (v *verifier) simulationFailed(err error, want gen.Role, path string) {
	v.report("FG810", path, want.Name+" simulation", "let the caller do iam:SimulatePrincipalPolicy", "not checked: whether the organization's policies allow what the roles need. %v", err)
	v.problems[len(v.problems)-1].Mild = true
	v.mute = true
}

// question is one simulation: some actions on one resource in one context.
type question struct {
	resource, prefix string
	actions          []string
}

func questions(needs []gen.Need) []question {
	var out []question
	for _, n := range needs {
		for _, r := range n.Requests {
			out = ask(out, r)
		}
	}
	return out
}

func ask(all []question, r policy.Request) []question {
	prefix := strings.Join(r.Context["s3:prefix"], "")
	for i, q := range all {
		if q.resource == r.Resource && q.prefix == prefix {
			if !slices.Contains(q.actions, r.Action) {
				all[i].actions = append(q.actions, r.Action)
			}
			return all
		}
	}
	return append(all, question{r.Resource, prefix, []string{r.Action}})
}

// organization lists the actions that a service control policy denies.
func (a *Account) organization(ctx context.Context, role string, q question) ([]string, error) {
	in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &role, ActionNames: q.actions, ResourceArns: []string{q.resource}}
	if q.prefix != "" {
		in.ContextEntries = []types.ContextEntry{{ContextKeyName: aws.String("s3:prefix"), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{q.prefix}}}
	}
	var denied []string
	pages := iam.NewSimulatePrincipalPolicyPaginator(simulatePrincipalPolicy(a.iam.SimulatePrincipalPolicy), in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, explain(err)
		}
		for _, r := range page.EvaluationResults {
			if d := r.OrganizationsDecisionDetail; d != nil && !d.AllowedByOrganizations {
				denied = append(denied, aws.ToString(r.EvalActionName))
			}
		}
	}
	return denied, nil
}
