package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/browser"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
)

// loginFlags are the flags that say how a login is to go.
type loginFlags struct {
	deviceCode bool
	noBrowser  bool
}

func (w *loginFlags) cliFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "device-code", Usage: "log in by a code that any browser can approve", Destination: &w.deviceCode},
		&cli.BoolFlag{Name: "no-browser", Usage: "show the address instead of opening a browser", Destination: &w.noBrowser},
	}
}

type loginOptions struct {
	profile string
	session string
	all     bool
	force   bool
	ways    loginFlags
}

func (p *program) loginCommand() *cli.Command {
	var o loginOptions
	return &cli.Command{
		Name:      "login",
		Usage:     "make sure that there is a usable session",
		ArgsUsage: "[PROFILE]",
		Description: "Uses the session that there is, renews it if it can, and otherwise logs in with a browser.\n" +
			"The AWS CLI and the SDKs share the session.",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "sso-session", Usage: "log in to the sso-session `NAME`", Destination: &o.session},
			&cli.BoolFlag{Name: "all", Usage: "log in to every session of the config file", Destination: &o.all},
			&cli.BoolFlag{Name: "force", Usage: "log in anew, even if the session is still good", Destination: &o.force},
		}, o.ways.cliFlags()...),
		Action: func(c *cli.Context) (err error) {
			if o.profile, err = oneProfile(c); err != nil {
				return err
			}
			return p.runLogin(o)
		},
	}
}

func (p *program) runLogin(o loginOptions) error {
	client, err := p.client()
	if err != nil {
		return err
	}
	sessions, wrong := p.sessionsFor(client.Config, o.profile, o.session, o.all)
	p.warnOfConfig(client.Config)
	ctx, stop := p.interruptible()
	defer stop()
	failures := []error{wrong}
	for _, sso := range sessions {
		if err := p.ensureLogin(ctx, client, sso, o.ways, o.force); err != nil {
			failures = append(failures, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return errors.Join(failures...)
}

// sessionsFor are the sessions that a login or a logout is about. With all of them,
// what is wrong with one is an error beside the others.
func (p *program) sessionsFor(config *session.Config, profile, name string, all bool) ([]session.SSOSession, error) {
	named := 0
	for _, given := range []bool{profile != "", name != "", all} {
		if given {
			named++
		}
	}
	switch {
	case named > 1:
		return nil, usageError{"a profile, --sso-session and --all exclude each other"}
	case name != "":
		return single(config.SSOSession(name))
	case all:
		sessions, err := config.SSOSessions()
		if len(sessions) == 0 && err == nil {
			err = shownError{&session.ConfigError{Problem: config.Path + " names no session with an IAM Identity Center"}, statusConfig,
				[]string{"ssoenv configure makes one"}}
		}
		return sessions, err
	case named == 0 && p.defaultProfile("") == "default":
		return p.defaultSession(config)
	}
	p.profile = p.defaultProfile(profile)
	return single(resolveSession(config, p.profile))
}

// defaultSession is the session that is meant when nothing is named: the default
// profile's, as for the AWS CLI, or where that has none, the only one there is.
func (p *program) defaultSession(config *session.Config) ([]session.SSOSession, error) {
	sso, err := config.ProfileSSOSession("default")
	sessions := config.SessionNames()
	switch {
	case err == nil:
		return []session.SSOSession{sso}, nil
	case len(sessions) == 1:
		return single(config.SSOSession(sessions[0]))
	case len(sessions) > 1 && p.terminal.CanPrompt():
		name, err := p.pickSession(config)
		if err != nil {
			return nil, err
		}
		return single(config.SSOSession(name))
	case len(sessions) > 1:
		return nil, shownError{usageError{"which session?"}, statusUsage,
			[]string{"name a profile, or one of these with --sso-session: " + strings.Join(sessions, ", ")}}
	}
	return nil, err
}

func single(sso session.SSOSession, err error) ([]session.SSOSession, error) {
	if err != nil {
		return nil, err
	}
	return []session.SSOSession{sso}, nil
}

// ensureLogin makes sure of the session, and shows the person the way through the
// login if it takes one.
func (p *program) ensureLogin(ctx context.Context, client *session.Client, sso session.SSOSession, ways loginFlags, force bool) error {
	bounded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := p.newLoginDialog(bounded, cancel, sso, ways)
	defer s.end()
	token, asked, err := client.Login(bounded, sso, s.options(force))
	if errors.Is(context.Cause(bounded), errWantsDeviceCode) {
		ways.deviceCode = true
		return p.ensureLogin(ctx, client, sso, ways, force)
	}
	if err != nil {
		return err
	}
	verb := "logged in to"
	if !asked {
		verb = "already logged in to"
	}
	how := ""
	if token.Refreshable(p.now()) {
		how = ", renewed by itself while the session lasts"
	}
	if !client.Persisted(sso) && sso.Isolated {
		return shownError{fmt.Errorf("the login to %q worked, but could not be kept in the keyring", sso.Title()), statusFailed, keyringHints(sso)}
	}
	if !client.Persisted(sso) {
		return shownError{fmt.Errorf("the login to %q worked, but could not be kept", sso.Title()), statusFailed,
			[]string{"make ~/.aws/sso/cache a directory that is yours and can be written to"}}
	}
	p.say("%s %q until %s (%s)%s", verb, sso.Title(), p.formatTime(token.Expires), formatDuration(token.Expires.Sub(p.now())), how)
	return nil
}

// errWantsDeviceCode is an answer at the prompt for the address.
var errWantsDeviceCode = errors.New("a device code is asked for")

// A loginDialog is the talk with the person during one login.
type loginDialog struct {
	p       *program
	ctx     context.Context
	cancel  context.CancelCauseFunc
	sso     session.SSOSession
	method  session.Method
	browser browser.Command // nil: the person opens the address
	remote  bool            // no browser can come back to this machine
	pasted  chan string
	undo    func() // puts the terminal back
}

// newLoginDialog chooses the way: what was asked for, what the session is
// configured for, and otherwise a browser on this machine. Where there is
// none, the person pastes the address back.
func (p *program) newLoginDialog(ctx context.Context, cancel context.CancelCauseFunc, sso session.SSOSession, ways loginFlags) *loginDialog {
	s := &loginDialog{p: p, ctx: ctx, cancel: cancel, sso: sso, pasted: make(chan string), undo: func() {}}
	if ways.deviceCode || sso.LoginMethod == "device" {
		s.method = session.DeviceCode
		return s
	}
	found, err := browser.Find(p.env, sso.Browser)
	if err != nil && !errors.Is(err, browser.ErrNone) {
		p.say("%v", err)
	}
	s.remote = found == nil
	if !ways.noBrowser {
		s.browser = found
	}
	return s
}

// unattended is the error of a login that nobody could finish: no browser can
// come back here, and nobody can paste its address.
func (s *loginDialog) unattended() error {
	if !s.remote || tty.IsTerminal(s.p.stdin) || s.method == session.DeviceCode {
		return nil
	}
	return shownError{&session.LoginRequiredError{SSOSession: s.sso, Reason: "this machine has no browser and nobody is at a terminal to log in to"}, statusLogin,
		[]string{"with --device-code, any browser anywhere can approve it; or set BROWSER"}}
}

func (s *loginDialog) options(force bool) session.LoginOptions {
	return session.LoginOptions{
		Method: s.method,
		Force:  force,
		Show:   s.show,
		Pasted: s.pasted,
		Waiting: func(pid int) {
			s.p.say("process %d is logging in to %q: waiting for it, Ctrl-C to give up", pid, s.sso.Title())
		},
	}
}

func (s *loginDialog) end() { s.undo() }

// show tells the person what to do. The address stands alone on its line, so
// that a terminal can find it and a person can copy it whole.
func (s *loginDialog) show(challenge session.LoginPrompt) error {
	p := s.p
	if err := s.unattended(); err != nil {
		return err
	}
	p.say("logging in to %q: %s in %s", s.sso.Title(), s.sso.StartURL, s.sso.Region)
	if challenge.Method == session.DeviceCode {
		p.say("open this address in any browser, and compare the code:")
		p.paragraph(challenge.URL)
		p.say("the code is %s, good until %s; approve it only because you started this login here, just now", challenge.Code, p.formatTime(challenge.Expires))
		return nil
	}
	if s.browser != nil {
		p.say("approve it in the browser; if none opens, open this address on this machine:")
		p.paragraph(challenge.URL)
		if _, err := browser.ServeOnce(s.ctx, s.browser, challenge.URL); err != nil {
			p.say("%v", err)
		}
		return nil
	}
	where := "on this machine"
	if s.remote {
		where = "on the machine that you sit at"
	}
	p.say("open this address in a browser %s, and approve:", where)
	p.paragraph(challenge.URL)
	if tty.IsTerminal(p.stdin) {
		if s.remote {
			p.say("the browser then cannot open a page at 127.0.0.1: paste the address of that page here,")
			p.say("or type \"code\" to approve a code instead")
		}
		s.undo = tty.AcceptLongLines(p.stdin)
		go s.listen()
	}
	return nil
}

// listen passes on what the person types while the login waits.
func (s *loginDialog) listen() {
	reader, err := s.p.terminal.NewLineReader()
	if err != nil {
		return
	}
	defer reader.Stop()
	for {
		var line string
		var ok bool
		select {
		case line, ok = <-reader.Lines:
		case <-s.ctx.Done():
		}
		if !ok {
			return
		}
		switch line = strings.TrimSpace(line); line {
		case "":
		case "code", "device", "device-code":
			s.cancel(errWantsDeviceCode)
			return
		default:
			select {
			case s.pasted <- line:
			case <-s.ctx.Done():
				return
			}
		}
	}
}

func (p *program) paragraph(text string) {
	_, _ = fmt.Fprintf(p.stderr, "\n%s\n\n", text)
}
