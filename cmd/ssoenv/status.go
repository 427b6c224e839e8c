package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/safetext"
)

type statusOptions struct {
	json  bool
	all   bool
	check bool
	min   time.Duration
}

func statusAction(p *program, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	o := statusOptions{json: c.Bool("json"), all: c.Bool("all"), check: c.Bool("check") || c.IsSet("min"), min: c.Duration("min")}
	if o.check && o.json {
		return usageError{"--json and --check exclude each other"}
	}
	if o.check && o.all {
		return usageError{"--all and --check exclude each other"}
	}
	if o.all {
		return p.statusOfSessions(o)
	}
	return p.status(o)
}

// A statusJSON has three expirations: of the role's credentials, of the
// session's token, and of the client registration that can refresh the token.
type statusJSON struct {
	Profile     string `json:"profile,omitempty"`
	AccountID   string `json:"account_id,omitempty"`
	AccountName string `json:"account_name,omitempty"`
	RoleName    string `json:"role_name,omitempty"`
	Region      string `json:"region,omitempty"`
	SSOSession  string `json:"sso_session,omitempty"`
	StartURL    string `json:"start_url,omitempty"`

	CredentialsExpire  *time.Time `json:"credentials_expire,omitempty"`
	TokenExpires       *time.Time `json:"token_expires,omitempty"`
	RegistrationExpire *time.Time `json:"registration_expires,omitempty"`
	Refreshable        bool       `json:"refreshable"` // can be renewed without the user

	// Cache says how the cached role credentials are protected: "in memory",
	// "sealed", or "plain" with the reason.
	Cache string `json:"cache,omitempty"`
}

func (p *program) status(o statusOptions) error {
	s := statusJSON{Profile: p.state.Profile, Region: p.state.Region}
	if s.Profile != "" {
		s.CredentialsExpire, s.AccountName = jsonTime(p.state.Expires), safetext.Printable(p.state.AccountName)
	}
	if o.check {
		return p.checkStatus(s, o.min)
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	if s.Profile != "" {
		if err := s.describe(client); err != nil {
			p.say("warning: %v", err)
		}
	}
	if o.json {
		return p.printJSON(s)
	}
	if s.Profile == "" {
		return p.print("this shell uses no profile\n")
	}
	return p.print(s.text(p.now(), p.state.NeverExpires(), p.view()))
}

// describe adds what the config and the caches say about the profile.
func (s *statusJSON) describe(client *session.Client) error {
	p, err := client.Config.Profile(s.Profile)
	if err != nil {
		return err
	}
	s.AccountID, s.RoleName = p.AccountID, p.RoleName
	s.AccountName = cmp.Or(offline.AccountNames(client.Config, client.Store)(p.SSOSession, p.AccountID), s.AccountName)
	s.SSOSession, s.StartURL = p.SSOSession.Name, p.SSOSession.StartURL
	if client.Roles != nil {
		s.Cache = protection(client.Roles)
	}
	token, _ := client.CachedToken(p.SSOSession)
	s.TokenExpires, s.RegistrationExpire = jsonTime(token.Expires), jsonTime(token.RegistrationExpires)
	s.Refreshable = client.AutoRenews(p, token)
	return nil
}

// jsonTime returns whole seconds in UTC, or nil for the zero time.
func jsonTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

// checkStatus answers with a status and no message. It trusts the shell's own
// expiration first: its credentials stay valid even if the config has changed.
func (p *program) checkStatus(s statusJSON, least time.Duration) error {
	p.quiet = true
	switch {
	case s.Profile == "":
		return statusError(statusLogin)
	case s.CredentialsExpire != nil && s.CredentialsExpire.Sub(p.now()) > least, p.state.NeverExpires():
		return nil
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	if err := s.describe(client); err != nil {
		return err
	}
	if s.Refreshable {
		return statusError(statusFailed)
	}
	return statusError(statusLogin)
}

func (s statusJSON) text(now time.Time, neverExpires bool, view offline.View) string {
	var b strings.Builder
	line := func(name, value string) { b.WriteString(statusLine(name, value, view.Width)) }
	line("profile", s.Profile)
	line("account", accountTitle(s.AccountID, s.AccountName))
	line("role", s.RoleName)
	line("region", s.Region)
	line("session", cmp.Or(s.SSOSession, s.StartURL))
	if neverExpires {
		line("credentials", "do not expire")
	} else {
		line("credentials", expiryInWords(s.CredentialsExpire, now, "none"))
	}
	if s.StartURL != "" { // a chain from static credentials has no session
		line("token", expiryInWords(s.TokenExpires, now, "not logged in"))
		line("registration", expiryInWords(s.RegistrationExpire, now, "none"))
	}
	renewal := "no (log in again when they expire)"
	if s.Refreshable {
		renewal = "yes"
	}
	if !neverExpires {
		line("auto-renew", renewal)
	}
	line("cache", s.Cache)
	return b.String()
}

// expiryInWords says how long something lasts, or since when it does not. none is
// what there is without a time.
func expiryInWords(t *time.Time, now time.Time, none string) string {
	switch {
	case t == nil:
		return none
	case t.After(now):
		return fmt.Sprintf("%s left, until %s", offline.FormatDuration(t.Sub(now)), offline.FormatTime(*t, now))
	}
	return "expired at " + offline.FormatTime(*t, now)
}

// statusLine returns a line of status: a name, and a value in the column beside it. In
// a terminal of that width, if it is not 0, a longer value continues below itself.
func statusLine(name, value string, width int) string {
	const indent = 14
	line := fmt.Sprintf("%-*s", indent, name)
	used := indent
	for i, word := range strings.Fields(offline.Dash(safetext.Printable(value))) {
		cells := safetext.Width(word)
		if i > 0 && width > 0 && used+1+cells > width {
			line += "\n" + strings.Repeat(" ", indent)
			used = indent
		} else if i > 0 {
			line += " "
			used++
		}
		line += word
		used += cells
	}
	return line + "\n"
}
