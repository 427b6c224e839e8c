package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/safetext"
)

type statusOptions struct {
	json  bool
	check bool
	min   time.Duration
}

func (p *program) statusCommand() *cli.Command {
	var o statusOptions
	return &cli.Command{
		Name:  "status",
		Usage: "show this shell's profile and how long everything lasts",
		Description: "With --check, prints nothing and exits with 0 when the credentials in this shell last,\n" +
			"1 when they do not but can be renewed without a person, and 3 when a login is needed.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print one JSON document", Destination: &o.json},
			&cli.BoolFlag{Name: "check", Usage: "answer with the exit status alone", Destination: &o.check},
			&cli.DurationFlag{Name: "min", Usage: "a --check that the credentials last for `TIME`, such as 15m", Destination: &o.min},
		},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			if o.check = o.check || c.IsSet("min"); o.check && o.json {
				return usageError{"--json and --check exclude each other"}
			}
			return p.status(o)
		},
	}
}

// A statusJSON has three clocks: the role's credentials, the session's token,
// and the registration of the client that may renew the token.
type statusJSON struct {
	Profile    string `json:"profile,omitempty"`
	AccountID  string `json:"account_id,omitempty"`
	RoleName   string `json:"role_name,omitempty"`
	Region     string `json:"region,omitempty"`
	SSOSession string `json:"sso_session,omitempty"`
	StartURL   string `json:"start_url,omitempty"`

	CredentialsExpire  *time.Time `json:"credentials_expire,omitempty"`
	TokenExpires       *time.Time `json:"token_expires,omitempty"`
	RegistrationExpire *time.Time `json:"registration_expires,omitempty"`
	Refreshable        bool       `json:"refreshable"` // can be renewed without a person

	// How the cached role credentials are kept: "in memory", "sealed", or
	// "plain" with the reason.
	Cache string `json:"cache,omitempty"`
}

func (p *program) status(o statusOptions) error {
	s := statusJSON{Profile: p.env["SSOENV_PROFILE"], Region: cmp.Or(p.env["AWS_REGION"], p.env["AWS_DEFAULT_REGION"])}
	if seconds, err := strconv.ParseInt(p.env["SSOENV_EXPIRES"], 10, 64); err == nil && s.Profile != "" {
		s.CredentialsExpire = moment(time.Unix(seconds, 0))
	}
	if o.check {
		return p.checked(s, o.min)
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	if s.Profile != "" {
		if err := p.describe(client, &s); err != nil {
			p.say("warning: %v", err)
		}
	}
	if o.json {
		return p.printJSON(s)
	}
	if s.Profile == "" {
		return p.print("this shell uses no profile\n")
	}
	return p.print(p.statusText(s))
}

// describe fills in what the config and the token cache know of the profile.
func (p *program) describe(client *session.Client, s *statusJSON) error {
	profile, err := client.Config.Profile(s.Profile)
	if err != nil {
		return err
	}
	s.AccountID, s.RoleName = profile.AccountID, profile.RoleName
	s.SSOSession, s.StartURL = profile.SSOSession.Name, profile.SSOSession.StartURL
	if client.Roles != nil {
		s.Cache = protection(client.Roles)
	}
	token, _ := client.CachedToken(profile.SSOSession)
	s.TokenExpires, s.RegistrationExpire = moment(token.Expires), moment(token.RegistrationExpires)
	s.Refreshable = client.AutoRenews(profile, token)
	return nil
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

// checked answers with a status and without a word. What the shell says of its
// keys goes first: they last, whatever has become of the config since.
func (p *program) checked(s statusJSON, least time.Duration) error {
	p.quiet = true
	switch {
	case s.Profile == "":
		return statusError(statusLogin)
	case s.CredentialsExpire != nil && s.CredentialsExpire.Sub(p.now()) > least:
		return nil
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	if err := p.describe(client, &s); err != nil {
		return err
	}
	if s.Refreshable {
		return statusError(statusFailed)
	}
	return statusError(statusLogin)
}

func (p *program) statusText(s statusJSON) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(name, value string) { _, _ = fmt.Fprintf(w, "%s\t%s\n", name, dash(safetext.Printable(value))) }
	clock := func(name string, t *time.Time, none string) {
		value := none
		if t != nil && t.After(p.now()) {
			value = fmt.Sprintf("%s left, until %s", formatDuration(t.Sub(p.now())), p.formatTime(*t))
		} else if t != nil {
			value = "expired at " + p.formatTime(*t)
		}
		line(name, value)
	}
	line("profile", s.Profile)
	line("account", s.AccountID)
	line("role", s.RoleName)
	line("region", s.Region)
	line("session", cmp.Or(s.SSOSession, s.StartURL))
	clock("credentials", s.CredentialsExpire, "none")
	if s.StartURL != "" { // a chain from static keys has no login
		clock("token", s.TokenExpires, "not logged in")
		clock("registration", s.RegistrationExpire, "none")
	}
	renewal := "no: a login or a code is needed when they end"
	if s.Refreshable {
		renewal = "yes, without a person"
	}
	line("renewable", renewal)
	line("cache", s.Cache)
	_ = w.Flush() // into memory
	return b.String()
}
