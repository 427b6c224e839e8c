package offline

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

// A ListedProfile is one profile of "ssoenv list".
type ListedProfile struct {
	Profile    string     `json:"profile"`
	AccountID  string     `json:"account_id,omitempty"`
	RoleName   string     `json:"role_name,omitempty"`
	SSOSession string     `json:"sso_session,omitempty"`
	StartURL   string     `json:"start_url,omitempty"`
	Region     string     `json:"region,omitempty"`
	Source     string     `json:"source_profile,omitempty"`
	RoleARN    string     `json:"role_arn,omitempty"`
	Expires    *time.Time `json:"expires,omitempty"` // of the cached credentials
	Problem    string     `json:"problem,omitempty"` // why ssoenv cannot use the profile
	InUse      bool       `json:"in_use"`
}

// ListNames returns the profiles' names, a line each. It leaves out names that a
// terminal would not show as they are.
func ListNames(config *profile.Config) string {
	var b strings.Builder
	for _, name := range config.ProfileNames() {
		if safetext.Printable(name) == name {
			b.WriteString(name + "\n")
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
	var usable []profile.Profile
	for _, name := range names {
		row := ListedProfile{Profile: name, InUse: name == inUse}
		p, err := config.Profile(name)
		if err != nil {
			row.Problem = err.Error()
		} else {
			row.AccountID, row.RoleName, row.Region = p.AccountID, p.RoleName, p.Region
			row.SSOSession, row.StartURL = p.SSOSession.Name, p.SSOSession.StartURL
			if p.Source != nil {
				row.Source, row.RoleARN = p.Source.Name, p.Assume.RoleARN
			}
			usable = append(usable, p)
		}
		rows = append(rows, row)
	}
	expirations := caches.CachedExpirations(usable)
	for i := range rows {
		if expires, ok := expirations[rows[i].Profile]; ok {
			expires = expires.Truncate(time.Second)
			rows[i].Expires = &expires
		}
	}
	return rows
}

// ListTable returns the profiles as a table with a header.
func ListTable(rows []ListedProfile, now time.Time) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(mark, profile, account, role, sso, credentials string) {
		_, _ = fmt.Fprintf(w, "%s %s\t%s\t%s\t%s\t%s\n", mark, profile, account, role, sso, credentials)
	}
	line(" ", "PROFILE", "ACCOUNT", "ROLE", "SESSION", "CREDENTIALS")
	for _, row := range rows {
		mark, credentials := " ", "-"
		if row.InUse {
			mark = "*"
		}
		switch {
		case row.Problem != "":
			credentials = "not usable: " + safetext.Printable(row.Problem)
		case row.Expires != nil:
			credentials = FormatDuration(row.Expires.Sub(now))
		}
		line(mark, safetext.Printable(row.Profile), Dash(row.AccountID), Dash(row.RoleName),
			Dash(safetext.Printable(cmp.Or(row.SSOSession, hostOf(row.StartURL)))), credentials)
	}
	_ = w.Flush() // into memory
	return b.String()
}

// hostOf returns the host of a start URL, which identifies it at a glance.
func hostOf(startURL string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(startURL, "https://"), "/")
	return host
}
