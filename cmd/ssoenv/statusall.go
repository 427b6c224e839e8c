package main

import (
	"errors"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// A sessionStatusJSON is one SSO session of "ssoenv status --all".
type sessionStatusJSON struct {
	SSOSession         string     `json:"sso_session,omitempty"` // empty for that of legacy profiles
	StartURL           string     `json:"start_url"`
	Region             string     `json:"sso_region"`
	LoggedIn           bool       `json:"logged_in"` // the token is valid, or can be refreshed
	TokenExpires       *time.Time `json:"token_expires,omitempty"`
	RegistrationExpire *time.Time `json:"registration_expires,omitempty"`
	Refreshable        bool       `json:"refreshable"` // as in statusJSON
	InUse              bool       `json:"in_use"`      // by the profile of this shell
}

// statusOfSessions shows every SSO session of the config. Those that cannot be read are
// an error beside the others.
func (p *program) statusOfSessions(o statusOptions) error {
	client, err := p.client()
	if err != nil {
		return err
	}
	sessions, err := p.sessionsFor(client.Config, sessionChoice{all: true})
	used := p.roleInUse().SSOSession
	rows := make([]sessionStatusJSON, len(sessions))
	for i, sso := range sessions {
		rows[i] = statusOfSession(client, sso, p.now())
		rows[i].InUse = !used.IsZero() && sso.Name == used.Name && sso.StartURL == used.StartURL
	}
	switch {
	case o.json && (len(rows) > 0 || err == nil):
		return errors.Join(err, p.printJSON(rows))
	case len(rows) > 0:
		return errors.Join(err, p.page(sessionTable(rows, p.now(), p.view())))
	}
	return err
}

func statusOfSession(client *session.Client, sso profile.SSOSession, now time.Time) sessionStatusJSON {
	token, _ := client.CachedToken(sso)
	row := sessionStatusJSON{
		SSOSession: sso.Name, StartURL: sso.StartURL, Region: sso.Region,
		TokenExpires: offline.JSONTime(token.Expires), RegistrationExpire: offline.JSONTime(token.RegistrationExpires),
		Refreshable: client.Renews(sso, token),
	}
	row.LoggedIn = token != (store.Token{}) && (row.Refreshable || token.Expires.After(now))
	return row
}

// sessionTable returns the sessions as a table with a header.
func sessionTable(rows []sessionStatusJSON, now time.Time, view layout.View) string {
	view.Header = true
	t := layout.NewTable(len(rows), layout.Column{Header: "  SESSION", Least: 14}, layout.Column{Header: "LOGIN"},
		layout.Column{Header: "TOKEN"}, layout.Column{Header: "AUTO-RENEW", Drop: 1}, layout.Column{Header: "START URL", Least: 16, Drop: 2})
	for _, row := range rows {
		mark, style := "  ", layout.Plain
		if row.InUse {
			mark, style = "* ", layout.Strong
		}
		login, loginStyle := row.login()
		token, renews := "-", "-"
		if row.TokenExpires != nil && row.TokenExpires.After(now) {
			token = layout.FormatDuration(row.TokenExpires.Sub(now)) + " left"
		} else if row.TokenExpires != nil {
			token = "expired " + layout.FormatTime(*row.TokenExpires, now)
		}
		if row.Refreshable {
			renews = "yes"
		} else if row.TokenExpires != nil {
			renews = "no"
		}
		t.Add(mark+offline.SessionTitle(row.SSOSession, row.StartURL), style)
		t.Add(login, loginStyle)
		t.Add(token, layout.Plain)
		t.Add(renews, layout.Plain)
		t.Add(row.StartURL, layout.Plain)
	}
	return t.Text(view)
}

// login says whether the user is logged in.
func (row sessionStatusJSON) login() (text string, style layout.Style) {
	switch {
	case row.LoggedIn:
		return "logged in", layout.Plain
	case row.TokenExpires != nil:
		return "ended", layout.Alarm
	}
	return "not logged in", layout.Plain
}
