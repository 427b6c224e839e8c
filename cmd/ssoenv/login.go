package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/session"
)

// loginWays are the flags that say how a login is to go.
type loginWays struct {
	deviceCode bool
	noBrowser  bool
}

func (w *loginWays) flags() []cli.Flag {
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
	ways    loginWays
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
		}, o.ways.flags()...),
		Action: func(c *cli.Context) (err error) {
			if o.profile, err = oneProfile(c); err != nil {
				return err
			}
			return p.login(o)
		},
	}
}

func (p *program) login(o loginOptions) error {
	client, err := p.client()
	if err != nil {
		return err
	}
	portals, wrong := p.portals(client.Config, o.profile, o.session, o.all)
	p.warnOfConfig(client.Config)
	ctx, stop := p.interruptible()
	defer stop()
	failures := []error{wrong}
	for _, portal := range portals {
		if err := p.logIn(ctx, client, portal, o.ways, o.force); err != nil {
			failures = append(failures, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return errors.Join(failures...)
}

// portals are the sessions that a login or a logout is about. With all of them,
// what is wrong with one is an error beside the others.
func (p *program) portals(config *session.Config, profile, name string, all bool) ([]session.Portal, error) {
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
		return one(config.SessionPortal(name))
	case all:
		portals, err := config.Portals()
		if len(portals) == 0 && err == nil {
			err = shownError{&session.ConfigError{Problem: config.Path + " names no session with an IAM Identity Center"}, statusConfig,
				[]string{"ssoenv configure makes one"}}
		}
		return portals, err
	case named == 0 && p.chosen("") == "default":
		return p.onlyPortal(config)
	}
	p.profile = p.chosen(profile)
	return one(portalBehind(config, p.profile))
}

// onlyPortal is the session that is meant when nothing is named: the default
// profile's, as for the AWS CLI, or where that has none, the only one there is.
func (p *program) onlyPortal(config *session.Config) ([]session.Portal, error) {
	portal, err := config.ProfilePortal("default")
	sessions := config.SessionNames()
	switch {
	case err == nil:
		return []session.Portal{portal}, nil
	case len(sessions) == 1:
		return one(config.SessionPortal(sessions[0]))
	case len(sessions) > 1 && p.answerable():
		name, err := p.chooseSession(config)
		if err != nil {
			return nil, err
		}
		return one(config.SessionPortal(name))
	case len(sessions) > 1:
		return nil, shownError{usageError{"which session?"}, statusUsage,
			[]string{"name a profile, or one of these with --sso-session: " + strings.Join(sessions, ", ")}}
	}
	return nil, err
}

func one(portal session.Portal, err error) ([]session.Portal, error) {
	if err != nil {
		return nil, err
	}
	return []session.Portal{portal}, nil
}

// logIn makes sure of the session, and shows the person the way through the
// login if it takes one.
func (p *program) logIn(ctx context.Context, client *session.Client, portal session.Portal, ways loginWays, force bool) error {
	bounded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := p.newSignIn(bounded, cancel, portal, ways)
	defer s.end()
	token, asked, err := client.Login(bounded, portal, s.ceremony(force))
	if errors.Is(context.Cause(bounded), errWantsDeviceCode) {
		ways.deviceCode = true
		return p.logIn(ctx, client, portal, ways, force)
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
	if !client.Kept(portal) && portal.Isolated {
		return shownError{fmt.Errorf("the login to %q worked, but could not be kept in the keyring", portal.Title()), statusFailed, keyringHints(portal)}
	}
	if !client.Kept(portal) {
		return shownError{fmt.Errorf("the login to %q worked, but could not be kept", portal.Title()), statusFailed,
			[]string{"make ~/.aws/sso/cache a directory that is yours and can be written to"}}
	}
	p.say("%s %q until %s (%s)%s", verb, portal.Title(), p.until(token.Expires), span(token.Expires.Sub(p.now())), how)
	return nil
}

// errWantsDeviceCode is an answer at the prompt for the address.
var errWantsDeviceCode = errors.New("a device code is asked for")

// A signIn is the talk with the person during one login.
type signIn struct {
	p       *program
	ctx     context.Context
	cancel  context.CancelCauseFunc
	portal  session.Portal
	method  session.Method
	browser browser // nil: the person opens the address
	remote  bool    // no browser can come back to this machine
	pasted  chan string
	undo    func() // puts the terminal back
}

// newSignIn chooses the way: what was asked for, what the session is
// configured for, and otherwise a browser on this machine. Where there is
// none, the person pastes the address back.
func (p *program) newSignIn(ctx context.Context, cancel context.CancelCauseFunc, portal session.Portal, ways loginWays) *signIn {
	s := &signIn{p: p, ctx: ctx, cancel: cancel, portal: portal, pasted: make(chan string), undo: func() {}}
	if ways.deviceCode || portal.LoginMethod == "device" {
		s.method = session.DeviceCode
		return s
	}
	found, err := p.findBrowser(portal.Browser)
	if err != nil && !errors.Is(err, errNoBrowser) {
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
func (s *signIn) unattended() error {
	if !s.remote || s.p.isTerminal(s.p.stdin) || s.method == session.DeviceCode {
		return nil
	}
	return shownError{&session.LoginRequiredError{Portal: s.portal, Reason: "this machine has no browser and nobody is at a terminal to log in to"}, statusLogin,
		[]string{"with --device-code, any browser anywhere can approve it; or set BROWSER"}}
}

func (s *signIn) ceremony(force bool) session.Ceremony {
	return session.Ceremony{
		Method: s.method,
		Force:  force,
		Show:   s.show,
		Pasted: s.pasted,
		Waiting: func(pid int) {
			s.p.say("process %d is logging in to %q: waiting for it, Ctrl-C to give up", pid, s.portal.Title())
		},
	}
}

func (s *signIn) end() { s.undo() }

// show tells the person what to do. The address stands alone on its line, so
// that a terminal can find it and a person can copy it whole.
func (s *signIn) show(challenge session.Challenge) error {
	p := s.p
	if err := s.unattended(); err != nil {
		return err
	}
	p.say("logging in to %q: %s in %s", s.portal.Title(), s.portal.StartURL, s.portal.Region)
	if challenge.Method == session.DeviceCode {
		p.say("open this address in any browser, and compare the code:")
		p.paragraph(challenge.URL)
		p.say("the code is %s, good until %s; approve it only because you started this login here, just now", challenge.Code, p.until(challenge.Expires))
		return nil
	}
	if s.browser != nil {
		p.say("approve it in the browser; if none opens, open this address on this machine:")
		p.paragraph(challenge.URL)
		if _, err := handOff(s.ctx, s.browser, challenge.URL); err != nil {
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
	if p.isTerminal(p.stdin) {
		if s.remote {
			p.say("the browser then cannot open a page at 127.0.0.1: paste the address of that page here,")
			p.say("or type \"code\" to approve a code instead")
		}
		s.undo = acceptLongLines(p.stdin)
		go s.listen()
	}
	return nil
}

// listen passes on what the person types while the login waits.
func (s *signIn) listen() {
	t, err := s.p.typist()
	if err != nil {
		return
	}
	defer t.stop()
	for {
		var line string
		var ok bool
		select {
		case line, ok = <-t.lines:
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
