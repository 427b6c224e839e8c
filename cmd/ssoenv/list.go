package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf16"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
)

func (p *program) listCommand() *cli.Command {
	var asJSON, names bool
	return &cli.Command{
		Name:  "list",
		Usage: "list the profiles, and how long their cached credentials last",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print one JSON document", Destination: &asJSON},
			&cli.BoolFlag{Name: "names", Usage: "print the names alone", Destination: &names},
		},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			if asJSON && names {
				return usageError{"--json and --names exclude each other"}
			}
			return p.list(asJSON, names)
		},
	}
}

type profileJSON struct {
	Profile    string     `json:"profile"`
	AccountID  string     `json:"account_id,omitempty"`
	RoleName   string     `json:"role_name,omitempty"`
	SSOSession string     `json:"sso_session,omitempty"`
	StartURL   string     `json:"start_url,omitempty"`
	Region     string     `json:"region,omitempty"`
	Source     string     `json:"source_profile,omitempty"` // whose credentials take the role
	RoleARN    string     `json:"role_arn,omitempty"`
	Expires    *time.Time `json:"expires,omitempty"` // of the cached credentials
	Problem    string     `json:"problem,omitempty"` // why ssoenv cannot use the profile
	InUse      bool       `json:"in_use"`
}

func (p *program) list(asJSON, namesOnly bool) error {
	client, err := p.client()
	if err != nil {
		return err
	}
	names := client.Config.ProfileNames()
	if namesOnly {
		var b strings.Builder
		for _, name := range names {
			if safetext.Printable(name) == name {
				b.WriteString(name + "\n")
			}
		}
		return p.print(b.String())
	}
	client.Config.SessionNames() // leaves an index for the lookups below
	p.warnOfConfig(client.Config)
	rows := make([]profileJSON, 0, len(names))
	var usable []profile.Profile
	for _, name := range names {
		row := profileJSON{Profile: name, InUse: name == p.env["SSOENV_PROFILE"]}
		profile, err := client.Config.Profile(name)
		if err != nil {
			row.Problem = err.Error()
		} else {
			row.AccountID, row.RoleName, row.Region = profile.AccountID, profile.RoleName, profile.Region
			row.SSOSession, row.StartURL = profile.SSOSession.Name, profile.SSOSession.StartURL
			if profile.Source != nil {
				row.Source, row.RoleARN = profile.Source.Name, profile.Assume.RoleARN
			}
			usable = append(usable, profile)
		}
		rows = append(rows, row)
	}
	until := client.CachedExpirations(usable)
	for i := range rows {
		if expires, ok := until[rows[i].Profile]; ok {
			expires = expires.Truncate(time.Second)
			rows[i].Expires = &expires
		}
	}
	if asJSON {
		return p.printJSON(rows)
	}
	if len(rows) == 0 {
		p.say("%s has no profiles: ssoenv configure makes one", client.Config.Path)
		return nil
	}
	return p.print(p.table(rows))
}

func (p *program) table(rows []profileJSON) string {
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
			credentials = formatDuration(row.Expires.Sub(p.now()))
		}
		line(mark, safetext.Printable(row.Profile), dash(row.AccountID), dash(row.RoleName),
			dash(safetext.Printable(cmp.Or(row.SSOSession, hostOf(row.StartURL)))), credentials)
	}
	_ = w.Flush() // into memory
	return b.String()
}

// hostOf is what tells start URLs apart at a glance.
func hostOf(startURL string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(startURL, "https://"), "/")
	return host
}

func dash(text string) string { return cmp.Or(text, "-") }

// printJSON prints a document that is safe on a terminal too: what Printable
// would spell out is written as JSON's escapes, which mean the same.
func (p *program) printJSON(v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("JSON: %w", err)
	}
	var b strings.Builder
	for _, r := range string(data) {
		if char := string(r); r == '\n' || r >= ' ' && r <= '~' || safetext.Printable(char) == char {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return p.print(b.String() + "\n")
}
