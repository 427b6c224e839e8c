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
//   - variables that describe those credentials go with them.
package shellenv

import (
	"slices"
	"strings"
)

// credentialVars hold secrets. They are never written into a snapshot, so Clear
// cannot restore them.
var credentialVars = []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"}

// restorableVars hold no secret: Clear restores their values. A switch unsets
// those that it does not set, because an AWS SDK would prefer them to the
// credentials, or a prompt would show another profile.
var restorableVars = []string{
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_EB_PROFILE", "AWS_VAULT", "AWSUME_PROFILE", "AWSU_PROFILE",
	"AWS_SESSION_EXPIRATION", "AWSUME_EXPIRATION",
	"AWS_ACCOUNT_ID", "AWS_CREDENTIAL_EXPIRATION", "AWS_SSO_PROFILE",
}

// settingVars are restored by Clear too. A switch whose profile does not have the
// setting gives them the value from before ssoenv: they override no credentials.
// The endpoint variables of single services, for which isEndpointVar holds, belong
// to them.
var settingVars = []string{
	"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
	"AWS_CA_BUNDLE", "AWS_DEFAULT_OUTPUT", "AWS_RETRY_MODE", "AWS_MAX_ATTEMPTS", "AWS_STS_REGIONAL_ENDPOINTS",
	"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_ENDPOINT_URL",
}

// isEndpointVar reports whether name is AWS_ENDPOINT_URL_ and the name of a service:
// 1 to 64 upper-case letters, digits and underscores. Names that come from a config
// or from a snapshot count only if it holds for them.
func isEndpointVar(name string) bool {
	service, ok := strings.CutPrefix(name, "AWS_ENDPOINT_URL_")
	return ok && len(service) >= 1 && len(service) <= 64 && strings.Trim(service, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// roleVars are a role that botocore prefers to the one of AWS_PROFILE. A switch that
// exports AWS_PROFILE unsets them; another one gives them the value from before
// ssoenv, as settingVars, since the credentials come before them.
var roleVars = []string{"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"}

// settingNames returns the settingVars, the roleVars and the endpoint variables that
// are in one of the maps, sorted.
func settingNames(past map[string]savedVar, wanted map[string]string) []string {
	var endpoints []string
	for name := range past {
		endpoints = append(endpoints, name)
	}
	for name := range wanted {
		endpoints = append(endpoints, name)
	}
	endpoints = slices.DeleteFunc(endpoints, func(name string) bool { return !isEndpointVar(name) })
	slices.Sort(endpoints)
	return slices.Concat(settingVars, roleVars, slices.Compact(endpoints))
}

// expirationVars say when the credentials beside them expire. With one in the
// past, the AWS CLI refuses every command.
var expirationVars = map[string]bool{"AWS_CREDENTIAL_EXPIRATION": true, "AWS_SESSION_EXPIRATION": true, "AWSUME_EXPIRATION": true}

// companionVars are set by other programs together with credentials, and say whose
// they are. Clear does not restore them without those credentials.
var companionVars = map[string]bool{"AWS_VAULT": true, "AWSUME_PROFILE": true, "AWSU_PROFILE": true}

// renewedVars change when credentials are renewed. A renewal leaves the region
// alone: the user may have chosen another one since the switch.
var renewedVars = []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"}

// switchOnlyVars are in an environment only because a switch set them. They are
// removed even if the snapshot is lost.
var switchOnlyVars = map[string]bool{"AWS_ACCOUNT_ID": true, "AWS_CREDENTIAL_EXPIRATION": true, "AWS_SSO_PROFILE": true}

// ownVars are ssoenv's own variables that Clear removes, but for the marker
// SSOENV_PROFILE, which is set last and removed first.
var ownVars = []string{"SSOENV_SAVED", "SSOENV_COLOR", "SSOENV_ACCOUNT_NAME", "SSOENV_EXPIRY_FILE", "SSOENV_RENEW_AT", "SSOENV_EXPIRES", "SSOENV_EXPORT"}

// unservedVars are not in the environment of a program that gets its credentials from an
// endpoint: they are, or lead to, other credentials, or say when credentials in the
// environment expire.
var unservedVars = slices.Concat(credentialVars, []string{
	"AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION", "AWSUME_EXPIRATION",
	"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_CREDENTIAL_FILE",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
	"SSOENV_SAVED", "SSOENV_EXPIRY_FILE", "SSOENV_RENEW_AT", "SSOENV_EXPIRES", "SSOENV_PREVIOUS",
})

// Variables returns the names of all variables that a switch may set or unset, but
// for the endpoint variables of single services.
func Variables() []string {
	return slices.Concat(credentialVars, restorableVars, settingVars, roleVars, ownVars, []string{"SSOENV_PREVIOUS", "SSOENV_PROFILE"})
}

// Conflicting returns the names of variables that name other credentials, another
// profile or another region than the switch does. It leaves out those that a switch
// sets and those that only say when credentials expire.
func Conflicting() []string {
	names := slices.DeleteFunc(slices.Clone(restorableVars), func(name string) bool { return switchOnlyVars[name] || expirationVars[name] })
	return append(names, "AWS_REGION", "AWS_DEFAULT_REGION")
}
