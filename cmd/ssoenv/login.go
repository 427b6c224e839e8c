package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// loginFlags say how a login proceeds.
type loginFlags struct {
	deviceCode bool
	noBrowser  bool
}

func loginFlagsOf(c *cli.Context) loginFlags {
	return loginFlags{deviceCode: c.Bool("device-code"), noBrowser: c.Bool("no-browser")}
}

// A sessionChoice selects the SSO sessions of a login or logout. At most one field
// is set; without any, [defaultProfile] and [program.defaultSession] decide.
type sessionChoice struct {
	profile string
	session string // --sso-session
	all     bool
}

type loginOptions struct {
	sessionChoice
	force bool
	flags loginFlags
}

func loginAction(p *program, c *cli.Context) error {
	name, err := oneProfile(c)
	if err != nil {
		return err
	}
	return p.runLogin(loginOptions{
		sessionChoice: sessionChoice{profile: name, session: c.String("sso-session"), all: c.Bool("all")},
		force:         c.Bool("force"), flags: loginFlagsOf(c),
	})
}

func (p *program) runLogin(o loginOptions) error {
	client, err := p.client()
	if err != nil {
		return err
	}
	if client.Config.IsEmpty() && o.session == "" && !o.all {
		name, _, err := p.setUp(true, "", o.flags)
		if err == nil {
			p.sayNext(name)
		}
		return err
	}
	sessions, unreadable := p.sessionsFor(client.Config, o.sessionChoice)
	p.warnOfConfig(client.Config)
	p.warnOfProfile(client.Config, p.profile)
	if len(sessions) > 0 {
		p.noteLoginEndpoints(client)
	}
	ctx, stop := interruptible()
	defer stop()
	failures := []error{unreadable}
	for _, sso := range sessions {
		if err := p.ensureLogin(ctx, client, sso, o.flags, o.force); err != nil {
			failures = append(failures, p.loginFailure(err))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return errors.Join(failures...)
}

// loginFailure returns the error with which the command login ends. If the token
// cannot be stored, it is the disk that fails: no login helps here.
func (p *program) loginFailure(err error) error {
	if unstorable, ok := errors.AsType[*store.StorageError](err); ok {
		_, hints := p.remedies().remedy(nil, unstorable)
		return shownError{err, statusFailed, hints}
	}
	return err
}

// withLogin calls act. If act fails because a login is needed, and the user can
// be asked for one, it logs in and calls act again. The login is a new one, even
// if the cached token looks valid: act has shown that AWS does not accept it.
// loginFailed is true if the error is that of the login.
func (p *program) withLogin(ctx context.Context, client *session.Client, sso profile.SSOSession, flags loginFlags, noLogin bool, act func() error) (loginFailed bool, err error) {
	err = act()
	if _, needed := errors.AsType[*store.LoginRequiredError](err); !needed || noLogin || !p.terminal.HasUser() {
		return false, err
	}
	if err := p.ensureLogin(ctx, client, sso, flags, true); err != nil {
		return true, err
	}
	return false, act()
}

// sessionsFor returns the sessions that are meant. With --all, sessions that
// cannot be read are an error beside the others.
func (p *program) sessionsFor(config *profile.Config, o sessionChoice) ([]profile.SSOSession, error) {
	given := 0
	for _, is := range []bool{o.profile != "", o.session != "", o.all} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return nil, usageError{"a profile, --sso-session and --all exclude each other"}
	case o.session != "":
		return single(config.SSOSession(o.session))
	case o.all:
		sessions, err := config.SSOSessions()
		if len(sessions) == 0 && err == nil {
			problem, hints := config.Path+" has no SSO session", []string{"create one with: ssoenv configure"}
			if p.configFileProblem() != "" {
				return nil, &noSessionError{p.noProfiles(config)}
			}
			err = &noSessionError{shownError{&profile.ConfigError{Problem: problem}, statusConfig, hints}}
		}
		return sessions, err
	case given == 0 && defaultProfile("", p.env) == "default":
		return p.defaultSession(config)
	}
	name := defaultProfile(o.profile, p.env)
	sso, err := resolveSession(config, name)
	if missing, ok := errors.AsType[*profile.NotFoundError](err); ok && missing.Kind == "profile" && missing.Name == o.profile {
		return sessionInstead(config, missing)
	}
	p.profile = name
	if given == 0 {
		err = p.ofVariable(err)
	}
	return single(sso, err)
}

// A noSessionError reports that the config has no SSO session.
type noSessionError struct{ error }

func (e *noSessionError) Unwrap() error { return e.error }

// sessionInstead returns the session that has the name of a missing profile. Its error
// is about profiles and sessions, since the name may be of either.
func sessionInstead(config *profile.Config, missing *profile.NotFoundError) ([]profile.SSOSession, error) {
	if config.HasSession(missing.Name) {
		return single(config.SSOSession(missing.Name))
	}
	near := nearest(missing.Name, append(config.ProfileNames(), config.SessionNames()...))
	sessions := config.SessionNames()
	if near == nil && len(sessions) == 0 || missing.Unread != "" {
		return nil, missing
	}
	hint := "ssoenv list shows the profiles; the sso-sessions are: " + strings.Join(sessions, ", ")
	if near != nil {
		slices.Sort(near)
		hint = didYouMean(slices.Compact(near))
	}
	neither := &profile.NotFoundError{Kind: "profile or sso-session", Name: missing.Name, File: missing.File}
	return nil, shownError{neither, statusConfig, []string{hint}}
}

// defaultSession returns the session that is meant if none is named: that of the
// profile "default", as for the AWS CLI, or the only one of the config, or the
// one that the user picks.
func (p *program) defaultSession(config *profile.Config) ([]profile.SSOSession, error) {
	sso, err := config.ProfileSSOSession("default")
	names := config.SessionNames()
	if len(names) == 0 && !config.NamesCredentials("default") {
		return nil, p.noProfile(config)
	}
	switch {
	case err == nil:
		return []profile.SSOSession{sso}, nil
	case len(names) == 1:
		return single(config.SSOSession(names[0]))
	case len(names) > 1 && p.terminal.CanPrompt():
		name, err := p.pickSession(config)
		if err != nil {
			return nil, err
		}
		return single(config.SSOSession(name))
	case len(names) > 1:
		return nil, shownError{usageError{"which session?"}, statusUsage,
			[]string{"name a profile, or one of these with --sso-session: " + strings.Join(names, ", ")}}
	}
	return nil, err
}

func single(sso profile.SSOSession, err error) ([]profile.SSOSession, error) {
	if err != nil {
		return nil, err
	}
	return []profile.SSOSession{sso}, nil
}

// resolveSession returns the session of the profile of that name: of the profile for
// which its credential_process runs ssoenv, if it has one. An ACCOUNT/ROLE with an
// account's name leads to its session, whether the account exists or not.
func resolveSession(config *profile.Config, name string) (profile.SSOSession, error) {
	sso, err := config.ProfileSSOSession(name)
	if _, named, ok := accountAndRole(config, name, err); ok {
		return named, nil
	}
	if _, needsNone := errors.AsType[*profile.UnsupportedError](err); needsNone {
		if prof, profErr := config.Profile(name); profErr == nil && !config.TokenSession(prof).IsZero() {
			return config.TokenSession(prof), nil
		}
	}
	return sso, err
}

// ensureLogin ensures a usable session, and shows the user what to do if that
// takes a login. With force, it always does. A session that could not be stored
// is an error: the next command would have to log in again.
func (p *program) ensureLogin(ctx context.Context, client *session.Client, sso profile.SSOSession, flags loginFlags, force bool) error {
	p.openElsewhere(client)
	bounded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	dialog := p.newLoginDialog(bounded, cancel, sso, flags)
	defer dialog.end()
	token, prompted, err := client.Login(bounded, sso, dialog.options(force))
	if errors.Is(context.Cause(bounded), errWantsDeviceCode) {
		flags.deviceCode = true
		return p.ensureLogin(ctx, client, sso, flags, force)
	}
	switch {
	case err != nil:
		return err
	case !client.Persisted(sso) && sso.Isolated:
		return shownError{fmt.Errorf("the login to %q worked, but the keyring did not store it", sso.Title()), statusFailed, keyringHints(sso)}
	case !client.Persisted(sso):
		return shownError{fmt.Errorf("the login to %q worked, but could not be stored", sso.Title()), statusFailed,
			[]string{"make ~/.aws/sso/cache a folder that belongs to you and that you can write to"}}
	}
	verb := "logged in to"
	if !prompted {
		verb = "already logged in to"
	}
	if token.Refreshable(p.now()) {
		p.say("%s %q; renews automatically", verb, sso.Title())
		return nil
	}
	p.say("%s %q until %s (%s)", verb, sso.Title(), p.formatTime(token.Expires), layout.FormatDuration(token.Expires.Sub(p.now())))
	return nil
}
