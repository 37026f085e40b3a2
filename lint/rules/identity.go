package rules

import "github.com/fusiongen/fusiongen/lint"

// identityRules are FG1: RBAC and service accounts.
func identityRules() []lint.Rule {
	return []lint.Rule{
		rbacMissing, rbacExcess, rbacNoEffect, bindingDangling, bindingNamespace, rbacWildcard, roleAnnotation, twoIdentities, roleUnbound, headAccount,
		headNoToken, sharedAccount, accountAnnotation, staticCredentials, podIdentityAPI, podIdentityTags, podIdentityFargate, roleShared, roleEmpty,
	}
}
