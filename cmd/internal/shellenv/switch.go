package shellenv

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/shellinit"
)

// A Switch is the profile that a shell is given, with its credentials.
type Switch struct {
	Profile   string
	AccountID string // may be empty
	Region    string // may be empty
	Color     string // of the prompt's segment; may be empty

	// AccountName may be empty. It is text from a service: the shell gets it as
	// [safetext.Printable] writes it.
	AccountName string

	// Settings are other variables that the profile sets. Only settingVars count, and
	// names for which isEndpointVar holds.
	Settings shellinit.Env

	// AsProfile is true if the shell gets AWS_PROFILE instead of credentials. There are
	// no settings then, because AWS tools read them from the profile, and Expires and
	// RenewAt are those of the session's token.
	AsProfile bool

	AccessKeyID     string
	SecretAccessKey safetext.Secret
	SessionToken    safetext.Secret // may be empty
	Expires         time.Time       // zero: the credentials do not expire
	RenewAt         time.Time       // zero: unknown
	ExpiryFile      string          // may be empty
}

// exported returns the AWS variables of the switch with their values, in the
// order of the manual. They do not depend on the environment.
func (s Switch) exported() shellinit.Env {
	vars := s.credentials()
	if s.Region != "" {
		vars = append(vars,
			shellinit.Var{Name: "AWS_REGION", Value: s.Region},
			shellinit.Var{Name: "AWS_DEFAULT_REGION", Value: s.Region})
	}
	if s.AccountID != "" {
		vars = append(vars, shellinit.Var{Name: "AWS_ACCOUNT_ID", Value: s.AccountID})
	}
	vars = append(vars, shellinit.Var{Name: "AWS_SSO_PROFILE", Value: s.Profile})
	for _, v := range s.Settings {
		if !s.AsProfile && (isEndpointVar(v.Name) || slices.Contains(settingVars, v.Name)) {
			vars = append(vars, v)
		}
	}
	return vars
}

// credentials returns the variables from which AWS tools get credentials.
func (s Switch) credentials() shellinit.Env {
	if s.AsProfile {
		return shellinit.Env{{Name: "AWS_PROFILE", Value: s.Profile}}
	}
	vars := shellinit.Env{
		{Name: "AWS_ACCESS_KEY_ID", Value: s.AccessKeyID},
		{Name: "AWS_SECRET_ACCESS_KEY", Value: s.SecretAccessKey.Reveal()},
	}
	if s.SessionToken != "" {
		vars = append(vars, shellinit.Var{Name: "AWS_SESSION_TOKEN", Value: s.SessionToken.Reveal()})
	}
	if !s.Expires.IsZero() {
		vars = append(vars, shellinit.Var{Name: "AWS_CREDENTIAL_EXPIRATION", Value: s.Expires.UTC().Format(time.RFC3339)})
	}
	return vars
}

// Apply returns the change that switches a shell with the environment env. The
// snapshot comes first and the marker SSOENV_PROFILE last, so that a shell that
// stops half-way can still be cleared. credentialsLost is true if the shell has
// credentials of its own, which Clear will not restore.
func (s Switch) Apply(env map[string]string) (change shellinit.Env, credentialsLost bool) {
	state := Read(env)
	next := snapshot{Vars: map[string]savedVar{}, Lost: state.snapshot.Lost}
	set := s.exported()
	wanted := map[string]string{}
	for _, v := range set {
		wanted[v.Name] = v.Value
	}
	for _, name := range credentialVars {
		if _, ok := env[name]; ok && !state.SnapshotLost() && !state.Unchanged(name) {
			credentialsLost = true
		}
		next.Vars[name] = savedVar{Set: fingerprint(wanted, name)}
		if _, ok := wanted[name]; !ok {
			change = appendUnset(change, env, name)
		}
	}
	next.Lost = next.Lost || credentialsLost
	for _, name := range restorableVars {
		before := state.snapshot.before(env, name)
		if state.SnapshotLost() && switchOnlyVars[name] {
			before = nil
		}
		_, ok := wanted[name]
		if !ok {
			change = appendUnset(change, env, name)
		}
		if ok || before != nil || switchOnlyVars[name] {
			next.Vars[name] = savedVar{Set: fingerprint(wanted, name), Before: before}
		}
	}
	for _, name := range settingNames(state.snapshot.Vars, wanted) {
		before := state.snapshot.before(env, name)
		_, ok := wanted[name]
		switch hidden := s.AsProfile && before != nil && slices.Contains(roleVars, name); {
		case ok, hidden:
			next.Vars[name] = savedVar{Set: fingerprint(wanted, name), Before: before}
			if hidden {
				change = appendUnset(change, env, name)
			}
		default:
			change = appendRestore(change, env, name, before)
		}
	}
	change = append(change, set...)
	mode := ""
	if s.AsProfile {
		mode = exportProfile
	}
	change = appendValue(change, env, "SSOENV_EXPORT", mode)
	change = appendValue(change, env, "SSOENV_EXPIRY_FILE", s.ExpiryFile)
	change = appendValue(change, env, "SSOENV_COLOR", s.Color)
	change = appendValue(change, env, "SSOENV_ACCOUNT_NAME", safetext.Printable(s.AccountName))
	if state.Profile != "" && state.Profile != s.Profile {
		change = append(change, shellinit.Var{Name: "SSOENV_PREVIOUS", Value: state.Profile})
	}
	change = append(s.appendTimes(change, env), shellinit.Var{Name: "SSOENV_PROFILE", Value: s.Profile})
	return append(shellinit.Env{{Name: "SSOENV_SAVED", Value: next.String()}}, change...), credentialsLost
}

// Renew returns the change that replaces the credentials of a switched shell by
// newer ones of the same profile, and nothing else. It returns nil if the user
// has replaced any of the credentials, or the exported AWS_PROFILE, by hand. A
// variable that the user has changed keeps its value. With AsProfile, only the times
// change.
func (s Switch) Renew(env map[string]string) shellinit.Env {
	state := Read(env)
	if !state.CredentialsUnchanged() {
		return nil
	}
	switch {
	case s.AsProfile != state.AsProfile:
		return nil
	case s.AsProfile:
		return s.appendTimes(nil, env)
	}
	next := state.snapshot
	wanted := map[string]string{}
	for _, v := range s.exported() {
		wanted[v.Name] = v.Value
	}
	var change shellinit.Env
	for _, name := range renewedVars {
		if !state.Unchanged(name) {
			continue
		}
		saved := next.Vars[name]
		saved.Set = fingerprint(wanted, name)
		next.Vars[name] = saved
		change = appendValue(change, env, name, wanted[name])
	}
	return s.appendTimes(append(shellinit.Env{{Name: "SSOENV_SAVED", Value: next.String()}}, change...), env)
}

// appendTimes adds SSOENV_RENEW_AT and SSOENV_EXPIRES, or their removal.
func (s Switch) appendTimes(change shellinit.Env, env map[string]string) shellinit.Env {
	change = appendValue(change, env, "SSOENV_RENEW_AT", unixText(s.RenewAt))
	return appendValue(change, env, "SSOENV_EXPIRES", unixText(s.Expires))
}

// unixText returns Unix seconds, or "" for the zero time.
func unixText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.Unix(), 10)
}

// A Cleared is what Clear returns.
type Cleared struct {
	Change shellinit.Env

	// Changed are the credential variables that the user has set by hand since
	// the switch. Clear does not unset them.
	Changed []string

	// CredentialsLost is true if the shell had credentials of its own before
	// the first switch, which are not restored.
	CredentialsLost bool
}

// Clear returns the change that undoes all switches of a shell with the
// environment env. A variable that still has the switch's value gets the value
// from before the first switch; one that the user has changed keeps the user's.
// SSOENV_PREVIOUS becomes the profile that the shell used.
func Clear(env map[string]string) Cleared {
	state := Read(env)
	past := state.snapshot
	cleared := Cleared{CredentialsLost: past.Lost}
	change := appendUnset(nil, env, "SSOENV_PROFILE")
	for _, name := range credentialVars {
		_, present := env[name]
		if state.Unchanged(name) || state.SnapshotLost() {
			change = appendUnset(change, env, name)
		} else if present {
			cleared.Changed = append(cleared.Changed, name)
		}
	}
	for _, name := range restorableVars {
		switch {
		case state.SnapshotLost() && switchOnlyVars[name]:
			change = appendUnset(change, env, name)
		case !state.Unchanged(name):
		case past.Lost && (expirationVars[name] || companionVars[name]):
			change = appendUnset(change, env, name)
		default:
			change = appendRestore(change, env, name, past.Vars[name].Before)
		}
	}
	for _, name := range settingNames(past.Vars, nil) {
		if state.Unchanged(name) {
			change = appendRestore(change, env, name, past.Vars[name].Before)
		}
	}
	for _, name := range ownVars {
		change = appendUnset(change, env, name)
	}
	if state.Profile != "" {
		change = append(change, shellinit.Var{Name: "SSOENV_PREVIOUS", Value: state.Profile})
	}
	cleared.Change = change
	return cleared
}

// Limits of what a switch may add to an environment, in bytes. Linux starts no
// program with a variable over 128 KiB, and other systems are content with less.
const (
	maxValue  = 16 << 10
	maxChange = 64 << 10
)

// CheckSize returns an error if the change would make variables so large that
// the shell could not start programs any more: a value over 16 KiB, or 64 KiB
// in all.
func CheckSize(change shellinit.Env) error {
	sum := 0
	for _, v := range change {
		if len(v.Value) > maxValue {
			return fmt.Errorf("%s would be %d KiB long; with more than %d KiB in a variable, programs may not start", v.Name, len(v.Value)>>10, maxValue>>10)
		}
		sum += len(v.Name) + len(v.Value)
	}
	if sum > maxChange {
		return fmt.Errorf("the variables would be %d KiB long; with more than %d KiB, programs may not start", sum>>10, maxChange>>10)
	}
	return nil
}

// Environ returns the environment given, in the form of os.Environ, after the
// change. Entries that the change does not name keep their place and form, even
// those that no shell could have set.
func Environ(change shellinit.Env, given []string) []string {
	changed := map[string]bool{}
	for _, v := range change {
		changed[v.Name] = true
	}
	after := slices.DeleteFunc(slices.Clone(given), func(entry string) bool {
		name, _, ok := strings.Cut(entry, "=")
		return ok && changed[name]
	})
	for _, v := range change {
		if !v.Unset {
			after = append(after, v.Name+"="+v.Value)
		}
	}
	return after
}

// appendUnset adds the removal of a variable, but only if it is set: fish reads
// POSIX statements only as long as none of them is an "unset".
func appendUnset(change shellinit.Env, env map[string]string, name string) shellinit.Env {
	if _, ok := env[name]; !ok {
		return change
	}
	return append(change, shellinit.Var{Name: name, Unset: true})
}

// appendValue adds an assignment, or the removal of the variable if the value is
// empty.
func appendValue(change shellinit.Env, env map[string]string, name, value string) shellinit.Env {
	if value == "" {
		return appendUnset(change, env, name)
	}
	return append(change, shellinit.Var{Name: name, Value: value})
}

// appendRestore adds an assignment, or the removal of the variable if value is nil.
// It adds nothing if the variable is so already.
func appendRestore(change shellinit.Env, env map[string]string, name string, value *string) shellinit.Env {
	if value == nil {
		return appendUnset(change, env, name)
	}
	if now, ok := env[name]; ok && now == *value {
		return change
	}
	return append(change, shellinit.Var{Name: name, Value: *value})
}
