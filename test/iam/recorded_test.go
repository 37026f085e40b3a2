package iam

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/gen/account"
)

const taskRole = "arn:aws:iam::" + accountID + ":role/demo-task"

// TestPodIdentity: moto has no Pod Identity associations, so EKS's replies are written down here as its API describes
// them. Each way in which an association does not fit is found.
func TestPodIdentity(t *testing.T) {
	url := moto(t)
	signIn(t, url)
	ws, _ := workspace(t, url, `identity: provider: "pod-identity"`)
	if err := applyThrough(t, ws, url); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, list, association, rule, contains string }{
		{"fits", `{"associations": [{"associationId": "a-1"}]}`, `{"association": {"associationId": "a-1", "roleArn": "%s", "disableSessionTags": false}}`, "", ""},
		{"none", `{"associations": []}`, "", "FG806", "the service account demo/demo-task has no Pod Identity association"},
		{"another role", `{"associations": [{"associationId": "a-1"}]}`, `{"association": {"associationId": "a-1", "roleArn": "%s-old"}}`, "FG806", "is with " + taskRole + "-old and not with " + taskRole},
		{"no tags", `{"associations": [{"associationId": "a-1"}]}`, `{"association": {"associationId": "a-1", "roleArn": "%s", "disableSessionTags": true}}`, "FG806", "sends no session tags"},
		{"session policy", `{"associations": [{"associationId": "a-1"}]}`, `{"association": {"associationId": "a-1", "roleArn": "%s", "policy": "{}"}}`, "FG806", "sends no session tags"},
	} {
		t.Run(c.name, func(t *testing.T) {
			role := ""
			p := newProxy(t, url, func(call string, n int, w http.ResponseWriter) bool {
				w.Header().Set("Content-Type", "application/json")
				switch call {
				case "ListPodIdentityAssociations":
					role = [...]string{"demo-head", "demo-task"}[(n-1)%2] // verify asks for the head first
					fmt.Fprint(w, c.list)
				case "DescribePodIdentityAssociation":
					fmt.Fprintf(w, c.association, "arn:aws:iam::"+accountID+":role/"+role)
				default:
					return false
				}
				return true
			})
			problems := consistent(t, ws, p.URL)
			if c.rule == "" && len(problems) > 0 || c.rule != "" && !found(problems, c.rule, c.contains) {
				t.Errorf("%+v", problems)
			}
		})
	}
	denied := newProxy(t, url, func(call string, _ int, w http.ResponseWriter) bool {
		if call != "ListPodIdentityAssociations" {
			return false
		}
		refuseJSON(w, 403, "AccessDeniedException", "not authorized")
		return true
	})
	if problems := consistent(t, ws, denied.URL); !found(problems, "FG810", "eks:ListPodIdentityAssociations is denied") {
		t.Errorf("%+v", problems)
	}
}

// simulated is a reply of SimulatePrincipalPolicy about one action, in the shape that IAM has had since 2026: the top
// level names a template of the resource.
func simulated(action string, organization bool) string {
	return fmt.Sprintf(`<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults><member>
	<EvalActionName>%s</EvalActionName><EvalResourceName>arn:${Partition}:s3:::${BucketName}/${KeyName}</EvalResourceName><EvalDecision>%s</EvalDecision>
	<OrganizationsDecisionDetail><AllowedByOrganizations>%v</AllowedByOrganizations></OrganizationsDecisionDetail>
	</member></EvaluationResults></SimulatePrincipalPolicyResult>`, action, map[bool]string{true: "allowed", false: "implicitDeny"}[organization], organization)
}

// TestSimulate: moto has no simulator; a denial by the organization is read from a reply written down here.
func TestSimulate(t *testing.T) {
	url := moto(t)
	signIn(t, url)
	ws, _ := workspace(t, url)
	if err := applyThrough(t, ws, url); err != nil {
		t.Fatal(err)
	}
	verify := func(organization bool) []account.Problem {
		p := newProxy(t, url, func(call string, _ int, w http.ResponseWriter) bool {
			if call != "SimulatePrincipalPolicy" {
				return false
			}
			reply(w, call, simulated("s3:PutObject", organization))
			return true
		})
		problems := consistent(t, ws, p.URL)
		if n := p.count("SimulatePrincipalPolicy"); n < 8 {
			t.Errorf("the simulator was asked %d times for two roles", n)
		}
		return problems
	}
	if problems := verify(true); len(problems) > 0 {
		t.Errorf("%+v", problems)
	}
	if problems := verify(false); !found(problems, "FG809", "a policy of the organization denies the role demo-task s3:PutObject") {
		t.Errorf("%+v", problems)
	}
	denied := newProxy(t, url, func(call string, _ int, w http.ResponseWriter) bool {
		if call != "SimulatePrincipalPolicy" {
			return false
		}
		refuse(w, 403, "AccessDenied", "not authorized")
		return true
	})
	t.Setenv("AWS_ENDPOINT_URL", denied.URL)
	a, err := account.Open(t.Context(), ws)
	if err != nil {
		t.Fatal(err)
	}
	problems, err := a.Verify(t.Context(), ws)
	if err != nil || !found(problems, "FG810", "SimulatePrincipalPolicy is denied") || len(serious(problems)) > 0 {
		t.Errorf("%v %+v", err, problems)
	}
}

// TestAsks: on a terminal apply asks, and only yes is yes. script(1) makes the terminal.
func TestAsks(t *testing.T) {
	url := moto(t)
	signIn(t, url)
	_, spec := workspace(t, url)
	bin := program(t)
	answer := func(text string) string {
		cmd := exec.CommandContext(t.Context(), "script", "-qec", bin+" iam apply "+spec, "/dev/null")
		cmd.Stdin = strings.NewReader(text + "\n")
		out, _ := cmd.CombinedOutput() // its exit code is the program's; the text says it, too
		return string(out)
	}
	if out := answer("no"); !strings.Contains(out, "Make these 5 changes in the account "+accountID+"? Type yes: ") || !strings.Contains(out, "not agreed; nothing was changed") {
		t.Errorf("no: %s", out)
	}
	if code, out, _ := run(t, bin, nil, "iam", "plan", spec); code != 0 || !strings.Contains(out, "create the role demo-head") {
		t.Errorf("something was made: %s", out)
	}
	if out := answer("yes"); strings.Count(out, "done: ") != 5 {
		t.Errorf("yes: %s", out)
	}
}
