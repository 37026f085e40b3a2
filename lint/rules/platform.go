package rules

import "github.com/fusiongen/fusiongen/lint"

// platformRules are FG550 to FG599: Seqera Platform.
func platformRules() []lint.Rule {
	return []lint.Rule{
		platformUnbound, platformComputeAccount, platformAccountMissing, platformFusion, platformField,
		platformPodSecurity, platformManaged, platformTrust, platformLimits, platformNameStale, platformForms,
		platformLauncherRights, platformAccess,
	}
}
