package main

import (
	"context"
	"errors"
	"runtime"
	"strings"

	"github.com/ssoenv/ssoenv/cmd/internal/browser"
	"github.com/ssoenv/ssoenv/cmd/internal/qrcode"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// errWantsDeviceCode cancels a login whose user has typed "code".
var errWantsDeviceCode = errors.New("the user wants a device code")

// A loginDialog shows one login to the user and passes on what the user types.
type loginDialog struct {
	p       *program
	ctx     context.Context
	cancel  context.CancelCauseFunc
	sso     profile.SSOSession
	method  session.Method
	browser browser.Command // nil: the user opens the address
	remote  bool            // no browser on this machine can be redirected to it
	pasted  chan string
	undo    func() // restores the terminal's mode
}

// newLoginDialog chooses the method: that of the flags, else the session's
// setting, else a browser on this machine. If this machine has no browser, the
// user opens the address elsewhere and pastes the address of the redirect.
func (p *program) newLoginDialog(ctx context.Context, cancel context.CancelCauseFunc, sso profile.SSOSession, flags loginFlags) *loginDialog {
	s := &loginDialog{p: p, ctx: ctx, cancel: cancel, sso: sso, pasted: make(chan string), undo: func() {}}
	if flags.deviceCode || sso.LoginMethod == "device" {
		s.method = session.DeviceCode
		return s
	}
	found, err := browser.Find(p.env, p.browserSetting(sso))
	if err != nil && !errors.Is(err, browser.ErrNone) {
		p.say("%v", err)
	}
	s.remote = found == nil
	if !flags.noBrowser {
		s.browser = found
	}
	return s
}

// unattended returns an error if the login could not be finished: this machine
// has no browser, and there is no terminal to paste an address at.
func (s *loginDialog) unattended() error {
	if !s.remote || tty.IsTerminal(s.p.stdin) || s.method == session.DeviceCode {
		return nil
	}
	return shownError{&store.LoginRequiredError{SSOSession: s.sso, Reason: "there is neither a browser nor a terminal to log in to"}, statusLogin,
		[]string{"--device-code logs in with any browser on any machine; or set BROWSER"}}
}

func (s *loginDialog) options(force bool) session.LoginOptions {
	return session.LoginOptions{
		Method: s.method,
		Force:  force,
		Show:   s.show,
		Pasted: s.pasted,
		Waiting: func(pid int) {
			s.p.say("waiting for process %d, which is logging in to %q (Ctrl-C to stop)", pid, s.sso.Title())
		},
	}
}

func (s *loginDialog) end() { s.undo() }

// show tells the user what to do.
func (s *loginDialog) show(prompt session.LoginPrompt) error {
	p := s.p
	if err := s.unattended(); err != nil {
		return err
	}
	p.say("logging in to %q: %s in %s", s.sso.Title(), s.sso.StartURL, s.sso.Region)
	switch {
	case prompt.Method == session.DeviceCode:
		s.showDeviceCode(prompt)
		return nil
	case s.browser != nil:
		p.say("approve it in the browser; if none opens, open this address on this machine:")
		p.address(prompt.URL)
		_, err := browser.ServeOnce(s.ctx, s.browser, prompt.URL)
		if err == nil {
			return nil
		}
		p.say("%v", err)
	case s.remote:
		p.say("open this address in a browser on your own machine, and approve:")
		p.address(prompt.URL)
	default:
		p.say("open this address in a browser on this machine, and approve:")
		p.address(prompt.URL)
	}
	if tty.IsTerminal(p.stdin) {
		s.acceptPaste()
	}
	return nil
}

// showDeviceCode shows the address and the code of a login with any browser, with a
// QR code for a telephone's camera if the terminal is large enough for it and for the lines
// below it.
func (s *loginDialog) showDeviceCode(prompt session.LoginPrompt) {
	const linesBelow = 5 // the address, an empty line, the code in two lines, and the cursor's
	p := s.p
	image := ""
	if tty.IsTerminal(p.stderr) && !p.noColor && !p.state.Plain && tty.ShowsSymbols(p.env, runtime.GOOS) {
		width, height := tty.Size(p.stderr)
		image, _ = qrcode.Text(prompt.URL, width, height-linesBelow)
	}
	if image != "" {
		p.say("open this address in any browser, or scan it with your phone, and compare the code:")
		p.addressBelow(image, prompt.URL)
	} else {
		p.say("open this address in any browser, and compare the code:")
		p.address(prompt.URL)
	}
	p.say("the code is %s, valid until %s; approve it only if you have just started this login yourself", prompt.Code, p.formatTime(prompt.Expires))
}

// acceptPaste says that the address of the redirect can be pasted, and waits for it.
func (s *loginDialog) acceptPaste() {
	p := s.p
	if s.remote {
		p.say("the browser then fails to open a page at 127.0.0.1: paste the address of that page here,")
	} else {
		p.say("if the browser then fails to open a page at 127.0.0.1, paste the address of that page here,")
	}
	p.say("or type \"code\" to log in with a device code instead")
	s.undo = tty.AcceptLongLines(p.stdin)
	go s.listen()
}

// listen passes on what the user types while the login waits.
func (s *loginDialog) listen() {
	t, err := s.p.terminal.NewLineReader()
	if err != nil {
		return
	}
	defer t.Stop()
	for {
		var line string
		var ok bool
		select {
		case line, ok = <-t.Lines:
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
