package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// writeRepository makes a GitOps repository of about n files: applications with kustomize bases and overlays, charts, dashboards, pages,
// and one generated workspace for each hundred applications. It says how many files it made.
func writeRepository(dir string, n int, workspace string) (int, error) {
	w := writer{dir: dir}
	for i := 0; w.files < n && w.err == nil; i++ {
		switch {
		case i%100 == 50:
			w.workspace(fmt.Sprintf("workspaces/lab%d", i), workspace)
		case i%10 == 3:
			w.chart(fmt.Sprintf("charts/chart%d", i), i)
		default:
			w.app(fmt.Sprintf("apps/team%d/app%d", i%20, i), i)
		}
	}
	return w.files, w.err
}

type writer struct {
	dir   string
	files int
	err   error
}

func (w *writer) file(name, text string) {
	if w.err != nil {
		return
	}
	path := filepath.Join(w.dir, filepath.FromSlash(name))
	if w.err = os.MkdirAll(filepath.Dir(path), 0o755); w.err == nil {
		w.err = os.WriteFile(path, []byte(text), 0o644)
	}
	w.files++
}

func (w *writer) app(dir string, i int) {
	name := fmt.Sprintf("app%d", i)
	text := func(s string) string {
		return strings.NewReplacer("NAME", name, "TEAM", fmt.Sprintf("team%d", i%20)).Replace(s)
	}
	w.file(dir+"/base/deployment.yaml", text(deployment))
	w.file(dir+"/base/service.yaml", text(service))
	w.file(dir+"/base/config.yaml", text(configMap))
	w.file(dir+"/base/access.yaml", text(access))
	w.file(dir+"/base/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - deployment.yaml\n  - service.yaml\n  - config.yaml\n  - access.yaml\n")
	for _, env := range []string{"dev", "prod"} {
		w.file(dir+"/overlays/"+env+"/kustomization.yaml", text("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: TEAM-"+env+"\nresources:\n  - ../../base\npatches:\n  - path: replicas.yaml\n"))
		w.file(dir+"/overlays/"+env+"/replicas.yaml", text("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: NAME\nspec:\n  replicas: 3\n"))
	}
	w.file(dir+"/README.md", text("# NAME\n\nOwned by TEAM.\n\n```yaml\nreplicas: 3\n```\n"))
}

func (w *writer) chart(dir string, i int) {
	w.file(dir+"/Chart.yaml", fmt.Sprintf("apiVersion: v2\nname: chart%d\nversion: 1.%d.0\n", i, i))
	w.file(dir+"/values.yaml", "replicas: 2\nimage:\n  repository: example.org/chart\n  tag: \"1.0\"\nserviceAccount:\n  create: true\n  annotations: {}\n")
	for _, kind := range []string{"Deployment", "Service", "ServiceAccount"} {
		w.file(dir+"/templates/"+strings.ToLower(kind)+".yaml", "{{- if .Values.enabled }}\napiVersion: v1\nkind: "+kind+"\nmetadata:\n  name: {{ include \"chart.name\" . }}\n  labels:\n    {{- include \"chart.labels\" . | nindent 4 }}\n{{- end }}\n")
	}
	panels := strings.Repeat(`{"type": "timeseries", "title": "requests", "targets": [{"expr": "sum(rate(http_requests_total[5m]))", "legendFormat": "{{code}}"}]},`, 40)
	w.file(dir+"/dashboards/board.json", `{"title": "board", "panels": [`+strings.TrimSuffix(panels, ",")+`]}`)
}

// workspace copies a generated tree.
func (w *writer) workspace(dir, from string) {
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		w.file(dir+"/"+filepath.ToSlash(name), string(data))
		return err
	})
	if w.err == nil {
		w.err = err
	}
}

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  labels: {app: NAME, team: TEAM}
spec:
  replicas: 2
  selector:
    matchLabels: {app: NAME}
  template:
    metadata:
      labels: {app: NAME, team: TEAM}
    spec:
      serviceAccountName: NAME
      containers:
        - name: web
          image: example.org/TEAM/NAME:1.4.2
          ports:
            - {name: http, containerPort: 8080}
          envFrom:
            - configMapRef: {name: NAME}
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {memory: 256Mi}
          readinessProbe:
            httpGet: {path: /ready, port: http}
          securityContext:
            allowPrivilegeEscalation: false
            runAsNonRoot: true
`

const service = `apiVersion: v1
kind: Service
metadata:
  name: NAME
spec:
  selector: {app: NAME}
  ports:
    - {name: http, port: 80, targetPort: http}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: NAME
spec:
  rules:
    - host: NAME.example.org
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service: {name: NAME, port: {name: http}}
`

const configMap = `apiVersion: v1
kind: ConfigMap
metadata:
  name: NAME
data:
  LOG_LEVEL: info
  application.yaml: |
    server:
      port: 8080
    team: TEAM
`

const access = `apiVersion: v1
kind: ServiceAccount
metadata:
  name: NAME
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: NAME
rules:
  - apiGroups: [""]
    resources: [configmaps]
    verbs: [get, list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: NAME
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: NAME}
subjects:
  - {kind: ServiceAccount, name: NAME}
`
