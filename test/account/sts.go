package account

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/fusiongen/fusiongen/schema/policy"
)

// refusal is an error of the AWS API.
type refusal struct {
	status        int
	code, message string
}

func (r *refusal) Error() string { return r.code + ": " + r.message }

func invalid(format string, args ...any) error {
	return &refusal{http.StatusBadRequest, "InvalidIdentityToken", fmt.Sprintf(format, args...)}
}

// assumed is the reply of AssumeRoleWithWebIdentity, as far as the SDKs read it.
type assumed struct {
	XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ AssumeRoleWithWebIdentityResponse"`
	Result  struct {
		Credentials struct {
			AccessKeyID     string `xml:"AccessKeyId"`
			SecretAccessKey string
			SessionToken    string
			Expiration      time.Time
		}
	} `xml:"AssumeRoleWithWebIdentityResult"`
}

type failed struct {
	XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
	Error   struct{ Type, Code, Message string }
}

// answer serves STS: the one call that needs no credentials.
func (a *Account) answer(w http.ResponseWriter, r *http.Request) {
	s, err := a.assume(r.Context(), r.PostFormValue("Action"), r.PostFormValue("RoleArn"), r.PostFormValue("WebIdentityToken"))
	w.Header().Set("Content-Type", "text/xml")
	if err != nil {
		no := &refusal{http.StatusInternalServerError, "ServiceFailure", err.Error()}
		errors.As(err, &no)
		w.WriteHeader(no.status)
		var body failed
		body.Error.Type, body.Error.Code, body.Error.Message = "Sender", no.code, no.message
		xml.NewEncoder(w).Encode(body)
		return
	}
	var body assumed
	c := &body.Result.Credentials
	c.AccessKeyID, c.SecretAccessKey, c.SessionToken, c.Expiration = s.access, s.secret, s.token, s.ends.UTC()
	xml.NewEncoder(w).Encode(body)
}

// assume decides as AWS does: the token must be of a provider of the account, and meant for it; then the role's trust policy has the word.
func (a *Account) assume(ctx context.Context, action, arn, token string) (session, error) {
	if action != "AssumeRoleWithWebIdentity" {
		return session{}, &refusal{http.StatusBadRequest, "InvalidAction", action + " is not served here"}
	}
	id, err := a.verifier.Verify(ctx, token)
	var expired *oidc.TokenExpiredError
	switch {
	case errors.As(err, &expired):
		return session{}, &refusal{http.StatusBadRequest, "ExpiredTokenException", "Token expired at " + expired.Expiry.UTC().Format(time.RFC3339)}
	case err != nil:
		return session{}, invalid("%v", err)
	}
	issuer := strings.TrimPrefix(id.Issuer, "https://")
	clients, err := a.clients(ctx, issuer)
	if err != nil {
		return session{}, err
	}
	if len(id.Audience) != 1 || !slices.Contains(clients, id.Audience[0]) {
		return session{}, invalid("Incorrect token audience")
	}
	denied := &refusal{http.StatusForbidden, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"}
	role, err := a.role(ctx, arn)
	if err != nil {
		return session{}, err
	}
	if role == nil || policy.Evaluate(policy.WebIdentity("aws", ID, issuer, id.Audience[0], id.Subject), role.trust).Verdict != policy.Allowed {
		return session{}, denied // whether there is no such role or it does not let the pod in, nobody learns
	}
	return a.sessions.begin(role, a.options.Life), nil
}
