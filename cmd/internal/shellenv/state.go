package shellenv

import (
	"cmp"
	"strconv"
	"time"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// A State is what the environment says about the shell's switch. The variables
// are claims, not proof: any program may have set them.
type State struct {
	Profile     string // SSOENV_PROFILE; empty: the shell uses no profile
	Previous    string // SSOENV_PREVIOUS, for "use -"
	AccountID   string // AWS_ACCOUNT_ID
	AccountName string // SSOENV_ACCOUNT_NAME
	Region      string // AWS_REGION, else AWS_DEFAULT_REGION

	// AsProfile is true if SSOENV_EXPORT says that the shell has AWS_PROFILE and no
	// credentials. Expires is then when the session's token does.
	AsProfile bool

	Expires    time.Time // SSOENV_EXPIRES; zero if it is not a number
	RenewAt    time.Time // SSOENV_RENEW_AT; zero if it is not a number
	ExpiryFile string    // SSOENV_EXPIRY_FILE

	PromptFormat string // SSOENV_PROMPT_FORMAT, else "%p %t"
	Debug        bool   // SSOENV_DEBUG is set to anything but "" and "0"
	Plain        bool   // SSOENV_PLAIN likewise: no screens, but lists and questions

	env      map[string]string
	snapshot snapshot
}

// exportProfile is the value of SSOENV_EXPORT in a shell that has AWS_PROFILE instead
// of credentials. In others the variable is not set.
const exportProfile = "profile"

// Read reads the state of the shell that has the environment env. The State
// keeps env and must not outlive a change of it.
func Read(env map[string]string) State {
	return State{
		Profile:      env["SSOENV_PROFILE"],
		Previous:     env["SSOENV_PREVIOUS"],
		AccountID:    env["AWS_ACCOUNT_ID"],
		AccountName:  env["SSOENV_ACCOUNT_NAME"],
		Region:       cmp.Or(env["AWS_REGION"], env["AWS_DEFAULT_REGION"]),
		AsProfile:    env["SSOENV_EXPORT"] == exportProfile,
		Expires:      unixTime(env["SSOENV_EXPIRES"]),
		RenewAt:      unixTime(env["SSOENV_RENEW_AT"]),
		ExpiryFile:   env["SSOENV_EXPIRY_FILE"],
		PromptFormat: cmp.Or(env["SSOENV_PROMPT_FORMAT"], "%p %t"),
		Debug:        env["SSOENV_DEBUG"] != "" && env["SSOENV_DEBUG"] != "0",
		Plain:        env["SSOENV_PLAIN"] != "" && env["SSOENV_PLAIN"] != "0",
		env:          env,
		snapshot:     parseSnapshot(env["SSOENV_SAVED"]),
	}
}

// AccessKey returns AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
func (s State) AccessKey() (id string, secret safetext.Secret) {
	return s.env["AWS_ACCESS_KEY_ID"], safetext.Secret(s.env["AWS_SECRET_ACCESS_KEY"])
}

// unixTime reads Unix seconds. It returns the zero time for anything else.
func unixTime(text string) time.Time {
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

// IsSwitched reports whether there is anything for [Clear] to undo.
func (s State) IsSwitched() bool { return s.Profile != "" || s.env["SSOENV_SAVED"] != "" }

// SnapshotLost reports whether the shell uses a profile but its snapshot is
// missing or unreadable. Only the marker then says that the credentials are
// ssoenv's.
func (s State) SnapshotLost() bool { return s.Profile != "" && len(s.snapshot.Vars) == 0 }

// Unchanged reports whether all of the variables still have the values that the
// last switch or renewal gave them.
func (s State) Unchanged(names ...string) bool {
	for _, name := range names {
		if !s.snapshot.unchanged(s.env, name) {
			return false
		}
	}
	return true
}

// CredentialsUnchanged reports whether the shell still has the credentials of
// its last switch or renewal, or the AWS_PROFILE in place of them.
func (s State) CredentialsUnchanged() bool {
	return s.Unchanged("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN") && (!s.AsProfile || s.Unchanged("AWS_PROFILE"))
}

// NeverExpires reports whether the shell has the credentials of its last switch,
// and these have no expiration.
func (s State) NeverExpires() bool {
	return s.Profile != "" && s.env["SSOENV_EXPIRES"] == "" && s.env["AWS_CREDENTIAL_EXPIRATION"] == "" && s.env["AWS_ACCESS_KEY_ID"] != "" && s.CredentialsUnchanged()
}

// Before returns the value that the variable would have without ssoenv, or "".
func (s State) Before(name string) string {
	if value := s.snapshot.before(s.env, name); value != nil {
		return *value
	}
	return ""
}

// RegionBefore returns the region that the shell would have without ssoenv, as
// the AWS CLI would read it, or "".
func (s State) RegionBefore() string {
	return cmp.Or(s.Before("AWS_REGION"), s.Before("AWS_DEFAULT_REGION"))
}

// SetBySwitch reports whether the variable has a value that the last switch gave it.
func (s State) SetBySwitch(name string) bool {
	_, ok := s.env[name]
	return ok && s.Unchanged(name)
}
