package rules

import "github.com/fusiongen/fusiongen/lint"

// iamRules are FG2: IAM permissions and trust.
func iamRules() []lint.Rule {
	return []lint.Rule{
		unknownAction, resourceShape, trustIssuer, trustSubject, trustAudience, bucketNotGranted, missingAction, iamPartition, iamGrammar, iamVersion, iamSid,
		iamWildcard, iamSize, iamARN, wildcardOperator, trustOpen, trustOperator, trustAction, trustProvider, podIdentityTrust, conditionKey, kmsNotGranted,
		lifecycleTags, roleHalf, regionMismatch,
	}
}
