package profile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// A credentialKind is how a profile gets its credentials.
type credentialKind int

const (
	kindNone credentialKind = iota
	kindAssumeRole
	kindWebIdentity
	kindSSO
	kindStaticKeys
	kindLogin
	kindProcess
)

// isSupported reports whether ssoenv gets credentials of the kind without a login.
func (k credentialKind) isSupported() bool { return k == kindStaticKeys || k == kindProcess }

// kindDescriptions has the kinds that need no SSO session, in words that complete
// "gets its credentials".
var kindDescriptions = map[credentialKind]string{
	kindWebIdentity: "by web identity (web_identity_token_file)",
	kindStaticKeys:  "as static keys (aws_access_key_id)",
	kindLogin:       "by aws login (login_session)",
	kindProcess:     "from a program (credential_process)",
}

// kind returns how the profile gets its credentials. If it names several ways,
// the first in the order of the AWS CLI counts. In a source profile, static keys
// come before role_arn: the role may be assumed with the keys beside it.
func (raw rawProfile) kind(isSource bool) credentialKind {
	switch {
	case raw.get("web_identity_token_file") != "":
		return kindWebIdentity
	case raw.get("role_arn") != "" && !(isSource && isStaticKeys(raw.values)):
		return kindAssumeRole
	case raw.get("sso_account_id") != "", raw.get("sso_role_name") != "":
		return kindSSO
	case isStaticKeys(raw.credentials):
		return kindStaticKeys
	case raw.get("login_session") != "":
		return kindLogin
	case raw.get("credential_process") != "":
		return kindProcess
	case isStaticKeys(raw.values):
		return kindStaticKeys
	case raw.sessionName != "", raw.get("sso_start_url") != "":
		return kindSSO
	}
	return kindNone
}

// longestChain is the number of roles beyond which a chain counts as a mistake.
// Each role costs a call.
const longestChain = 100

// resolve decodes a profile and its source profiles. chain has the names of the
// profiles from the one that the user named to this one, at least one name.
func (c *Config) resolve(raw rawProfile, chain []string) (Profile, error) {
	switch kind := raw.kind(len(chain) > 1); kind {
	case kindAssumeRole:
		return c.assumeProfile(raw, chain)
	case kindStaticKeys:
		return decodeStaticKeys(raw)
	case kindProcess:
		return c.decodeProcess(raw)
	case kindSSO, kindNone:
		return c.ssoProfile(raw)
	default:
		unsupported := &UnsupportedError{Profile: chain[0], How: kindDescriptions[kind], AWSLogin: kind == kindLogin}
		if raw.name != chain[0] {
			unsupported.Source = raw.name
		}
		return Profile{}, unsupported
	}
}

func (c *Config) assumeProfile(raw rawProfile, chain []string) (Profile, error) {
	role, account, roleName, err := decodeAssumeRole(raw)
	if err != nil {
		return Profile{}, err
	}
	up, err := c.sourceOf(raw, chain)
	if err != nil {
		return Profile{}, err
	}
	source, err := c.resolve(up, append(chain, up.name))
	if err != nil {
		return Profile{}, err
	}
	return Profile{Name: raw.name, SSOSession: source.SSOSession, AccountID: account, RoleName: roleName, Source: &source, Assume: role}, nil
}

// chainStart follows the source profiles to the first profile of the chain,
// which needs no other.
func (c *Config) chainStart(raw rawProfile) (rawProfile, error) {
	chain := []string{raw.name}
	for raw.kind(len(chain) > 1) == kindAssumeRole {
		var err error
		if raw, err = c.sourceOf(raw, chain); err != nil {
			return rawProfile{}, err
		}
		chain = append(chain, raw.name)
	}
	return raw, nil
}

// sourceOf returns the source profile of a profile that assumes a role. chain is
// as for resolve. A chain that leads back to itself, or that has more than
// longestChain roles, is an error.
func (c *Config) sourceOf(raw rawProfile, chain []string) (rawProfile, error) {
	source, from := raw.get("source_profile"), raw.get("credential_source")
	fail := func(format string, args ...any) (rawProfile, error) {
		return rawProfile{}, &ConfigError{Section: raw.section(), Key: "source_profile", Problem: fmt.Sprintf(format, args...)}
	}
	switch {
	case source != "" && from != "":
		return fail("%s has both a source_profile and a credential_source", raw)
	case from != "":
		if err := checkKeys(raw.section(), raw.values, "credential_source"); err != nil {
			return rawProfile{}, err
		}
		return rawProfile{}, &UnsupportedError{Profile: chain[0], How: fmt.Sprintf("by assuming a role with those of the machine (credential_source = %s)", from)}
	case source == "":
		return fail("%s has a role_arn, but no source_profile whose credentials could assume the role", raw)
	}
	if len(chain) == 4 {
		c.file.names(awsconfig.Profile) // builds an index, for a chain that is long
	}
	up, ok := c.rawProfile(source)
	besideItself := source == raw.name && up.kind(true) == kindStaticKeys
	switch {
	case !ok:
		return fail("%s names source_profile %q, which %s does not have", raw, source, c.Path)
	case slices.Contains(chain, source) && !besideItself:
		return fail("the source_profile of %s leads back to itself: %s", raw, strings.Join(append(chain, source), " → "))
	case len(chain) > longestChain:
		return fail("profile %q is the end of a chain of more than %d roles", chain[0], longestChain)
	}
	return up, nil
}
