package profile

import (
	"fmt"
	"strings"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

const exportKey = "ssoenv_export"

// The values of ssoenv_export: what a switch gives to a shell.
const (
	ExportKeys    = "keys"    // the credentials
	ExportProfile = "profile" // AWS_PROFILE, and the AWS tools get the credentials
)

// IsExport reports whether text is a value of ssoenv_export.
func IsExport(text string) bool { return keyRules[exportKey].valid(text) }

// An ExportError reports that AWS tools to which AWS_PROFILE names the profile do not
// get the credentials that ssoenv gets.
type ExportError struct {
	Profile string
	Reason  string // a clause

	NoProfile bool // it is an account and a role
	Isolated  bool // the token is in the keyring; a profile with a credential_process works
}

func (e *ExportError) Error() string {
	return fmt.Sprintf("%q cannot be given to AWS tools by AWS_PROFILE: %s", e.Profile, e.Reason)
}

// CheckExport returns nil if the AWS CLI and the SDKs, to which AWS_PROFILE names the
// profile, get credentials of the same role as ssoenv, for as long as the session
// lasts. Otherwise it returns an *[ExportError]. It reads both files as a whole.
//
// Measured with the AWS CLI, botocore and the SDK for Go: they resolve roles of an
// sso-session and of a legacy profile by the token in the AWS CLI's sso/cache, role
// chains that begin in one of these or in static keys, static keys, and a
// credential_process. They do not ask for MFA codes where no user is, and of a profile
// that has two ways to credentials they choose different ones.
func (c *Config) CheckExport(p Profile) error {
	refuse := func(format string, args ...any) error {
		return &ExportError{Profile: p.Name, Reason: fmt.Sprintf(format, args...)}
	}
	if !c.HasProfile(p.Name) {
		return &ExportError{Profile: p.Name, NoProfile: true, Reason: "it is no profile of " + c.Path}
	}
	keysBeside := p.Source != nil && p.Source.Name == p.Name // with which the role is assumed
	for hop := &p; hop != nil; hop = hop.Source {
		raw, _ := c.rawProfile(hop.Name)
		ways := raw.ways()
		switch {
		case hop.Source != nil && hop.Assume.MFASerial != "":
			return refuse("its role needs an MFA code, for which most programs cannot ask")
		case len(ways) > 1 && !keysBeside:
			return refuse("%s has %s, and AWS tools do not agree which of them counts", raw, strings.Join(ways, " and "))
		}
		for _, problem := range append(c.emptyKeys(raw), c.readDifferently(raw)...) {
			return refuse("%s", problem)
		}
	}
	if p.SSOSession.Isolated {
		return &ExportError{Profile: p.Name, Isolated: true,
			Reason: fmt.Sprintf("the token of %q is in the keyring (ssoenv_store = isolated), where AWS tools do not look", p.SSOSession.Title())}
	}
	return nil
}

// readDifferently returns a line for each reason why some AWS tool rejects the file or
// reads the sections of the profile, and of its sso-session, differently than others.
func (c *Config) readDifferently(raw rawProfile) []string {
	var found []string
	profile, inConfig := c.file.section(awsconfig.Profile, raw.name)
	credentials, inCredentials := c.credentials.section(awsconfig.Bare, raw.name)
	for _, f := range []struct {
		path     string
		file     source
		sections []awsconfig.Section
		counts   []bool
	}{
		{c.Path, c.file, []awsconfig.Section{profile, raw.session}, []bool{inConfig, raw.hasSession}},
		{c.CredentialsPath, c.credentials, []awsconfig.Section{credentials}, []bool{inCredentials}},
	} {
		lines := map[int]bool{}
		for i, section := range f.sections {
			if !f.counts[i] {
				continue
			}
			lines[section.Line()] = true
			for _, key := range section.Keys() {
				lines[section.KeyLine(key)] = true
			}
		}
		for _, problem := range f.file.Problems() {
			switch {
			case problem.Fatal: // about any section
				found = append(found, fmt.Sprintf("the AWS CLI cannot read %s: line %d: %s", f.path, problem.Line, problem.Text))
			case lines[problem.Line]:
				found = append(found, fmt.Sprintf("line %d of %s: %s", problem.Line, f.path, problem.Text))
			}
		}
	}
	return found
}

// ways returns the ways to credentials that the profile has, by their keys.
func (raw rawProfile) ways() []string {
	var ways []string
	for _, key := range []string{"role_arn", "sso_account_id", "aws_access_key_id", "login_session", "credential_process"} {
		if raw.get(key) != "" {
			ways = append(ways, key)
		}
	}
	return ways
}

// TokenSession returns the SSO session by whose token AWS tools get the credentials of
// the profile: its own or, if its credential_process runs ssoenv for another profile,
// that one's. It is zero if there is none.
func (c *Config) TokenSession(p Profile) SSOSession {
	for hop := &p; hop != nil; hop = hop.Source {
		if !hop.SSOSession.IsZero() {
			return hop.SSOSession
		}
		for _, name := range hop.Process.ssoenvProfiles() {
			// One that is a process again is not followed: the two might name each other.
			if other, err := c.Profile(name); err == nil && !other.SSOSession.IsZero() {
				return other.SSOSession
			}
		}
	}
	return SSOSession{}
}
