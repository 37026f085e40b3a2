package contract

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
)

// F26: each source of credentials that a pod may have works, and is asked again while a long task runs.
func TestF26Credentials(t *testing.T) {
	var asked atomic.Int64
	expires := func() string { return time.Now().Add(2 * time.Second).UTC().Format(time.RFC3339) }
	json := func(w http.ResponseWriter) {
		asked.Add(1)
		fmt.Fprintf(w, `{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":%q,"SecretAccessKey":%q,"Token":"","Expiration":%q}`, s3test.AccessKey, s3test.SecretKey, expires())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/pod", func(w http.ResponseWriter, r *http.Request) { // EKS Pod Identity
		if r.Header.Get("Authorization") != "pod-token" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		json(w)
	})
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
		fmt.Fprint(w, "imds-token")
	})
	mux.HandleFunc("GET /latest/meta-data/iam/security-credentials/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Aws-Ec2-Metadata-Token") != "imds-token" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		if strings.HasSuffix(r.URL.Path, "/node") {
			json(w)
			return
		}
		fmt.Fprint(w, "node")
	})
	mux.HandleFunc("POST /{$}", func(w http.ResponseWriter, r *http.Request) { // STS
		if r.FormValue("Action") != "AssumeRoleWithWebIdentity" || r.FormValue("WebIdentityToken") != "web-token" || r.FormValue("RoleArn") != "arn:aws:iam::123456789012:role/task" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		asked.Add(1)
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken></SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`, s3test.AccessKey, s3test.SecretKey, expires())
	})
	source := httptest.NewServer(mux)
	defer source.Close()
	for _, c := range []struct {
		name string
		env  map[string]string
	}{
		{"Pod Identity", map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": source.URL + "/pod", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/var/run/token"}},
		{"web identity", map[string]string{"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/task", "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/web", "AWS_ENDPOINT_URL_STS": source.URL}},
		{"IMDS", map[string]string{"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": source.URL}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStore(t)
			p := &pod{box: box{UID: 1000, DevMode: 0o666, Files: map[string]string{"/var/run/token": "pod-token", "/var/run/web": "web-token"}}, store: s, t: t}
			p.Env = s.environment()
			delete(p.Env, "AWS_ACCESS_KEY_ID")
			delete(p.Env, "AWS_SECRET_ACCESS_KEY")
			for name, value := range c.env {
				p.Env[name] = value
			}
			before := asked.Load()
			p.task("echo 1 > a; sleep 3; echo 2 > b")
			p.want(p.key("a"), "1\n")
			p.want(p.key("b"), "2\n")
			if n := asked.Load() - before; n < 2 {
				t.Errorf("credentials were asked for %d times, want again after they expired", n)
			}
		})
	}
}

// R22: no credential is in any log, not even when requests fail.
func TestR22Secrets(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.Env["FUSION_LOG_LEVEL"] = "debug"
		p.Plan(func(r s3test.Request) s3test.Fault {
			if r.Op == "PutObject" && strings.HasSuffix(r.Name, "/out") {
				return s3test.Fault{Status: 403, Code: "AccessDenied"}
			}
			return s3test.Fault{}
		})
		r := p.begin("echo x > out")
		if code := r.wait(); code != 174 {
			t.Errorf("exit code %d, want 174", code)
		}
		log, _ := p.get(p.key(".fusion.log"))
		all := log + r.out.String() + r.err.String()
		for _, secret := range []string{s3test.SecretKey, "Signature="} {
			if strings.Contains(all, secret) {
				t.Errorf("%s is in a log", secret)
			}
		}
		if !strings.Contains(log, "REQUEST403") {
			t.Errorf(".fusion.log does not hold the request id: %s", log)
		}
	})
}
