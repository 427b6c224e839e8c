package main

import (
	"context"
	"errors"
	"runtime"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/shellinit"
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
	shell, err := p.outputShell(o.shell)
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
	inUse := p.sourceInUse(client.Config) // before the user can change the config
	endedHere := false                    // the shell's own session has been ended, or may have been
	var failures []error
	for _, sso := range sessions {
		had, err := client.Logout(ctx, sso)
		if err != nil {
			failures = append(failures, withLogoutHints(p.remedies(), err))
		}
		endedHere = endedHere || inUse.mayComeFrom(sso)
		if had && err == nil {
			p.say("logged out of %q", sso.Title())
		} else if !had && err == nil {
			p.say("not logged in to %q", sso.Title())
		}
	}
	if o.all {
		ended, err := p.logoutRest(ctx, client)
		if err != nil {
			failures = append(failures, withLogoutHints(p.remedies(), err))
		}
		if ended {
			unreadable = exceptNoSession(unreadable)
		}
		endedHere = endedHere || inUse.mayComeFromAny()
	} else {
		p.sayOtherLogins(client, sessions)
	}
	return p.afterLogout(shell, endedHere, len(sessions) > 0, errors.Join(append([]error{unreadable}, failures...)...))
}

// logoutRest logs out of the sessions that have a token and are in no config.
func (p *program) logoutRest(ctx context.Context, client *session.Client) (ended bool, err error) {
	urls, err := client.LogoutRest(ctx)
	for _, url := range urls {
		p.say("logged out of %q, a session that the config has no more", url)
	}
	return len(urls) > 0, err
}

// sayOtherLogins names the tokens for the start URLs of the sessions that are of no
// session in the config: of one that had another name, or of another program.
func (p *program) sayOtherLogins(client *session.Client, sessions []profile.SSOSession) {
	configured, _ := client.Config.SSOSessions()
	for _, name := range client.Config.SessionNames() { // those with a mistake, too
		configured = append(configured, profile.SSOSession{Name: name})
	}
	for _, token := range client.StoredTokens(append(configured, sessions...)) {
		if slices.ContainsFunc(sessions, func(sso profile.SSOSession) bool {
			return profile.NormalStartURL(sso.StartURL) == profile.NormalStartURL(token.File.StartURL)
		}) {
			p.say("%s has another login to %s, of no session in the config", p.short(token.Path), token.File.StartURL)
			p.say("hint: end all logins with:  ssoenv logout --all")
		}
	}
}

// exceptNoSession returns err unless it says that the config has no SSO session.
func exceptNoSession(err error) error {
	if _, ok := errors.AsType[*noSessionError](err); ok {
		return nil
	}
	return err
}

// afterLogout clears the shell if its session has been ended, and says what the shell
// uses. err is that of the logout.
func (p *program) afterLogout(shell shellinit.Shell, endedHere, any bool, err error) error {
	failures := []error{err}
	if endedHere {
		if tty.IsTerminal(p.stdout) {
			if p.state.AsProfile {
				p.say("this shell still has AWS_PROFILE, for which AWS tools need a login now")
			} else {
				p.say("this shell still has credentials of that session, which are valid until they expire")
			}
			caller, _ := callingShell(runtime.GOOS, p.env, tty.ParentShell)
			p.say("hint: remove them with:  %s", caller.EvalLine("clear"))
		} else {
			change := shellenv.Clear(p.env).Change
			text, err := shell.Render(change)
			failures = append(failures, err, p.print(text))
			p.sayLines(offline.NowUses(change, p.environList, p.audience(false)))
		}
	} else if p.state.Profile != "" && any && tty.IsTerminal(p.stderr) {
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

// A shellSource is where this shell's credentials came from.
type shellSource struct {
	uses       bool               // the shell uses a profile
	sso        profile.SSOSession // zero if there is none, or it is not known any more
	isStatic   bool               // static keys are at the start of its role chain: the user's own
	fromOutput bool               // a program is there, which may have them from any session
}

func (p *program) sourceInUse(config *profile.Config) shellSource {
	if p.state.Profile == "" {
		return shellSource{}
	}
	if sso, ok := sessionInUse(config, p.state); ok {
		return shellSource{uses: true, sso: sso}
	}
	prof, err := config.ProfileRole(p.state.Profile)
	return shellSource{uses: true, isStatic: err == nil && !prof.FromProcess(), fromOutput: err == nil && prof.FromProcess()}
}

// mayComeFrom reports whether the credentials came from the session, or may have.
func (s shellSource) mayComeFrom(sso profile.SSOSession) bool {
	return s.fromOutput || !s.sso.IsZero() && sso.Name == s.sso.Name && profile.NormalStartURL(sso.StartURL) == profile.NormalStartURL(s.sso.StartURL)
}

// mayComeFromAny reports whether the credentials may have come from any session.
func (s shellSource) mayComeFromAny() bool { return s.uses && !s.isStatic }

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
