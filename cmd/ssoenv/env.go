package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
	"github.com/ssoenv/ssoenv/shellinit"
)

// The variables that ssoenv owns while a profile is in use. This is the one
// list: what use sets, what clear takes back and what exec gives a child all
// come from here.
var (
	// secrets are never written down for later, so clear cannot restore them.
	secrets = []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"}

	// restorable variables hold no secret: clear gives back what they were.
	// Those that use does not set it unsets, because they would outvote the
	// keys in some SDK, or name another profile in somebody's prompt.
	restorable = []string{
		"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_VAULT", "AWSUME_PROFILE", "AWSU_PROFILE",
		"AWS_SESSION_EXPIRATION", "AWSUME_EXPIRATION",
		"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCOUNT_ID", "AWS_CREDENTIAL_EXPIRATION", "AWS_SSO_PROFILE",
	}

	// expiring variables belong to the keys that they stand beside: past
	// theirs, the AWS CLI refuses every command.
	expiring = map[string]bool{"AWS_CREDENTIAL_EXPIRATION": true, "AWS_SESSION_EXPIRATION": true, "AWSUME_EXPIRATION": true}

	// renewed are those that newer keys bring with them.
	renewed = map[string]bool{"AWS_ACCESS_KEY_ID": true, "AWS_SECRET_ACCESS_KEY": true, "AWS_SESSION_TOKEN": true, "AWS_CREDENTIAL_EXPIRATION": true}

	// setByUse are those that stand there only because use set them, if it has
	// left no memory of what was there before.
	setByUse = map[string]bool{"AWS_ACCOUNT_ID": true, "AWS_CREDENTIAL_EXPIRATION": true, "AWS_SSO_PROFILE": true}

	// ownVars are ssoenv's own, the marker last.
	ownVars = []string{"SSOENV_SAVED", "SSOENV_PREVIOUS", "SSOENV_COLOR", "SSOENV_EXPIRY_FILE", "SSOENV_EXPIRES", "SSOENV_PROFILE"}
)

// A snapshot is the content of SSOENV_SAVED: what clear needs to put a shell
// back. Variables that were not there, and that use did not set, are left out.
type snapshot struct {
	Vars map[string]savedVar `json:"v"`
	Lost bool                `json:"lost,omitempty"` // static keys were in the shell, and are not kept
}

// A savedVar variable is remembered by a digest of what use made of it, which
// tells whether somebody has changed it since and from which no secret can be
// read, and by what it was before.
type savedVar struct {
	Set    string  `json:"s,omitempty"` // empty: use unset it
	Before *string `json:"b,omitempty"` // nil: it was not set, or held a secret
}

// parseSnapshot reads SSOENV_SAVED. What cannot be read remembers nothing.
func parseSnapshot(text string) snapshot {
	var m snapshot
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(data, &m) != nil {
		return snapshot{}
	}
	return m
}

func (m snapshot) String() string {
	data, err := json.Marshal(m)
	if err != nil {
		return "" // strings in a map always marshal
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// unchanged tells whether a variable still is what use made of it.
func (m snapshot) unchanged(env map[string]string, name string) bool {
	known, ok := m.Vars[name]
	return ok && known.Set == digest(env, name)
}

// digest is short, and long enough to tell one secret from another.
func digest(env map[string]string, name string) string {
	value, ok := env[name]
	if !ok {
		return ""
	}
	sum := sha256.Sum256([]byte(name + "=" + value))
	return hex.EncodeToString(sum[:8])
}

// original is what a variable was before ssoenv, or what somebody has made of
// it since, which counts as much; nil for one that is not set.
func (m snapshot) original(env map[string]string, name string) *string {
	if m.unchanged(env, name) {
		return m.Vars[name].Before
	}
	if value, ok := env[name]; ok {
		return &value
	}
	return nil
}

// A switchPlan is one switch of a shell: the profile with its credentials, and the
// region if there is one.
type switchPlan struct {
	client  *session.Client
	profile profile.Profile
	creds   store.Credentials
	region  string
}

// variables are what a use exports, in the order of the contract's list; they
// do not depend on what was there before.
func (u switchPlan) variables() shellinit.Env {
	env := shellinit.Env{
		{Name: "AWS_ACCESS_KEY_ID", Value: u.creds.AccessKeyID},
		{Name: "AWS_SECRET_ACCESS_KEY", Value: u.creds.SecretKey.Reveal()},
		{Name: "AWS_SESSION_TOKEN", Value: u.creds.SessionToken.Reveal()},
		{Name: "AWS_CREDENTIAL_EXPIRATION", Value: u.creds.Expires.UTC().Format(time.RFC3339)},
	}
	if u.region != "" {
		env = append(env,
			shellinit.Var{Name: "AWS_REGION", Value: u.region},
			shellinit.Var{Name: "AWS_DEFAULT_REGION", Value: u.region})
	}
	return append(env,
		shellinit.Var{Name: "AWS_ACCOUNT_ID", Value: u.profile.AccountID},
		shellinit.Var{Name: "AWS_SSO_PROFILE", Value: u.profile.Name})
}

// statements are what takes a shell from env to the use, and the memory that
// takes it back. The memory comes first and the marker last, so that a shell
// that stops half-way can still be cleared. Lost is true when static keys are
// about to be replaced.
func (u switchPlan) statements(env map[string]string) (statements shellinit.Env, lost bool) {
	past := parseSnapshot(env["SSOENV_SAVED"])
	next := snapshot{Vars: map[string]savedVar{}, Lost: past.Lost}
	set := u.variables()
	wanted := map[string]string{}
	for _, v := range set {
		wanted[v.Name] = v.Value
	}
	var changes shellinit.Env
	// A shell that uses a profile and has lost the memory: what use always
	// sets is its doing.
	forgotten := snapshotLost(env, past)
	for _, name := range secrets {
		if _, ok := env[name]; ok && !forgotten && !past.unchanged(env, name) {
			lost = true
		}
		if _, ok := wanted[name]; !ok {
			changes = appendUnset(changes, env, name)
			continue
		}
		next.Vars[name] = savedVar{Set: digest(wanted, name)}
	}
	next.Lost = next.Lost || lost
	for _, name := range restorable {
		before := past.original(env, name)
		if forgotten && setByUse[name] {
			before = nil
		}
		_, isWanted := wanted[name]
		if !isWanted && (name == "AWS_REGION" || name == "AWS_DEFAULT_REGION") {
			// The profile has no region: as it was before ssoenv.
			changes = appendRestore(changes, env, name, before)
			continue
		}
		if isWanted || before != nil {
			next.Vars[name] = savedVar{Set: digest(wanted, name), Before: before}
		}
		if !isWanted {
			changes = appendUnset(changes, env, name)
		}
	}
	changes = append(changes, set...)
	if u.creds.ExpiryFile != "" {
		changes = append(changes, shellinit.Var{Name: "SSOENV_EXPIRY_FILE", Value: u.creds.ExpiryFile})
	} else {
		changes = appendUnset(changes, env, "SSOENV_EXPIRY_FILE")
	}
	if u.profile.Color != "" {
		changes = append(changes, shellinit.Var{Name: "SSOENV_COLOR", Value: u.profile.Color})
	} else {
		changes = appendUnset(changes, env, "SSOENV_COLOR")
	}
	if previous := env["SSOENV_PROFILE"]; previous != "" && previous != u.profile.Name {
		changes = append(changes, shellinit.Var{Name: "SSOENV_PREVIOUS", Value: previous})
	}
	changes = append(changes,
		shellinit.Var{Name: "SSOENV_EXPIRES", Value: strconv.FormatInt(u.creds.Expires.Unix(), 10)},
		shellinit.Var{Name: "SSOENV_PROFILE", Value: u.profile.Name})
	return append(shellinit.Env{{Name: "SSOENV_SAVED", Value: next.String()}}, changes...), lost
}

// checkSize refuses what would be too much for a shell: one whose environment is
// larger than the kernel passes on can start no program any more.
func checkSize(statements shellinit.Env) error {
	const one, all = 16 << 10, 64 << 10
	sum := 0
	for _, v := range statements {
		if len(v.Value) > one {
			return fmt.Errorf("%s would hold %d KiB, and more than %d in a variable keep programs from starting", v.Name, len(v.Value)>>10, one>>10)
		}
		sum += len(v.Name) + len(v.Value)
	}
	if sum > all {
		return fmt.Errorf("the variables would hold %d KiB, and more than %d keep programs from starting", sum>>10, all>>10)
	}
	return nil
}

// renewal is what takes a shell that uses a profile from its keys to newer
// ones, and touches nothing else: the region that its person has chosen since
// stays. A shell whose keys somebody has replaced by hand is left alone.
func (u switchPlan) renewal(env map[string]string) shellinit.Env {
	m := parseSnapshot(env["SSOENV_SAVED"])
	if !m.unchanged(env, "AWS_ACCESS_KEY_ID") {
		return nil
	}
	var changes shellinit.Env
	for _, v := range u.variables() {
		if known, ok := m.Vars[v.Name]; ok && m.unchanged(env, v.Name) && renewed[v.Name] {
			known.Set = digest(map[string]string{v.Name: v.Value}, v.Name)
			m.Vars[v.Name] = known
			changes = append(changes, v)
		}
	}
	changes = append(shellinit.Env{{Name: "SSOENV_SAVED", Value: m.String()}}, changes...)
	return append(changes, shellinit.Var{Name: "SSOENV_EXPIRES", Value: strconv.FormatInt(u.creds.Expires.Unix(), 10)})
}

// clearStatements are the statements that put a shell back: what is still as use left
// it becomes what it was before, and what somebody has changed since stays.
// kept names the keys that were left alone for that reason.
func clearStatements(env map[string]string) (statements shellinit.Env, kept []string, lost bool) {
	past := parseSnapshot(env["SSOENV_SAVED"])
	statements = appendUnset(statements, env, "SSOENV_PROFILE")
	forgotten := snapshotLost(env, past)
	for _, name := range secrets {
		_, present := env[name]
		if past.unchanged(env, name) || forgotten {
			statements = appendUnset(statements, env, name)
		} else if present {
			kept = append(kept, name)
		}
	}
	for _, name := range restorable {
		switch {
		case forgotten && setByUse[name]:
			statements = appendUnset(statements, env, name)
		case !past.unchanged(env, name):
		case past.Lost && expiring[name]:
			// It told when the keys expire that are not restored.
			statements = appendUnset(statements, env, name)
		default:
			statements = appendRestore(statements, env, name, past.Vars[name].Before)
		}
	}
	for _, name := range ownVars[:len(ownVars)-1] {
		statements = appendUnset(statements, env, name)
	}
	return statements, kept, past.Lost
}

// snapshotLost tells whether the shell uses a profile, but has no memory of what
// was before: then the marker alone says whose the keys are.
func snapshotLost(env map[string]string, past snapshot) bool {
	return env["SSOENV_PROFILE"] != "" && len(past.Vars) == 0
}

// appendUnset leaves out what is not there: no shell knows a variable that its
// child does not have, and where nothing is unset, the text that POSIX shells
// read is understood by fish too.
func appendUnset(to shellinit.Env, env map[string]string, name string) shellinit.Env {
	if _, ok := env[name]; !ok {
		return to
	}
	return append(to, shellinit.Var{Name: name, Unset: true})
}

func appendRestore(to shellinit.Env, env map[string]string, name string, value *string) shellinit.Env {
	if value == nil {
		return appendUnset(to, env, name)
	}
	return append(to, shellinit.Var{Name: name, Value: *value})
}
