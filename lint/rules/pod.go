package rules

import "github.com/fusiongen/fusiongen/lint"

// podRules are FG3: FUSE and pod security.
func podRules() []lint.Rule {
	return []lint.Rule{
		fusePrivileged, fuseNoPlugin, fuseResourceMismatch, fuseTolerations, pullSecretDangling, hostNetwork, imageUnpinned,
		nodeResources, nodePartOff, privilegedRefused, hostPathRefused, restrictedUnmet, seccompRuntimeDefault, rootDropAll,
		userNamespacesOff, ubuntuAppArmor, policyVersion, deviceHostPath, sidecarInjection, deviceCount, deviceTwice,
		pluginDirectory, nodePartRefused, nodePartAccount, csiDriver, runtimeMissing, policyUnbound, policyCapability,
		servedKinds, runtimeHostPath, nodePartPowers, policyInvalid, podSecurityLevel, nodePartSecurity, fusionMountPoint, nodePartArguments, preparerRights,
	}
}
