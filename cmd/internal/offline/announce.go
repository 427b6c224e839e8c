package offline

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
	"github.com/ssoenv/ssoenv/shellinit"
)

// A Plan is what a shell or a program is about to get.
type Plan struct {
	Profile     profile.Profile
	Credentials store.Credentials // with AsProfile, only the times of the session's token
	Region      string            // may be empty
	AsProfile   bool              // AWS_PROFILE is exported instead of credentials
}

// Switch returns the variables of the plan.
func (p Plan) Switch() shellenv.Switch {
	change := NewSwitch(p.Profile, p.Credentials, p.Region)
	change.AsProfile = p.AsProfile
	return change
}

// Title names the profile for the user.
func (p Plan) Title() string { return fmt.Sprintf("%s (%s)", p.Profile.Name, p.identity()) }

// identity says what the credentials are those of, as far as it is known.
func (p Plan) identity() string {
	account := ""
	if id := cmp.Or(p.Profile.AccountID, p.Credentials.AccountID); id != "" {
		account = "account " + AccountTitle(id, p.Credentials.AccountName) + ", "
	}
	switch {
	case p.Profile.Static != nil:
		return account + "static keys"
	case p.Profile.RoleName == "":
		return account + "credentials of a program"
	}
	return account + "role " + p.Profile.RoleName
}

// AccountTitle returns the id of an account with its name, as far as they are known.
func AccountTitle(id, name string) string {
	if id == "" || name == "" {
		return id
	}
	return id + " (" + name + ")"
}

// StaticKeysWarning returns the line that warns before keys that do not expire are put
// in the environment of a shell or a program, once: not in a shell that uses the
// profile, or has used it before the present one.
func (p Plan) StaticKeysWarning(state shellenv.State) (lines []string) {
	name := p.Profile.Name
	if p.Profile.Static != nil && !p.AsProfile && name != state.Profile && name != state.Previous {
		lines = append(lines, fmt.Sprintf("warning: the keys of %q do not expire: a program that reads this environment can keep on using them", name))
	}
	return lines
}

// An Audience is the shell whose change is announced.
type Audience struct {
	State shellenv.State
	Env   map[string]string
	Now   time.Time

	AtTerminal bool // standard error is a terminal

	// CredentialsLost is true if the change removes credentials that cannot be
	// restored.
	CredentialsLost bool
}

// isUser reports whether a user reads more than what is lost: the shell does not run
// an .envrc.
func (a Audience) isUser() bool { return a.AtTerminal && a.Env["DIRENV_IN_ENVRC"] == "" }

// Announcement returns the lines that tell the user which profile the shell has now. In
// a script or an .envrc they say only what is lost.
func (p Plan) Announcement(config *profile.Config, to Audience) (lines []string) {
	if to.CredentialsLost {
		lines = append(lines, "the AWS credentials that were in this shell are replaced; ssoenv stores no secrets, so clear will not restore them")
	}
	if !to.isUser() {
		return lines
	}
	if shellenv.SetByDirenv(to.Env, "SSOENV_PROFILE") {
		lines = append(lines, fmt.Sprintf("direnv has switched this folder to %q: leaving the folder, or a reload, restores what was before it", to.State.Profile))
	}
	region := ""
	if p.Region != "" {
		region = ", " + p.Region
	}
	until := ""
	if expires := p.Credentials.Expires; !expires.IsZero() {
		until = fmt.Sprintf(", until %s (%s)", layout.FormatTime(expires, to.Now), layout.FormatDuration(expires.Sub(to.Now)))
	}
	if p.AsProfile {
		until = " (AWS_PROFILE, no keys)"
	}
	lines = append(lines, fmt.Sprintf("%s: %s%s%s", p.Profile.Name, p.identity(), region, until))
	if p.Region == "" {
		lines = append(lines, p.noRegion(config, to.State))
	}
	return lines
}

// noRegion says which region AWS tools use in a shell whose profile has none: the one
// that the shell had before, else that of the profile "default".
func (p Plan) noRegion(config *profile.Config, state shellenv.State) string {
	effect := "most AWS tools fail without one"
	if region := state.RegionBefore(); region != "" {
		effect = "this shell keeps " + region
	} else if region := config.DefaultRegion(); region != "" && !p.AsProfile {
		effect = fmt.Sprintf("AWS tools will use %s, the region of [default]", region)
	}
	return fmt.Sprintf("%q has no region: %s; choose one with --region", p.Profile.Name, effect)
}

// NothingToClear is what clear says in a shell without a profile.
const NothingToClear = "this shell uses no profile: there is nothing to clear"

// ClearedLines returns the lines that tell the user what clear did not undo and, at a
// terminal, what the shell uses now. before is the environment that was cleared, as
// os.Environ lists it.
func ClearedLines(cleared shellenv.Cleared, before []string, to Audience) (lines []string) {
	if len(cleared.Changed) > 0 {
		lines = append(lines, strings.Join(cleared.Changed, ", ")+": changed since use, not cleared")
	}
	if cleared.CredentialsLost {
		lines = append(lines, "the AWS credentials that were in this shell before use are not restored: ssoenv stores no secrets")
	}
	return append(lines, NowUses(cleared.Change, before, to)...)
}

// NowUses returns the line that tells the user at a terminal what the shell uses after a
// change that undid its switches. before is as in [ClearedLines].
func NowUses(change shellinit.Env, before []string, to Audience) (lines []string) {
	if !to.isUser() {
		return nil
	}
	env := Environ(shellenv.Environ(change, before))
	now := "this shell uses no profile"
	switch {
	case env["AWS_ACCESS_KEY_ID"] != "":
		now = "AWS tools use the AWS_ACCESS_KEY_ID that you have set"
	case env["AWS_PROFILE"] != "":
		now = fmt.Sprintf("AWS tools use profile %q again (AWS_PROFILE)", env["AWS_PROFILE"])
	case env["AWS_DEFAULT_PROFILE"] != "":
		now = fmt.Sprintf("AWS tools use profile %q again (AWS_DEFAULT_PROFILE)", env["AWS_DEFAULT_PROFILE"])
	}
	if to.State.Profile != "" {
		now = fmt.Sprintf("%q is cleared: %s", to.State.Profile, now)
	}
	return []string{now}
}
