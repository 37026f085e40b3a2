package rules_test

import (
	"regexp"
	"strings"
)

// place says of the changes whose example, file, field and kind of change match it whether they break a run, and why. The first that
// matches counts.
type place struct {
	where    string // regular expression; a dot is a dot
	harmless bool
	why      string
}

// patterns are the places' expressions, compiled once for all mutants.
func patterns(all []place) []*regexp.Regexp {
	out := make([]*regexp.Regexp, len(all))
	for i, p := range all {
		out[i] = regexp.MustCompile(dots.Replace(p.where))
	}
	return out
}

var dots = strings.NewReplacer(`\.`, `\.`, ".*", ".*", ".", `\.`)

// places are those of the examples for the CLI, what does no harm first; everything else of a file breaks.
var places = []place{
	{`metadata.labels.(app.kubernetes.io/|fusiongen.dev/workspace|pod-security.kubernetes.io/warn)`, true, "labels for people"},
	{`base/(rbac|nextflow|admission|device-plugin|host-runtime|node-volumes|nvme)/[^ ]+ metadata.labels`, true, "labels for people"},
	{`base/service-account/service-account-\w+.yaml metadata.labels`, true, "labels for people"},
	{`(minimal|daemonset|platform-\w+) base/service-account/namespace.yaml metadata.labels (delete|.*enforce delete)|base/system/namespace.yaml metadata.labels(.pod-security.kubernetes.io/enforce)? delete`, true, "a namespace without the label takes what it took before"},
	{`base/service-account/namespace.yaml metadata.labels.pod-security.kubernetes.io/enforce delete`, true, "a namespace without the label takes what it took before"},
	{`base/nvme/node-[^ ]+ metadata.labels|node-pool.yaml spec.template.metadata|network-policy.yaml metadata.labels|head/job.yaml (metadata.labels|spec.template.metadata)`, true, "labels for people; nothing moves a node that has pods (consolidation is WhenEmpty)"},
	{`spec.template.metadata.labels.app.kubernetes.io/(part-of|managed-by)`, true, "labels for people"},
	{`base/(device-plugin|host-runtime|node-volumes|nvme)/daemon-set.yaml metadata.name alter|(role-binding|admission-policy-binding|inject-policy-binding|node-overlay|cluster-role-binding).yaml metadata.name alter|head/job.yaml metadata.generateName alter`, true, "nothing refers to the name"},
	{`base/(device-plugin|host-runtime|node-volumes|nvme)/service-account.yaml automount`, true, "each DaemonSet says it itself"},
	{`base/service-account/service-account-\w+.yaml automount`, true, "the head says it itself, and k8s.pod does for tasks"},
	{`sts-regional-endpoints`, true, "the default of current SDKs is the same"},
	{`[ /]kustomization.yaml (apiVersion|kind) delete`, true, "kustomize takes a file of that name without them"},
	{`base/(device-plugin|host-runtime|node-volumes|nvme)/daemon-set.yaml spec.(revisionHistoryLimit|updateStrategy (delete)|updateStrategy.type delete|updateStrategy.rollingUpdate(.maxUnavailable)? delete)`, true, "has a default that does"},
	{`base/(device-plugin|host-runtime|node-volumes)/daemon-set.yaml spec.template.spec.(serviceAccountName delete|automountServiceAccountToken|tolerations(.0)? delete)`, true, "these parts call no API, and nothing taints these nodes"},
	{`base/(device-plugin|host-runtime|node-volumes|nvme)/daemon-set.yaml spec.template.spec.(priorityClassName delete|terminationGracePeriodSeconds|nodeSelector(.kubernetes.io/os)? delete)`, true, "has a default that does"},
	{`base/(device-plugin|host-runtime|node-volumes|nvme)/daemon-set.yaml spec.template.spec.affinity((.nodeAffinity(.requiredDuringSchedulingIgnoredDuringExecution(.nodeSelectorTerms.0(.matchExpressions(.\d)?)?)?)?)? delete|\S+matchExpressions.1(.key|.values.0)? alter)`, true, "keeps the part off nodes that a run does not use"},
	{`base/(device-plugin|host-runtime|node-volumes|nvme)/daemon-set.yaml spec.template.spec.affinity\S+matchExpressions.0.values.1 (delete|alter)`, true, "the examples run on amd64"},
	{`base/(device-plugin|host-runtime|node-volumes|nvme)/daemon-set.yaml spec.template.spec.(initC|c)ontainers.0.(name alter|livenessProbe delete|readinessProbe delete|readinessProbe.httpGet.path|(liveness|readiness)Probe.periodSeconds|ports.0.protocol delete)`, true, "probes and names; the part works without"},
	{`base/(device-plugin|host-runtime|node-volumes|nvme)/daemon-set.yaml spec.template.spec.(initC|c)ontainers.0.resources(.(requests|limits)(.[\w-]+)?)? delete`, true, "the part runs without amounts"},
	{`base/(device-plugin|host-runtime|node-volumes|nvme)/daemon-set.yaml spec.template.spec.(initC|c)ontainers.0.securityContext.(allowPrivilegeEscalation|readOnlyRootFilesystem|capabilities|seccompProfile delete)`, true, "hardening; the part has more rights without"},
	{`base/host-runtime/daemon-set.yaml spec.template.spec.containers.0.(securityContext|command.1|image alter|resources)`, true, "the init container has installed the binary by then; this one only waits"},
	{`base/(device-plugin|host-runtime|node-volumes|nvme)/daemon-set.yaml spec.template.spec.volumes.\d.hostPath.type delete`, true, "nobody checks the type, and the directory is there"},
	{`base/device-plugin/daemon-set.yaml spec.template.spec.containers.0.args(.\d)? delete|base/node-volumes/daemon-set.yaml spec.template.spec.containers.0.args(.\d)? delete|base/nvme/daemon-set.yaml spec.template.spec.containers.0.args.[02] delete`, true, "the flag has the same default, or the run does not use what it names"},
	{`fieldRef.apiVersion delete`, true, "has a default that does"},
	{`minimal base/node-volumes/daemon-set.yaml spec.template.spec.(volumes.1.hostPath.path alter|containers.0.volumeMounts.1.mountPropagation (delete|alter HostToContainer))`, true, "no task of the example has a scratch volume of this service"},
	{`csi-driver.yaml spec.(podInfoOnMount|requiresRepublish|storageCapacity|fsGroupPolicy delete)`, true, "the driver does without"},
	{`base/rbac/role.yaml rules.(0.verbs.0|3.verbs.1|1(\.\S+)?) `, true, "runs end well; pods and Jobs are left behind, or the log of a failed task is not shown"},
	{`(roleRef.apiGroup delete)|base/rbac/role-binding.yaml subjects.0.namespace delete`, true, "has a default that does"},
	{`head/job.yaml  delete`, true, "a head is started by hand, and another one may be"},
	{`head/job.yaml spec.(backoffLimit|ttlSecondsAfterFinished)`, true, "says what happens afterwards"},
	{`head/job.yaml spec.template.spec.containers.0.(name alter|args.1 delete|env.0.value alter|env.1( |.name alter|.value)|env.3( |.name alter|.value delete)|resources (delete)|resources.\S+ delete|resources.requests.cpu alter|volumeMounts.1.readOnly|securityContext)`, true, "the configuration says the same, or a head does without"},
	{`head/job.yaml spec.template.spec.(securityContext (delete)|securityContext.(runAsNonRoot|fsGroup|seccompProfile delete|runAsUser alter)|volumes.0.emptyDir delete)`, true, "hardening, and defaults that do"},
	{`iam/\S+ Statement.\d+.Sid|iam/\S+ Version delete`, true, "a name; and the older grammar lacks variables only, which no document has"},
	{`-permissions.json Statement.\d+.Condition(.StringLike(.s3:prefix)?)? delete`, true, "lists more of a bucket; reading stays bound to the prefix"},
	{`-permissions.json Statement.\d+.Action.0 `, true, "ends failed uploads; their parts stay until the life-cycle rule takes them"},
	{`iam/\S*head-permissions.json Statement.1.Action.1 `, true, "for nextflow clean"},
	{`-trust.json Statement.0.Condition.StringEquals.\S+:aud delete`, true, "a token of this account for another audience does, too"},
	{`nextflow.config (workDir delete|aws.region delete)`, true, "the head says it, in its command line or environment"},
	{`nextflow.config (k8s.namespace delete)`, true, "a head in the cluster takes its own namespace"},
	{`nextflow.config k8s.fuseDevicePlugin( delete|.\S+ alter)`, true, "the default is the same; the bundled plugin has a thousand"},
	{`nextflow.config (fusion.cacheSize delete|k8s.pod.0|k8s.pod.1)`, true, "a default that does; the account has no token by itself, and root makes /fusion"},
	{`nextflow.config  delete`, true, "the head reads the copy in the ConfigMap"},
	{`daemonset nextflow.config fusion.privileged`, true, "the namespace takes privileged pods"},
	{`karpenter nextflow.config k8s.pod( |.2( |.mountPath)|.3)`, true, "/tmp is then in the container, on the same disks; nothing moves a node that has pods"},
	{`minimal nextflow.config k8s.pod.(2.csi.readOnly|3)`, true, "/tmp is then in the container; the driver mounts the binary for reading either way"},
	{`inject-policy.yaml spec.(failurePolicy delete|reinvocationPolicy|matchConditions (delete)|matchConditions.\d (delete)|matchConditions.\d.name alter)`, true, "has a default that does, or reaches more pods"},
	{`inject-policy-binding.yaml spec.matchResources(.namespaceSelector(.matchLabels(.fusiongen.dev/inject)?)?)? delete`, true, "reaches more namespaces"},
	{`node-class.yaml spec.metadataOptions( |.httpPutResponseHopLimit (delete|alter)|.httpTokens delete)`, true, "hardening of the nodes"},
	{`node-overlay.yaml spec.capacity.nextflow.io/fuse alter`, true, "as many devices as a node has pods, or more"},
	{`node-pool.yaml spec.(disruption(.\w+)? delete|disruption.consolidateAfter delete|limits(.cpu)? (delete|alter)|template.spec.(expireAfter|terminationGracePeriod) delete)`, true, "a default that does, or another limit"},
	{`node-pool.yaml spec.template.spec.requirements.([0123] delete|1.values.\d|2.values.\d|3.values.0 alter)`, true, "the other requirements or values leave nodes that fit"},
	{`base/nvme/admission-policy.yaml spec.(failurePolicy|matchConstraints|validations|variables|matchConditions.0.(name|expression))|base/nvme/admission-policy-binding.yaml spec|base/nvme/admission-policy(-binding)?.yaml (apiVersion|kind|spec| |metadata)`, true, "the guard is weaker or refused; a run does not need it (FG422 tells)"},
	{`components/(argocd|kueue)/kustomization.yaml patches(.\d)?(.target.\w+)? (delete|alter)`, true, "order of a sync, or a queue: the objects are applied all the same"},
	{`components/network-policy/kustomization.yaml (replacements|resources)`, true, "the policy lands elsewhere or is left out, and shuts nothing"},
	{`network-policy.yaml (spec (delete)|spec.podSelector|spec.policyTypes|spec.egress.\d.(ports|to) delete|spec.egress.1.to.1|spec.egress.2|spec.egress.1.to.0.ipBlock(.cidr alter|.except)|(spec.egress.\d+.ports.\d+|\S+).protocol (delete))`, true, "shuts nothing that a run needs: refused, wider, IPv6, or for Pod Identity"},
	{`^\S+ kustomization.yaml components`, true, "guards and queues, not the run"},
	{`s3/lifecycle.json`, true, "unfinished uploads cost money"},
	{`base/service-account/`, false, "no account, not its role, or no namespace for all else"},
	{`base/system/`, false, "no namespace for the node parts"},
	{`base/rbac/`, false, "the API server refuses the objects, or a call of the head"},
	{`base/nextflow/`, false, "the head does not start, or reads another configuration"},
	{`base/device-plugin/`, false, "no node offers the device, and tasks stay Pending"},
	{`base/node-volumes/`, false, "no volume brings the binary, and tasks stay in ContainerCreating"},
	{`base/host-runtime/`, false, "the binary is on no node, and every task ends with 127"},
	{`base/admission/`, false, "nothing brings the binary into tasks, or the API server refuses the policy"},
	{`base/platform/`, false, "the API server refuses what Platform does"},
	{`base/nvme/`, false, "nodes are not made, keep their taint, or have no disks; tasks stay Pending or fill the root disk"},
	{`components/`, false, "kustomize does not build the tree, or the network is shut"},
	{`head/job.yaml `, false, "the API server or Nextflow refuses the head"},
	{`iam/`, false, "STS or S3 refuses a call, a result is lost, or others may take the role"},
	{`nextflow.config `, false, "tasks are not started, not with Fusion, or not as the rest expects"},
	{`kustomization.yaml `, false, "a part is not applied"},
}

// platformPlaces are those of the examples for Seqera Platform, before the others.
var platformPlaces = []place{
	{`base/platform/kustomization.yaml (apiVersion|kind) delete|base/platform/[^ ]+ metadata.labels|role-binding-launcher.yaml metadata.name alter|role-binding-launcher.yaml (roleRef|subjects.0).apiGroup delete`, true, "labels for people, a name that nothing refers to, and defaults that do; kustomize takes a file of that name without them"},
	{`access/entry-(ack|eksctl).yaml  delete|access/entry-ack.yaml (metadata.(name|namespace) alter|spec.type delete)|entry-eksctl.yaml accessConfig.accessEntries.0.type delete`, true, "one of three ways to make the entry, a name of its own, and a default that does"},
	{`platform/api-request.json  delete|platform/compute_env.tf.json  delete|platform/nextflow.config`, true, "one of the forms of the same environment; the configuration is a copy to read"},
	{`platform/compute_env.tf.json (terraform|variable)|label_ids|lifecycle|labels(.\d(.\w+)?)? (delete|alter)`, true, "Terraform's own settings, and labels for the bill"},
	{`platform/[^ ]+ \S*([eE]nvironment(.0\S*)?|headJobCpus|headJobMemoryMb|head_job_cpus|head_job_memory_mb) (delete|alter)`, true, "options and size of the head; others do, too"},
	{`iam/platform-permissions.json (Version delete|Statement.\d.Sid|Statement.[23]|Statement.2.Condition)`, true, "Platform shows no logs of the run; the run goes on"},
	{`iam/platform-trust.json (Version delete|Statement.\d.Sid)`, true, "a name; and the older grammar lacks variables only"},
	{`access/`, false, "Platform's principal does not reach the cluster, or others do"},
	{`platform/`, false, "Platform refuses the environment, or makes another one than was meant"},
	{`iam/platform-`, false, "Platform cannot look at the cluster, or others can"},
}
