package rules

import "github.com/fusiongen/fusiongen/lint"

// configRules are FG500 to FG549: nextflow.config.
func configRules() []lint.Rule {
	return []lint.Rule{
		nfTokenLiteral, nfNamespaceMismatch, nfUnknownOption, nfNoWorkdir, nfFusionWithoutWave, nfOptionValue, nfWorkdirLocal, nfDeviceMap,
		nfPodOptionUnknown, nfPodOptionDropped, nfPodMountShadows, nfPodMountTwice, nfComputeDefault, nfJobTTL, nfExportCredentials,
		nfDebugYAML, nfScratchDirective, nfStageInLink, nfContainerOptions, nfSnapshots, nfArchSelector, nfProcessSecret, nfNestedScope,
		nfEnvScope, nfEntrypointOverride, nfEndpointRegion, nfErrorStrategy, nfPullPolicy, nfRunAsUser, nfPodReplaced, nfWaveCombination,
		nfEndpointSlash, nfTimeLimit, nfTokenHidden, nfTokenMissing, nfFusionSwitch, nfFusionOff, nfAcceleratorRequest, nfArray, nfProjectBin, nfNoK8sScope,
		nfDigestWave, nfK8sWorkdir, nfOptionVersion, nfExecutor, nfHeadCommand, nfHeadNotWritable,
	}
}
