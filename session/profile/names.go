package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// A SyncRole is a role that a session gives access to.
type SyncRole struct {
	AccountID    string
	AccountName  string // may be empty
	AccountEmail string // may be empty
	RoleName     string
}

// DefaultTemplate is the template of the names that `ssoenv sync` gives.
const DefaultTemplate = "{account}-{role}"

// CheckTemplate returns an error unless the template has only fields that exist.
func CheckTemplate(template string) error {
	_, err := expand(template, SyncRole{}, "")
	return err
}

// nameOf returns the name that a template, for which [CheckTemplate] returns no
// error, gives to the profile of a role. It never begins with a hyphen, which would
// make it a flag, and has no slash, which would make it ACCOUNT/ROLE.
func nameOf(template string, role SyncRole, session string) string {
	expanded, _ := expand(template, role, session)
	return cmp.Or(slug(expanded), role.AccountID+"-"+slug(role.RoleName))
}

// SyncName returns the name of the profile that has the role or, if none has it, the
// name that a sync of the session would give it now. shared is whether the session has
// another role for which [Config.SameSyncName] holds.
func (c *Config) SyncName(session string, role SyncRole, shared bool) string {
	if name, ok := c.profileOfRole(session, role); ok {
		return name
	}
	given := nameOf(c.syncTemplate(session), role, session)
	for name := range distinctNames(given, role) {
		if name == given && (shared || name == "default") || c.HasProfile(name) {
			continue
		}
		return name
	}
	return given // not reached: there is no last distinct name
}

// SameSyncName reports whether the template of the session's names gives the same one
// to both roles.
func (c *Config) SameSyncName(session string, a, b SyncRole) bool {
	template := c.syncTemplate(session)
	return nameOf(template, a, session) == nameOf(template, b, session)
}

// syncTemplate returns the template that the next sync of the session uses, unless it
// is given another one.
func (c *Config) syncTemplate(session string) string {
	options, err := c.SyncOptions(session) // the user can edit what is recorded
	if err != nil || options.Template == "" || CheckTemplate(options.Template) != nil {
		return DefaultTemplate
	}
	return options.Template
}

// profileOfRole returns the name of the first profile that has the role of the session.
func (c *Config) profileOfRole(session string, role SyncRole) (name string, ok bool) {
	for section := range c.file.Sections(awsconfig.Profile) {
		values := section.Values()
		if values["sso_session"] == session && values["sso_account_id"] == role.AccountID && values["sso_role_name"] == role.RoleName {
			return section.Name(), true
		}
	}
	return "", false
}

func expand(template string, role SyncRole, session string) (string, error) {
	var b strings.Builder
	for rest := template; rest != ""; {
		before, inside, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if !found {
			break
		}
		name, after, closed := strings.Cut(inside, "}")
		value, known := "", closed
		switch name {
		case "account":
			value = cmp.Or(slug(role.AccountName), role.AccountID)
		case "account_id":
			value = role.AccountID
		case "email":
			value = role.AccountEmail
		case "role":
			value = role.RoleName
		case "session":
			value = session
		default:
			known = false
		}
		if !known {
			return "", fmt.Errorf("--name knows {account}, {account_id}, {email}, {role} and {session}, not {%s}", name)
		}
		b.WriteString(value)
		rest = after
	}
	return b.String(), nil
}

// slug returns a text as a part of a name. Letters and digits of every script stay
// (see [awsconfig.IsReadable]), but Latin letters lose their accents. Any other run
// of characters becomes one hyphen, except at the ends, and so does a slash. Hyphens
// at the start are left out.
func slug(text string) string {
	if awsconfig.IsPortable(text) && text[0] != '-' && !strings.Contains(text, "/") {
		return text
	}
	var b strings.Builder
	gap := false
	last := rune(0) // as written; 0 after a gap
	for _, r := range text {
		if r >= utf8.RuneSelf {
			if i := slices.Index(accented, r); i >= 0 {
				r = rune(unaccented[i])
			}
		}
		switch {
		case unicode.Is(unicode.M, r) && last > 0 && last < unicode.MaxASCII:
			continue // the accent of a Latin letter, as a character of its own
		case r == '/', r == unicode.ReplacementChar, !awsconfig.IsReadable(string(r)), unicode.Is(unicode.M, r) && last == 0:
			gap, last = true, 0
			continue
		case r == '-' && b.Len() == 0:
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(r)
		gap, last = false, r
	}
	return b.String()
}

var accented, unaccented = []rune("ÀÁÂÃÄÅàáâãäåĄąÇçĆćČčĎďÈÉÊËèéêëĘęĚěÌÍÎÏìíîïŁłÑñŃńŇňÒÓÔÕÖØòóôõöøŐőŘřŚśŠšŤťÙÚÛÜùúûüŮůŰűÝýÿŹźŻżŽž"),
	"AAAAAAaaaaaaAaCcCcCcDdEEEEeeeeEeEeIIIIiiiiLlNnNnNnOOOOOOooooooOoRrSsSsTtUUUUuuuuUuUuYyyZzZzZz"

// distinctNames yields the name that the template gives, and then longer ones, for
// the case that others have it: with the account's id, with the role, with a number.
func distinctNames(name string, role SyncRole) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if !yield(name) {
			return
		}
		for _, part := range distinctParts(name, role) {
			name += "-" + part
			if !yield(name) {
				return
			}
		}
		for n := 2; yield(name + "-" + strconv.Itoa(n)); n++ {
		}
	}
}

// distinctParts returns what makes the name that the template gives distinct: the
// account's id, unless it is in the name, and the role.
func distinctParts(name string, role SyncRole) []string {
	if strings.Contains(name, role.AccountID) {
		return []string{slug(role.RoleName)}
	}
	return []string{role.AccountID, slug(role.RoleName)}
}

// isNameFrom reports whether distinctNames yields name for what the template gives.
func isNameFrom(name, given string, role SyncRole) bool {
	withRole := given
	for _, part := range distinctParts(given, role) {
		if name == withRole {
			return true
		}
		withRole += "-" + part
	}
	if name == withRole {
		return true
	}
	number, ok := strings.CutPrefix(name, withRole+"-")
	n, err := strconv.Atoi(number)
	return ok && err == nil && n >= 2 && strconv.Itoa(n) == number
}
