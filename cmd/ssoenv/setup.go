package main

import (
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/shellinit"
)

// The set-up of a new user, which commands that need a session offer.

// setUp offers to set up a session and, unless onlySSO is set, a profile, whose name
// may be given. It returns their names. Where the user cannot be asked, the error says
// what does it.
func (p *program) setUp(onlySSO bool, name string, flags loginFlags) (session, profileName string, err error) {
	client, err := p.client()
	if err != nil {
		return "", "", err
	}
	if !p.terminal.CanPrompt() {
		return "", "", p.noProfiles(client.Config)
	}
	ctx, stop := interruptible()
	defer stop()
	w := &wizard{p: p, ctx: ctx, client: client, onlySSO: onlySSO, o: configureOptions{login: flags, forUse: true}}
	yes, err := w.offer("No SSO session is configured. Set one up now?", true)
	if err != nil {
		return "", "", err
	}
	if !yes {
		return "", "", p.noProfiles(client.Config)
	}
	if profile.IsPortableName(name) {
		w.wanted = name
	}
	if err := w.run(); err != nil {
		return "", "", err
	}
	if !onlySSO {
		if _, err := w.offerStartup(); err != nil {
			return "", "", err
		}
		p.say("ssoenv sync --sso-session %s writes profiles for your other accounts and roles", shellinit.Word(w.sso.Name))
	}
	return w.sso.Name, w.spec.Name, nil
}

// sayNext says what a user who has a session and no profile does next.
func (p *program) sayNext(session string) {
	p.say("next: ssoenv sync, which writes a profile for every account and role of %q", session)
	p.say("or:   ssoenv configure, which writes one for the role that you choose")
}
