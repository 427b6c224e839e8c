package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
)

type logoutOptions struct {
	sessionChoice
	shell string
}

func logoutAction(p *program, c *cli.Context) error {
	name, err := oneProfile(c)
	if err != nil {
		return err
	}
	return p.logout(logoutOptions{
		sessionChoice: sessionChoice{profile: name, session: c.String("sso-session"), all: c.Bool("all")}, shell: c.String("shell"),
	})
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
	p.openElsewhere(client)
	sessions, unreadable := p.sessionsFor(client.Config, o.sessionChoice)
	ctx, stop := interruptible()
	defer stop()
	shellSession, inUse := sessionInUse(client.Config, p.state)
	endedHere := false // the shell's own session has been ended
	failures := []error{unreadable}
	for _, sso := range sessions {
		had, err := client.Logout(ctx, sso)
		if err != nil {
			failures = append(failures, withLogoutHints(p.remedies(), err))
		}
		endedHere = endedHere || inUse && sso.Name == shellSession.Name && profile.NormalStartURL(sso.StartURL) == profile.NormalStartURL(shellSession.StartURL)
		if had && err == nil {
			p.say("logged out of %q", sso.Title())
		} else if !had && err == nil {
			p.say("not logged in to %q", sso.Title())
		}
	}
	if endedHere {
		if tty.IsTerminal(p.stdout) {
			if p.state.AsProfile {
				p.say("this shell still has AWS_PROFILE, for which AWS tools need a login now")
			} else {
				p.say("this shell still has credentials of that session, which are valid until they expire")
			}
			caller, _ := startup(tty.ParentShell(p.env))
			p.say("hint: remove them with:  %s", caller.EvalLine("clear"))
		} else {
			change := shellenv.Clear(p.env).Change
			text, err := shell.Render(change)
			failures = append(failures, err, p.print(text))
			p.sayCleared(change)
		}
	} else if p.state.Profile != "" && len(sessions) > 0 && tty.IsTerminal(p.stderr) {
		p.say("this shell still uses %q", p.state.Profile)
	}
	err = errors.Join(failures...)
	if err != nil && endedHere {
		p.say("this shell may still have credentials of that session: ssoenv clear removes them")
	}
	return err
}

// withLogoutHints adds to each error of AWS or the network what remains of the
// session.
func withLogoutHints(r remedies, err error) error {
	var all []error
	for _, err := range flattenJoined(err) {
		_, isNetwork := errors.AsType[*session.NetworkError](err)
		_, isService := errors.AsType[*session.ServiceError](err)
		if isNetwork || isService {
			status, _ := r.remedy(nil, err)
			err = shownError{err, status, []string{"everything on this machine is deleted; at AWS the session ends when it expires, or when an administrator ends it"}}
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

// sessionInUse returns the session that this shell's credentials came from, or that AWS
// tools in this shell get theirs from.
func sessionInUse(config *profile.Config, state shellenv.State) (profile.SSOSession, bool) {
	if state.Profile == "" {
		return profile.SSOSession{}, false
	}
	if state.AsProfile {
		prof, err := config.Profile(state.Profile)
		sso := config.TokenSession(prof)
		return sso, err == nil && !sso.IsZero()
	}
	sso, err := config.ProfileSSOSession(state.Profile)
	return sso, err == nil
}
