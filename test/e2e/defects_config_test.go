package e2e_test

// nextflow.config: what Nextflow refuses, or takes for something else.
var configDefects = []defect{
	{rules: "FG101 FG513", edits: set("    computeResourceType = 'Job'\n", ""), made: run("smoke"), sees: "cannot create resource"},
	{rules: "FG501", edits: add("tower.accessToken = 'eyJ0aWQiOiAxMjM0fS5hYmNkZWY='"), made: configured, sees: "eyJ0aWQiOiAxMjM0fS5hYmNkZWY="},
	{rules: "FG502", beside: "FG224", edits: set("namespace = '%s'", "namespace = 'default'"), made: run("smoke"), sees: "cannot create resource"},
	{rules: "FG502", edits: set("serviceAccount = '%s-task'", "serviceAccount = 'nobody'"), made: run("smoke"), sees: `serviceaccount "nobody" not found`},
	{rules: "FG101 FG503 FG513", edits: set("computeResourceType", "computeResourcetype"), made: run("smoke"), sees: "cannot create resource"},
	{rules: "FG504", edits: set("workDir = 's3://work-%s/work'\n", ""), made: elsewhere("smoke"), sees: "Unexpected path for Fusion script launcher"},
	{rules: "FG506", edits: set("computeResourceType = 'Job'", "computeResourceType = 'job'"), made: run("smoke"), sees: "cannot create resource"},
	{rules: "FG506", edits: set("privileged = false", "privileged = false\n    cacheSize = '200Gi'"), made: run("smoke"), sees: "Not a valid FileSize value: '200Gi'"},
	{rules: "FG507", edits: set("workDir = 's3://work-%s/work'", "workDir = '%d/work'"), made: elsewhere("smoke"), sees: "Unexpected path for Fusion script launcher"},
	{rules: "FG508", edits: set("['nextflow.io/fuse': 1]", "['nextflow.io/fuse': 1, 'example.com/none': 1]"), made: run("smoke"), sees: "should be a map object providing exactly one entry"},
	{rules: "FG101 FG513 FG523", edits: append(set("    computeResourceType = 'Job'\n", ""), set("    executor = 'k8s'\n", "    executor = 'k8s'\n    k8s {\n        computeResourceType = 'Job'\n    }\n")...),
		made: run("smoke"), sees: "cannot create resource"},
	{rules: "FG528", edits: set("k8s {\n", "k8s {\n    pullPolicy = 'Always'\n    imagePullPolicy = 'IfNotPresent'\n"), made: run("smoke"), sees: "ErrImagePull"},
	{rules: "FG537", edits: set("privileged = false", "privileged = false\n    enabled = false"), made: run("smoke"), sees: "No such file"},
	{rules: "FG540", edits: []edit{{"main.nf", "", "workflow {}\n"}, {"bin/helper", "", "#!/bin/sh\n"}}, made: run("bin"), sees: "helper: command not found"},
	{rules: "FG541", beside: "FG224 FG326 FG405 FG513", edits: append(set("k8s {\n…", ""), edit{config, "", "fusion.privileged = false\n"}), made: run("smoke"), sees: "Unable to lookup Kubernetes cluster configuration"},
	{rules: "FG504 FG543", edits: append(set("workDir = 's3://work-%s/work'\n", ""), set("k8s {\n", "k8s {\n    workDir = 's3://work-%s/work'\n")...), made: elsewhere("smoke"),
		sees: "Unexpected path for Fusion script launcher"},
	{rules: "FG545", edits: set("executor = 'k8s'", "executor = 'k8'"), made: run("smoke"), sees: "Unknown executor name"},
}

// Pod options and directives of nextflow.config.
var optionDefects = []defect{
	{rules: "FG509", edits: option("[hostUsers: false]"), made: run("smoke"), sees: "Unknown pod options"},
	{rules: "FG510", edits: set("[csi: [driver: 'fusion.fusiongen.dev', readOnly", "[env: 'GREETING', value: 'hello', csi: [driver: 'fusion.fusiongen.dev', readOnly"), made: run("smoke"), sees: noRuntime},
	{rules: "FG511", edits: option("[config: 'kube-root-ca.crt/ca.crt', mountPath: '/bin/ca.crt']"), made: run("smoke"), sees: "there is no command bash in this container's PATH"},
	{rules: "FG512", edits: option("[emptyDir: [:], mountPath: '/tmp']"), made: run("smoke"), sees: "must be unique"},
	{rules: "FG514", edits: option("[ttlSecondsAfterFinished: 0]"), made: run("smoke", "-poll-interval", "10s"), sees: "/status returned an error code=404"},
	{rules: "FG518", edits: add("process.stageInMode = 'link'"), made: run("script", "--script", "cat input.txt", "--input", "s3://results-%s/input.txt"), sees: "Invalid cross-device link"},
	{rules: "FG519", edits: add("process.containerOptions = '--env GREETING=hello'"), made: script("echo ${GREETING:?is not there}"), sees: "GREETING: is not there"},
	{rules: "FG522", edits: add("process.secret = ['LICENCE']"), made: run("smoke"), sees: "Required secret is missing: 'LICENCE'"},
	{rules: "FG522", edits: add("process.secret = ['LICENCE']"), made: stored("smoke"), sees: ".secrets: No such file or directory"},
	{rules: "FG524", edits: add("env.GREETING = 'say \"hello\"'"), made: script(`test "$GREETING" = 'say "hello"' || { echo "the variable is <$GREETING>"; exit 1; }`), sees: "the variable is <say hello>"},
	{rules: "FG529", edits: set("k8s {\n", "k8s {\n    runAsUser = 1000\n    securityContext = [fsGroup: 2000]\n"), made: script(`id -G | grep -w 2000 || { echo "groups are <$(id -G)>"; exit 1; }`), sees: "groups are <1000>"},
	{rules: "FG533", edits: add("process.time = '5 sec'"), made: run("slow"), sees: "DeadlineExceeded"},
	{rules: "FG538", edits: add("process.accelerator = [request: 1, type: 'nvidia.com/gpu']"), made: run("smoke"), sees: "Limit must be set for non overcommitable resources"},
	{rules: "FG539", edits: add("process.array = 2"), made: run("smoke"), sees: "Executor 'k8s' does not support job arrays"},
}
