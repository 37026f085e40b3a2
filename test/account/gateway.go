package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"net/http"

	"github.com/fusiongen/fusiongen/schema/policy"
)

// versitygw 1.8 leaves identities to a service on a unix socket (its --iam-standalone-endpoint): it asks for the key that a
// caller's signature is checked with, and then whether the caller may do what the request needs. It says itself which actions on
// which resources those are. What it has for bucket policies and ACLs (/private/resolve-…) no test comes to.
const (
	protocolHeader  = "X-Vgw-Private-Protocol"
	protocolVersion = 1
)

// question is what it asks; each path takes some of the fields.
type question struct {
	Access  string `json:"accessKeyId"`
	Token   string `json:"sessionToken"`
	Date    string `json:"date"`
	Region  string `json:"region"`
	Service string `json:"service"`

	Actions   []string       `json:"actions"`
	Resources []string       `json:"resources"`
	Condition policy.Context `json:"condition"`
}

func (a *Account) gatewayHandler() http.Handler {
	mux := http.NewServeMux()
	reply := func(w http.ResponseWriter, status int, body any) {
		w.Header().Set(protocolHeader, "1")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(body)
	}
	mux.HandleFunc("POST /private/version", func(w http.ResponseWriter, r *http.Request) {
		reply(w, http.StatusOK, map[string]any{"protocol": protocolVersion, "minClient": protocolVersion, "accountId": ID})
	})
	known := func(pattern string, answer func(question, session) any) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			var q question
			if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
				reply(w, http.StatusBadRequest, map[string]string{"code": "BadRequest", "error": err.Error()})
				return
			}
			s, ok := a.sessions.find(q.Access, q.Token)
			if !ok {
				reply(w, http.StatusForbidden, map[string]string{"code": "InvalidToken", "error": "no session has this key and token"})
				return
			}
			reply(w, http.StatusOK, answer(q, s))
		})
	}
	known("POST /private/derive-signing-key", func(q question, s session) any {
		return map[string]any{"derivedKey": derive(s.secret, q.Date, q.Region, q.Service), "principalArn": s.principal()}
	})
	known("POST /private/evaluate-policy", func(q question, s session) any {
		return map[string]any{"decisions": a.decide(q, s), "principalArn": s.principal()}
	})
	return mux
}

func (s session) principal() string {
	return "arn:aws:sts::" + ID + ":assumed-role/" + s.role.name + "/test"
}

// decide asks the role's policies about each action on each resource.
func (a *Account) decide(q question, s session) [][]string {
	words := map[policy.Verdict]string{policy.Allowed: "allow", policy.ExplicitlyDenied: "deny", policy.ImplicitlyDenied: "no_match"}
	rows := make([][]string, len(q.Resources))
	for i, resource := range q.Resources {
		for _, action := range q.Actions {
			v := policy.Evaluate(policy.Request{Action: action, Resource: resource, Context: q.Condition}, s.role.permissions...).Verdict
			rows[i] = append(rows[i], words[v])
			d := Decision{Role: s.role.name, Action: action, Resource: resource, Allowed: v == policy.Allowed}
			if prefix := q.Condition["s3:prefix"]; len(prefix) > 0 {
				d.Prefix = prefix[0]
			}
			a.sessions.note(d)
		}
	}
	return rows
}

// derive is the signing key of Signature Version 4.
func derive(secret, date, region, service string) []byte {
	key := []byte("AWS4" + secret)
	for _, part := range []string{date, region, service, "aws4_request"} {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(part))
		key = h.Sum(nil)
	}
	return key
}
