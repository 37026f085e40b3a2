package facts

import (
	"strings"
	"sync"
)

// Options are the options of nextflow.config in the scopes that a run on EKS uses: fusion, k8s, wave, tower, aws. An
// option that an older Nextflow than 24.10 has already has no Since. Until is the version that no longer supports it. Options
// that Nextflow reads without declaring them are listed too. Options of other scopes are not judged, nor is what stands below
// an option of type map.
//
// The list is everybody's: it is not to be changed.
func Options() []Option { return options() }

var options = sync.OnceValue(func() []Option {
	var out []Option
	for _, scope := range []struct{ name, source, rows string }{
		{"fusion", "nextflow FusionConfig.groovy", fusionOptions}, {"k8s", "nextflow K8sConfig.groovy", k8sOptions},
		{"wave", "nextflow WaveConfig.groovy", waveOptions}, {"tower", "nextflow TowerConfig", towerOptions},
		{"aws", "nextflow AwsConfig.groovy", awsOptions},
	} {
		for row := range strings.Lines(strings.TrimSpace(scope.rows)) {
			f := strings.Split(strings.TrimSpace(row), "|")
			o := Option{Name: scope.name + "." + f[0], Type: f[1], Default: strings.ReplaceAll(f[2], "¦", "|"), Source: scope.source}
			if len(f) > 3 {
				o.Since = f[3]
			}
			if len(f) > 4 {
				o.Until = f[4]
			}
			out = append(out, o)
		}
	}
	return out
})

// Rows are name|type|default[|since[|until]]; ¦ stands for a bar in a default.
const fusionOptions = `
cacheSize|memory|
containerConfigUrl|string|
enabled|boolean|false
exportAwsAccessKeys|boolean|false
exportStorageCredentials|boolean|false
logLevel|string|
logOutput|string|
privileged|boolean|true
snapshots|boolean|false|25.04.0
tags|string|[.command.*¦.exitcode¦.fusion.*](nextflow.io/metadata=true),[*](nextflow.io/temporary=true)
targetVersion|string||26.03.0
`

const k8sOptions = `
autoMountHostPaths|boolean|false
cleanup|boolean|true
client|map|
client.clientCert|string|
client.clientCertFile|string|
client.clientKey|string|
client.clientKeyFile|string|
client.server|string|
client.sslCert|string|
client.sslCertFile|string|
client.token|string|
client.tokenFile|string|
client.verifySsl|boolean|true
clientRefreshInterval|duration|50m|26.04.0
computeResourceType|string|Pod
context|string|
cpuLimits|boolean|false
debug.yaml|boolean|false
fetchNodeName|boolean|false
fuseDevicePlugin|map|['nextflow.io/fuse': 1]
httpConnectTimeout|duration|
httpReadTimeout|duration|
imagePullPolicy|string|
launchDir|string|
maxErrorRetry|integer|4
namespace|string|
pod|list|
projectDir|string|
pullPolicy|string|
retryPolicy.delay|duration|250ms
retryPolicy.jitter|number|0.25
retryPolicy.maxAttempts|integer|4
retryPolicy.maxDelay|duration|90s
runAsUser|string|
securityContext|map|
serviceAccount|string|
storageClaimName|string|
storageMountPath|string|/workspace
storageSubPath|string|
userName|string|
volumeClaims|map|
workDir|string|
`

const waveOptions = `
build.cacheRepository|string|
build.compression.force|boolean|false|25.10.0
build.compression.level|integer||25.10.0
build.compression.mode|string||25.10.0
build.conda.baseImage|string|
build.conda.basePackages|string|
build.conda.commands|list|
build.conda.mambaImage|string|
build.maxDuration|duration|40m
build.repository|string|
build.template|string||26.04.0
build.spack|map|
bundleProjectResources|boolean|false
containerConfigUrl|list|
enabled|boolean|false
endpoint|string|https://wave.seqera.io
freeze|boolean|false
httpClient.connectTimeout|duration|30s
httpClient.maxRate|string|1/sec|25.04.0
mirror|boolean|false
preserveFileTimestamp|boolean|false
retry|map|
retryPolicy.delay|duration|450ms
retryPolicy.jitter|number|0.25
retryPolicy.maxAttempts|integer|5
retryPolicy.maxDelay|duration|90s
scan.allowedLevels|string|
scan.mode|string|
s5cmdConfigUrl|string|
strategy|list|container,dockerfile,conda
tokens.cache.maxDuration|duration|30m
`

const towerOptions = `
accessToken|string|
computeEnvId|string|
enabled|boolean|false
endpoint|string|https://api.cloud.seqera.io
httpConnectTimeout|duration|60s|26.04.0
httpReadTimeout|duration|60s|26.04.0
workspaceId|string|
`

const awsOptions = `
accessKey|string|
batch|map|
client.anonymous|boolean|false
client.connectionTimeout|integer|10000
client.endpoint|string|
client.glacierAutoRetrieval|boolean|false||24.02.0
client.glacierExpirationDays|integer|7||24.02.0
client.glacierRetrievalTier|string|||24.02.0
client.maxConcurrency|integer|
client.maxConnections|integer|50
client.maxDownloadHeapMemory|memory|400 MB
client.maxErrorRetry|integer|
client.maxNativeMemory|memory|
client.minimumPartSize|memory|8 MB|25.10.0
client.multipartThreshold|memory||25.10.0
client.protocol|string|||25.10.0
client.proxyHost|string|
client.proxyPassword|string|
client.proxyPort|integer|
client.proxyScheme|string|http|25.10.0
client.proxyUsername|string|
client.requesterPays|boolean|false
client.s3Acl|string|
client.s3PathStyleAccess|boolean|false
client.signerOverride|string|||25.10.0
client.socketRecvBufferSizeHint|integer|||25.10.0
client.socketSendBufferSizeHint|integer|||25.10.0
client.socketTimeout|integer|30000
client.storageClass|string|
client.storageEncryption|string|
client.storageKmsKeyId|string|
client.targetThroughputInGbps|number|10|25.10.0
client.transferManagerThreads|integer|
client.uploadChunkSize|memory|||25.10.0
client.uploadMaxAttempts|integer|||25.10.0
client.uploadMaxThreads|integer|||25.10.0
client.uploadRetrySleep|duration|||25.10.0
client.uploadStorageClass|string|
client.userAgent|string|||25.10.0
profile|string|
region|string|
secretKey|string|
`
