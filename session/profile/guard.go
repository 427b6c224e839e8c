package profile

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// A GuardLevel says who may get the credentials of a guarded role without a
// confirmation of the user. A higher level is stricter.
type GuardLevel int

const (
	Unguarded        GuardLevel = iota
	GuardInteractive            // ssoenv_confirm = interactive: tools may, by credential-process
	GuardAlways                 // ssoenv_confirm = true: no program may
)

const guardKey = "ssoenv_confirm"

// A Guard is the strictest ssoenv_confirm that is about what a profile leads to.
type Guard struct {
	Level   GuardLevel
	Profile string // the profile that has the ssoenv_confirm
}

// guards are the guards of a config, by what they are about.
//
// A guard is about what its profile leads to, and not only about its name, since
// many names lead to one role: other profiles, other SSO sessions of the same
// Identity Center, ACCOUNT/ROLE and role chains.
type guards struct {
	byName map[string]Guard // profile name
	byRole map[string]Guard // result of ssoRole or assumedRole
}

// Guard returns the guard of what p leads to: of its role, or of any profile or
// role in its chain. Of several, the strictest counts.
//
// A guarded profile need not be valid otherwise: the user who guards it and
// mistypes its region still wants the role guarded. For the same reason an
// ssoenv_confirm with an unknown value counts as true.
func (c *Config) Guard(p Profile) Guard {
	if c.allGuards() == nil {
		return Guard{}
	}
	return c.guardOf(p, map[string]bool{})
}

// allGuards returns the guards of the config, which are read once, or nil if it
// mentions none.
func (c *Config) allGuards() *guards {
	if c.guards == nil && c.mentions(guardKey) {
		c.guards = c.readGuards()
	}
	return c.guards
}

// WithConfirmation returns the profile with the use of it confirmed: a credential_process
// at the start of its role chain may get what is guarded with "interactive" from ssoenv,
// however it asks. If the profile itself is not guarded, what the program prints is then
// stored apart, for it is not for those who have confirmed nothing.
func (c *Config) WithConfirmation(p Profile) Profile {
	apart := c.Guard(p).Level == Unguarded && c.allGuards().isInteractive()
	return p.withConfirmation(apart)
}

func (p Profile) withConfirmation(apart bool) Profile {
	if p.Source != nil {
		source := p.Source.withConfirmation(apart)
		p.Source = &source
		return p
	}
	p.Process.Confirmed = p.Process.Command != ""
	if p.Process.Confirmed && apart {
		p.Process.Guards += "\nconfirmed"
	}
	return p
}

// isInteractive reports whether a guard is "interactive".
func (g *guards) isInteractive() bool {
	if g == nil {
		return false
	}
	for _, guard := range g.byName {
		if guard.Level == GuardInteractive {
			return true
		}
	}
	return false
}

// String returns a text that is the same for equal guards alone. It is empty if
// nothing is guarded.
func (g *guards) String() string {
	if g == nil {
		return ""
	}
	var lines []string
	for i, guards := range []map[string]Guard{g.byName, g.byRole} {
		for what, guard := range guards {
			lines = append(lines, fmt.Sprintf("%d %d %q", i, guard.Level, what))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// ProcessGuard is the part of [Config.Guard] that is about the profiles which p, or a
// profile in its chain, gets from "ssoenv credential-process". That does not ask.
func (c *Config) ProcessGuard(p Profile) Guard {
	if c.Guard(p).Level == Unguarded {
		return Guard{}
	}
	var strictest Guard
	visited := map[string]bool{}
	for source := &p; source != nil; source = source.Source {
		strictest = stricter(strictest, c.guardOfProcess(source.Process, visited))
	}
	return strictest
}

// guardOf is [Config.Guard] of the profile and what its credential_process leads to.
// Profiles in visited are not looked at again; guardOf adds to it.
func (c *Config) guardOf(p Profile, visited map[string]bool) Guard {
	var strictest Guard
	c.eachHop(p, visited, func(h hop) { strictest = stricter(strictest, c.guards.of(h)) })
	return strictest
}

func (c *Config) guardOfProcess(process Process, visited map[string]bool) Guard {
	var strictest Guard
	c.eachHopOfProcess(process, visited, func(h hop) { strictest = stricter(strictest, c.guards.of(h)) })
	return strictest
}

// A hop is a step on the way to the credentials of a profile: a profile with the
// role that it has, or a role of which only the name is known.
type hop struct {
	name     string // of the profile; may be empty
	role     string // result of ssoRole or assumedRole; may be empty
	startURL string // of the SSO session that the role belongs to; may be empty

	// unclear is the lower-case name of a role whose account or session is not known
	// here. It is empty if role is known.
	unclear string
}

// eachHop calls visit for the profile, for the source profiles of its chain, and for
// the profiles that a credential_process which runs ssoenv asks for. Profiles in
// visited are not looked at again; eachHop adds to it.
func (c *Config) eachHop(p Profile, visited map[string]bool, visit func(hop)) {
	for at := &p; at != nil; at = at.Source {
		h := hop{name: at.Name, role: ssoRole(at.AccountID, at.RoleName), startURL: at.SSOSession.StartURL}
		if at.Source != nil {
			h.role = assumedRole(at.Assume.RoleARN)
		}
		visit(h)
		c.eachHopOfProcess(at.Process, visited, visit)
	}
}

func (c *Config) eachHopOfProcess(process Process, visited map[string]bool, visit func(hop)) {
	for _, name := range process.ssoenvProfiles() {
		if visited[name] {
			continue
		}
		visited[name] = true
		if other, err := c.Profile(name); err == nil {
			c.eachHop(other, visited, visit)
		} else if ref, ok := cutRole(name); ok {
			// Which account has the name, or which session is meant, is not known
			// here: the role's name decides.
			visit(hop{unclear: strings.ToLower(ref.RoleName)})
		}
	}
}

// of returns the strictest guard that is about the hop.
func (g *guards) of(h hop) Guard {
	strictest := stricter(g.byName[h.name], g.byRole[h.role])
	if h.unclear == "" {
		return strictest
	}
	for role, guard := range g.byRole {
		if strings.HasSuffix(role, "/"+h.unclear) {
			strictest = stricter(strictest, guard)
		}
	}
	return strictest
}

func stricter(a, b Guard) Guard {
	if b.Level > a.Level {
		return b
	}
	return a
}

// readGuards reads the guards of both files. It decodes only sections that
// mention the key.
func (c *Config) readGuards() *guards {
	found := &guards{byName: map[string]Guard{}, byRole: map[string]Guard{}}
	for raw := range c.mentioning(guardKey) {
		found.add(raw)
	}
	return found
}

// mentioning iterates over the profiles of both files with a section that mentions one of
// the keys. A profile may come twice.
func (c *Config) mentioning(keys ...string) iter.Seq[rawProfile] {
	return func(yield func(rawProfile) bool) {
		for section := range c.file.Mentioning(awsconfig.Profile, keys...) {
			if raw, _ := c.rawProfileOf(section.Name(), section, true); !yield(raw) {
				return
			}
		}
		for section := range c.credentials.Mentioning(awsconfig.Bare, keys...) {
			if raw, _ := c.rawProfile(section.Name()); !yield(raw) {
				return
			}
		}
	}
}

// add adds the guard of a profile, if it has one.
func (g *guards) add(raw rawProfile) {
	guard := Guard{decodeGuard(raw.get(guardKey)), raw.name}
	if guard.Level == Unguarded {
		return
	}
	g.byName[raw.name] = stricter(g.byName[raw.name], guard)
	for _, role := range raw.roles() {
		g.byRole[role] = stricter(g.byRole[role], guard)
	}
}

// roles identifies the roles that the profile names, valid or not.
func (raw rawProfile) roles() []string {
	return slices.DeleteFunc([]string{assumedRole(raw.get("role_arn")), ssoRole(raw.get("sso_account_id"), raw.get("sso_role_name"))},
		func(role string) bool { return role == "" })
}

// decodeGuard decodes an ssoenv_confirm.
func decodeGuard(value string) GuardLevel {
	switch value {
	case "", "false":
		return Unguarded
	case "interactive":
		return GuardInteractive
	}
	return GuardAlways
}

// PermissionSet returns the permission set in the name, in any case, of the IAM role
// that Identity Center makes of it, or "" for another name. The name is that of
// arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef.
func PermissionSet(name string) string {
	const prefix = "AWSReservedSSO_"
	if len(name) < len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
		return ""
	}
	rest := name[len(prefix):]
	i := strings.LastIndexByte(rest, '_')
	if i < 0 || strings.Contains(rest, "\n") {
		return ""
	}
	suffix := rest[i+1:]
	if len(suffix) != 16 || strings.Trim(suffix, "0123456789abcdefABCDEF") != "" {
		return ""
	}
	return rest[:i]
}

// ssoRole identifies a role of an SSO session, or is empty if one of its parts is.
// The name is compared without case, as IAM does. Leading zeros of the account id
// do not count, which tools that read numbers leave out, nor a comment on the same
// line, which some SDKs allow.
func ssoRole(account, name string) string {
	account = strings.TrimLeft(withoutComment(account), "0")
	if name = strings.ToLower(withoutComment(name)); account == "" || name == "" {
		return ""
	}
	return account + "/" + name
}

// assumedRole identifies the role of an ARN, or is empty for text that is none.
// The path of the role does not count: names are unique in an account.
func assumedRole(arn string) string {
	parts := strings.SplitN(withoutComment(arn), ":", 6)
	if len(parts) != 6 {
		return ""
	}
	name := strings.ToLower(parts[5][strings.LastIndexByte(parts[5], '/')+1:])
	if set := PermissionSet(name); set != "" {
		return ssoRole(parts[4], set)
	}
	if role := ssoRole(parts[4], name); role != "" {
		return "arn:" + role
	}
	return ""
}

func withoutComment(value string) string {
	first := len(value)
	for _, start := range []string{" #", " ;", "\t#", "\t;"} {
		if at := strings.Index(value, start); at >= 0 {
			first = min(first, at)
		}
	}
	return cmp.Or(strings.TrimSpace(value[:first]), value)
}
