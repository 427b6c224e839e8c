package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/session"
)

type logoutOptions struct {
	profile string
	session string
	all     bool
	shell   string
}

func (p *program) logoutCommand() *cli.Command {
	var o logoutOptions
	return &cli.Command{
		Name:      "logout",
		Usage:     "end the session, and forget every credential got through it",
		ArgsUsage: "[PROFILE]",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "sso-session", Usage: "log out of the sso-session `NAME`", Destination: &o.session},
			&cli.BoolFlag{Name: "all", Usage: "log out of every session of the config file", Destination: &o.all},
			&cli.StringFlag{Name: "shell", Usage: "write for `SHELL`", Destination: &o.shell},
		},
		Action: func(c *cli.Context) (err error) {
			if o.profile, err = oneProfile(c); err != nil {
				return err
			}
			return p.logout(o)
		},
	}
}

func (p *program) logout(o logoutOptions) error {
	shell, err := dialect(o.shell)
	if err != nil {
		return err
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	sessions, wrong := p.sessionsFor(client.Config, o.profile, o.session, o.all)
	ctx, stop := p.interruptible()
	defer stop()
	used, inUse := p.sessionInUse(client.Config)
	ours := false
	failures := []error{wrong}
	for _, sso := range sessions {
		had, err := client.Logout(ctx, sso)
		if err != nil {
			failures = append(failures, p.notEnded(err))
		}
		ours = ours || inUse && sso.Name == used.Name && sso.StartURL == used.StartURL
		if had && err == nil {
			p.say("logged out of %q", sso.Title())
		} else if !had && err == nil {
			p.say("there was no session with %q", sso.Title())
		}
	}
	if ours {
		if p.isTerminal(p.stdout) {
			p.say("this shell still holds credentials of that session, which work until they expire")
			caller, _ := startup(p.callingShell())
			p.say("hint: take them out with:  %s", caller.EvalLine("clear"))
		} else {
			statements, _, _ := clearStatements(p.env)
			text, err := shell.Render(statements)
			failures = append(failures, err, p.print(text))
		}
	}
	err = errors.Join(failures...)
	if err != nil && ours {
		p.say("this shell may still hold credentials of that session: ssoenv clear takes them out")
	}
	return err
}

// notEnded adds to each failure what is left of a session that AWS could not
// be told of.
func (p *program) notEnded(err error) error {
	var all []error
	for _, part := range flattenJoined(err) {
		var network *session.NetworkError
		var service *session.ServiceError
		if errors.As(part, &network) || errors.As(part, &service) {
			status, _ := p.remedy("logout", part)
			part = shownError{part, status, []string{"nothing of it is left on this machine; at AWS it ends by itself, or sooner if an administrator ends it"}}
		}
		all = append(all, part)
	}
	return errors.Join(all...)
}

// sessionInUse is the session that this shell's credentials came through.
func (p *program) sessionInUse(config *session.Config) (session.SSOSession, bool) {
	name := p.env["SSOENV_PROFILE"]
	if name == "" {
		return session.SSOSession{}, false
	}
	sso, err := config.ProfileSSOSession(name)
	return sso, err == nil
}
