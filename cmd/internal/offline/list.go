package offline

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

// A ListedProfile is one profile of "ssoenv list".
type ListedProfile struct {
	Profile     string      `json:"profile"`
	Kind        ProfileKind `json:"kind"`
	AccountID   string      `json:"account_id,omitempty"`
	AccountName string      `json:"account_name,omitempty"`
	RoleName    string      `json:"role_name,omitempty"`
	SSOSession  string      `json:"sso_session,omitempty"`
	StartURL    string      `json:"start_url,omitempty"`
	Region      string      `json:"region,omitempty"`
	Source      string      `json:"source_profile,omitempty"`
	RoleARN     string      `json:"role_arn,omitempty"`
	Expires     *time.Time  `json:"expires,omitempty"` // of the cached credentials
	Problem     string      `json:"problem,omitempty"` // why ssoenv cannot use the profile
	InUse       bool        `json:"in_use"`
}

// ListNames returns the names, a line each. It leaves out names that a terminal would
// not show as they are.
func ListNames(names []string) string {
	var b strings.Builder
	size := 0
	for _, name := range names {
		size += len(name) + len("\n")
	}
	b.Grow(size)
	for _, name := range names {
		if safetext.Printable(name) == name {
			b.WriteString(name)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// List returns all profiles in the order of the files. inUse is the name of the
// shell's profile.
func List(config *profile.Config, caches *store.Store, inUse string) []ListedProfile {
	names := config.ProfileNames()
	config.SessionNames() // makes an index for the lookups below
	rows := make([]ListedProfile, 0, len(names))
	expiration := caches.Expirations()
	accounts := AccountNames(config, caches)
	for _, name := range names {
		row := ListedProfile{Profile: name, InUse: name == inUse}
		p, err := config.Profile(name)
		row.Kind = KindOf(config, name, p, err)
		if err != nil {
			row.Problem = err.Error()
		} else {
			row.AccountID, row.RoleName, row.Region = p.AccountID, p.RoleName, p.Region
			row.AccountName = accounts(p.SSOSession, p.AccountID)
			row.SSOSession, row.StartURL = p.SSOSession.Name, p.SSOSession.StartURL
			if p.Source != nil {
				row.Source, row.RoleARN = p.Source.Name, p.Assume.RoleARN
			}
			if expires, ok := expiration(p); ok && !expires.IsZero() {
				expires = expires.Truncate(time.Second)
				row.Expires = &expires
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// Matches reports whether the profile matches the pattern; see [MatchesPattern].
func (row ListedProfile) Matches(pattern string) bool {
	return MatchesPattern(pattern, row.Profile, row.AccountID, row.AccountName, row.RoleName)
}

// Names returns the names of the profiles.
func Names(rows []ListedProfile) []string {
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = row.Profile
	}
	return names
}

// WithExpired adds when the credentials in this shell expired to the row of its profile,
// if no valid ones are cached.
func WithExpired(rows []ListedProfile, state shellenv.State) []ListedProfile {
	for i := range rows {
		if row := &rows[i]; row.InUse && row.Expires == nil && row.Kind != KindStaticKeys && !state.Expires.IsZero() {
			row.Expires = &state.Expires
		}
	}
	return rows
}

// AccountNames returns a function that returns the name of an account, or "": as the
// given session calls it, else as another session of the config does. It reads the
// inventory of each session at most once.
func AccountNames(config *profile.Config, caches *store.Store) func(sso profile.SSOSession, accountID string) string {
	type identity struct{ name, startURL, region string }
	read := map[identity]map[string]string{}
	namesOf := func(sso profile.SSOSession) map[string]string {
		id := identity{sso.Name, sso.StartURL, sso.Region}
		names, ok := read[id]
		if !ok {
			names = caches.AccountNames(sso)
			read[id] = names
		}
		return names
	}
	others := sync.OnceValue(func() map[string]string {
		names := map[string]string{}
		for _, name := range config.SessionNames() {
			if sso, err := config.SSOSession(name); err == nil {
				maps.Copy(names, namesOf(sso))
			}
		}
		return names
	})
	return func(sso profile.SSOSession, accountID string) string {
		if accountID == "" {
			return ""
		}
		if name := namesOf(sso)[accountID]; name != "" {
			return name
		}
		return others()[accountID]
	}
}

// A ProfileKind says how a profile gets its credentials, in one or two words.
type ProfileKind string

// The kinds. Their texts are values of the JSON document too.
const (
	KindSSO           ProfileKind = "sso"
	KindRoleChain     ProfileKind = "role chain"
	KindStaticKeys    ProfileKind = "static keys"
	KindProcess       ProfileKind = "process"
	KindAWSLogin      ProfileKind = "aws login"     // which ssoenv cannot use
	KindUnsupported   ProfileKind = "not supported" // another way that ssoenv cannot use
	KindNoCredentials ProfileKind = "no credentials"
	KindBroken        ProfileKind = "not usable" // wrong configuration
)

// KindOf returns the kind of the profile that config.Profile(name) has returned as p
// and err.
func KindOf(config *profile.Config, name string, p profile.Profile, err error) ProfileKind {
	unsupported, isUnsupported := errors.AsType[*profile.UnsupportedError](err)
	switch {
	case isUnsupported && unsupported.AWSLogin:
		return KindAWSLogin
	case isUnsupported:
		return KindUnsupported
	case config.IsBroken(name, err):
		return KindBroken
	case err != nil:
		return KindNoCredentials
	case p.Static != nil:
		return KindStaticKeys
	case p.Process.Command != "":
		return KindProcess
	case p.Source != nil:
		return KindRoleChain
	}
	return KindSSO
}

// ListTable returns the profiles as a table with a header. On a terminal, which is one
// with a width, it has the columns that a user reads. Elsewhere nothing is cut, no cell
// but those of the last columns has a blank, and the name of the account comes last.
func ListTable(rows []ListedProfile, now time.Time, v layout.View) string {
	v.Header = true
	if v.Width == 0 {
		return plainList(rows, now).Text(v)
	}
	id := "ACCOUNT"
	if slices.ContainsFunc(rows, func(row ListedProfile) bool { return row.AccountName != "" }) {
		id = "ID"
	}
	t := layout.NewTable(len(rows),
		layout.Column{Header: "  PROFILE", Least: 18, Main: true}, layout.Column{Header: "ACCOUNT", Least: 10, Drop: 2}, layout.Column{Header: id, Drop: 3},
		layout.Column{Header: "ROLE", Least: 10, Drop: 1}, layout.Column{Header: "SESSION", Least: 8, Drop: 4}, layout.Column{Header: "EXPIRES"})
	for _, row := range rows {
		profileStyle := layout.Plain
		if row.InUse {
			profileStyle = layout.Strong
		}
		expires, expiresStyle := row.expires(now)
		role, roleStyle := row.role()
		t.Add(row.mark()+row.Profile, profileStyle)
		t.Add(row.AccountName, layout.Plain)
		t.Add(row.AccountID, layout.Plain)
		t.Add(role, roleStyle)
		t.Add(row.session(), layout.Plain)
		t.Add(expires, expiresStyle)
	}
	return t.Text(v)
}

func plainList(rows []ListedProfile, now time.Time) *layout.Table {
	t := layout.NewTable(len(rows), layout.Column{Header: "  PROFILE"}, layout.Column{Header: "ACCOUNT"}, layout.Column{Header: "ROLE"},
		layout.Column{Header: "SESSION"}, layout.Column{Header: "CREDENTIALS"}, layout.Column{Header: "ACCOUNT NAME", Drop: 1})
	for _, row := range rows {
		credentials := "-"
		switch {
		case row.Problem != "":
			credentials = string(row.Kind)
		case row.Expires != nil:
			credentials = layout.FormatDuration(row.Expires.Sub(now))
		}
		for _, text := range []string{
			row.mark() + row.Profile, layout.Dash(row.AccountID), layout.Dash(row.RoleName),
			layout.Dash(row.session()), credentials, row.AccountName,
		} {
			t.Add(text, layout.Plain)
		}
	}
	return t
}

// mark begins the row.
func (row ListedProfile) mark() string {
	if row.InUse {
		return "* "
	}
	return "  "
}

func (row ListedProfile) session() string { return SessionTitle(row.SSOSession, row.StartURL) }

// role returns the role or, in parentheses, the kind of a profile that has none.
func (row ListedProfile) role() (text string, style layout.Style) {
	switch {
	case row.RoleName != "":
		return row.RoleName, layout.Plain
	case row.Kind == KindBroken:
		return "(" + string(row.Kind) + ")", layout.Alarm
	}
	return "(" + string(row.Kind) + ")", layout.Plain
}

// soon is the remaining time from which an expiration is marked.
const soon = 15 * time.Minute

// expires says how long the cached credentials last. A "!" follows a time that ends
// soon.
func (row ListedProfile) expires(now time.Time) (text string, style layout.Style) {
	switch {
	case row.Kind == KindStaticKeys:
		return "never", layout.Plain
	case row.Expires == nil:
		return "", layout.Plain
	case !row.Expires.After(now):
		return "expired", layout.Alarm
	case row.Expires.Sub(now) < soon:
		return layout.FormatDuration(row.Expires.Sub(now)) + " !", layout.Alarm
	}
	return layout.FormatDuration(row.Expires.Sub(now)), layout.Plain
}

// SessionTitle returns the name of an SSO session or, if it has none, the host of its
// start URL, which identifies it at a glance.
func SessionTitle(name, startURL string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(startURL, "https://"), "/")
	return cmp.Or(name, host)
}
