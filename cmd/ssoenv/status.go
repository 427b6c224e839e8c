package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
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
	Profile     string              `json:"profile,omitempty"`
	Kind        offline.ProfileKind `json:"kind,omitempty"`
	AccountID   string              `json:"account_id,omitempty"`
	AccountName string              `json:"account_name,omitempty"`
	RoleName    string              `json:"role_name,omitempty"`
	Region      string              `json:"region,omitempty"`
	SSOSession  string              `json:"sso_session,omitempty"`
	StartURL    string              `json:"start_url,omitempty"`
	Export      string              `json:"export,omitempty"` // "profile": the shell has AWS_PROFILE instead of credentials

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
	switch {
	case s.Profile != "" && p.state.AsProfile:
		s.Export = profile.ExportProfile
	case s.Profile != "":
		s.CredentialsExpire = jsonTime(p.state.Expires)
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
		if s.AccountID == "" && profile.IsAccountID(p.state.AccountID) {
			s.AccountID = p.state.AccountID // as a credential_process said
		}
		if s.AccountName == "" && s.AccountID == p.state.AccountID {
			s.AccountName = safetext.Printable(p.state.AccountName)
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
	s.Kind = offline.KindOf(client.Config, s.Profile, p, err)
	if err != nil {
		return err
	}
	s.AccountID, s.RoleName = p.AccountID, p.RoleName
	s.AccountName = offline.AccountNames(client.Config, client.Store)(p.SSOSession, p.AccountID)
	sso := p.SSOSession
	if s.Export != "" {
		sso = client.Config.TokenSession(p)
	}
	s.SSOSession, s.StartURL = sso.Name, sso.StartURL
	if client.Roles != nil {
		s.Cache = protection(client.Roles)
	}
	token, _ := client.CachedToken(sso)
	s.TokenExpires, s.RegistrationExpire = jsonTime(token.Expires), jsonTime(token.RegistrationExpires)
	if s.Refreshable = client.AutoRenews(p, token); s.Export != "" {
		s.Refreshable = client.Renews(sso, token)
	}
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
// expiration first: its credentials stay valid even if the config has changed. In a
// shell without credentials, the token counts.
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
	if s.Export != "" && (s.StartURL == "" || s.TokenExpires != nil && s.TokenExpires.Sub(p.now()) > least) {
		return nil
	}
	if s.Refreshable {
		return statusError(statusFailed)
	}
	return statusError(statusLogin)
}

func (s statusJSON) text(now time.Time, neverExpires bool, view layout.View) string {
	account, session, role := accountTitle(s.AccountID, s.AccountName), cmp.Or(s.SSOSession, s.StartURL), s.RoleName
	switch s.Kind {
	case offline.KindStaticKeys, offline.KindProcess:
		account, session, role = cmp.Or(account, "unknown"), "none", fmt.Sprintf("none (%s)", s.Kind)
	case offline.KindRoleChain:
		session = cmp.Or(session, "none (role chain)")
	}
	lines := [][2]string{{"profile", s.Profile}, {"account", account}, {"role", role}, {"region", s.Region}, {"session", session}}
	switch {
	case s.Export != "":
		lines = append(lines, [2]string{"credentials", "AWS tools get them (AWS_PROFILE)"})
	case neverExpires:
		lines = append(lines, [2]string{"credentials", "do not expire"})
	default:
		lines = append(lines, [2]string{"credentials", expiryInWords(s.CredentialsExpire, now, "none")})
	}
	if s.StartURL != "" { // a chain from static credentials has no session
		lines = append(lines, [2]string{"token", expiryInWords(s.TokenExpires, now, "not logged in")},
			[2]string{"registration", expiryInWords(s.RegistrationExpire, now, "none")})
	}
	renewal := "no (log in again when they expire)"
	if s.Export != "" {
		renewal = "no (log in again when the token expires)"
	}
	if s.Refreshable {
		renewal = "yes"
	}
	if !neverExpires && (s.Export == "" || s.StartURL != "") {
		lines = append(lines, [2]string{"auto-renew", renewal})
	}
	return labelled(append(lines, [2]string{"cache", s.Cache}), view.Width)
}

// expiryInWords says how long something lasts, or since when it does not. none is
// what there is without a time.
func expiryInWords(t *time.Time, now time.Time, none string) string {
	switch {
	case t == nil:
		return none
	case t.After(now):
		return fmt.Sprintf("%s left, until %s", layout.FormatDuration(t.Sub(now)), layout.FormatTime(*t, now))
	}
	return "expired at " + layout.FormatTime(*t, now)
}

// labelled returns a line for each pair: a label, and a value in the column beside it.
// In a terminal of that width, if it is not 0, a longer value continues below itself.
func labelled(lines [][2]string, width int) string {
	indent := 0
	for _, line := range lines {
		indent = max(indent, len(line[0])+2)
	}
	blank := strings.Repeat(" ", indent)
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "%-*s%s\n", indent, line[0], layout.Wrap(layout.Dash(safetext.Printable(line[1])), blank, width))
	}
	return b.String()
}
