// Package shellenv decides which environment variables a switch sets, how a
// renewal changes them, and how "ssoenv clear" undoes it. It is pure: it gets
// an environment as a map and returns a change.
//
// The law, which FuzzRoundTrip checks over random histories: after any sequence
// of switches and renewals, [Clear] returns the shell to the environment that it
// would have without ssoenv. Changes that the user made by hand in between are
// part of that environment; a variable that is again as the switch left it counts
// as unchanged. Three exceptions:
//
//   - SSOENV_PREVIOUS remains, for "ssoenv use -";
//   - credentials that the shell had before the first switch are not restored,
//     because a snapshot of them would be a copy of a secret in every child
//     process;
//   - variables that say when those credentials expire go with them.
package shellenv

// credentialVars hold secrets. They are never written into a snapshot, so Clear
// cannot restore them.
var credentialVars = []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"}

// restorableVars hold no secret: Clear restores their values. A switch unsets
// those that it does not set, because an AWS SDK would prefer them to the
// credentials, or a prompt would show another profile.
var restorableVars = []string{
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_VAULT", "AWSUME_PROFILE", "AWSU_PROFILE",
	"AWS_SESSION_EXPIRATION", "AWSUME_EXPIRATION",
	"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCOUNT_ID", "AWS_CREDENTIAL_EXPIRATION", "AWS_SSO_PROFILE",
}

// expirationVars say when the credentials beside them expire. With one in the
// past, the AWS CLI refuses every command.
var expirationVars = map[string]bool{"AWS_CREDENTIAL_EXPIRATION": true, "AWS_SESSION_EXPIRATION": true, "AWSUME_EXPIRATION": true}

// renewedVars change when credentials are renewed. A renewal leaves the region
// alone: the user may have chosen another one since the switch.
var renewedVars = []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"}

// switchOnlyVars are in an environment only because a switch set them. They are
// removed even if the snapshot is lost.
var switchOnlyVars = map[string]bool{"AWS_ACCOUNT_ID": true, "AWS_CREDENTIAL_EXPIRATION": true, "AWS_SSO_PROFILE": true}

// ownVars are ssoenv's own variables that Clear removes, but for the marker
// SSOENV_PROFILE, which is set last and removed first.
var ownVars = []string{"SSOENV_SAVED", "SSOENV_COLOR", "SSOENV_EXPIRY_FILE", "SSOENV_RENEW_AT", "SSOENV_EXPIRES"}

// Variables returns the names of all variables that a switch may set or unset.
func Variables() []string {
	names := append([]string(nil), credentialVars...)
	names = append(names, restorableVars...)
	names = append(names, ownVars...)
	return append(names, "SSOENV_PREVIOUS", "SSOENV_PROFILE")
}

// Conflicting returns the names of variables that name other credentials or
// another profile than the switch does. It leaves out those that a switch sets
// and those that only say when credentials expire.
func Conflicting() []string {
	var names []string
	for _, name := range restorableVars {
		if !switchOnlyVars[name] && !expirationVars[name] {
			names = append(names, name)
		}
	}
	return names
}
