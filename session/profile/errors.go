package profile

import (
	"fmt"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// A NotFoundError reports that the AWS config files have no such section.
type NotFoundError struct {
	Kind string // "profile" or "sso-session"
	Name string
	File string // path of the config file

	// Unread is a header of the file that would name the section if it were
	// quoted, or empty. Only tools written in Go find the section without quotes.
	Unread string
}

func (e *NotFoundError) Error() string { return fmt.Sprintf("there is no %s %q", e.Kind, e.Name) }

// A ConfigError reports what is wrong in the AWS config files, or in an
// environment variable that replaces one of their values.
type ConfigError struct {
	Section SectionName // the zero value for the file as a whole and for a variable
	Key     string      // of the section, or the name of the variable; may be empty
	Problem string      // the whole message
}

func (e *ConfigError) Error() string { return e.Problem }

// A SectionName names a section of the config file. The zero value names none.
type SectionName struct {
	Kind awsconfig.Kind
	Name string
}

// ProfileSection returns the name of a profile's section.
func ProfileSection(profile string) SectionName { return SectionName{awsconfig.Profile, profile} }

// String returns the words that name the section in a message, such as `profile "dev"`.
func (s SectionName) String() string { return fmt.Sprintf("%s %q", s.Kind, s.Name) }

// An UnsupportedError reports that a profile, or the source profile at the start
// of its role chain, gets its credentials in a way that ssoenv does not support,
// or that has no SSO session to log in to.
type UnsupportedError struct {
	Profile string
	Source  string // the source profile, if the reason is there; otherwise empty
	How     string // completes "gets its credentials"

	NeedsNoLogin bool // ssoenv gets these credentials, but not through an SSO session
	AWSLogin     bool // "aws login" logs in
}

func (e *UnsupportedError) Error() string {
	if e.Source != "" {
		return fmt.Sprintf("profile %q assumes its role with the credentials of %q, which gets them %s", e.Profile, e.Source, e.How)
	}
	return fmt.Sprintf("profile %q gets its credentials %s, not through IAM Identity Center", e.Profile, e.How)
}
