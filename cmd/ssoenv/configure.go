package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/shellinit"
)

type configureOptions struct {
	session, startURL, ssoRegion, scopes string
	account, role                        string
	region, output                       string
	profile                              string
	process                              bool // write NAME-cp, too
	yes                                  bool
	login                                loginFlags

	forUse bool // the profile is for a use, which follows
}

func configureAction(p *program, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return p.configure(configureOptions{
		session: c.String("sso-session"), startURL: c.String("start-url"), ssoRegion: c.String("sso-region"), scopes: c.String("scopes"),
		account: c.String("account"), role: c.String("role"), region: c.String("region"), output: c.String("output"),
		profile: c.String("profile"), process: c.Bool("credential-process"), yes: c.Bool("yes"), login: loginFlagsOf(c),
	})
}

func (p *program) configure(o configureOptions) error {
	if o.output != "" && !slices.Contains(offline.OutputFormats(), o.output) {
		return usageError{fmt.Sprintf("--output is one of %s, not %q", strings.Join(offline.OutputFormats(), ", "), o.output)}
	}
	for _, given := range []struct{ flag, region string }{{"--region", o.region}, {"--sso-region", o.ssoRegion}} {
		if err := checkRegionFlag(given.flag, given.region); err != nil {
			return err
		}
		p.doubtRegion(given.region)
	}
	if o.role != "" && !profile.IsRoleName(o.role) {
		return usageError{fmt.Sprintf("--role is %q, which is not %s", o.role, profile.RoleNameForm)}
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	for _, given := range []struct {
		flag, name string
		exists     func(string) bool
	}{{"--profile", o.profile, client.Config.HasProfile}, {"--sso-session", o.session, client.Config.HasSession}} {
		if err := checkName(given.name); err != nil && given.name != "" && !given.exists(given.name) {
			return usageError{fmt.Sprintf("%s is %q: %v", given.flag, given.name, err)}
		}
	}
	p.warnOfConfig(client.Config)
	ctx, stop := interruptible()
	defer stop()
	w := &wizard{p: p, ctx: ctx, client: client, o: o}
	w.noDefaults = o.profile != "" && (o.session != "" && o.account != "" && o.role != "" || !p.terminal.CanPrompt())
	if err := w.run(); err != nil {
		return err
	}
	return w.offerMore()
}

// offerMore offers, after a wizard that has asked something, what a new user needs
// next, and says how to switch.
func (w *wizard) offerMore() error {
	if !w.anyAsked {
		return nil
	}
	if err := w.offerSync(); err != nil {
		return err
	}
	activate, err := w.offerStartup()
	if err != nil {
		return err
	}
	w.p.say("next: %sssoenv use %s", activate, profileArgument(w.spec.Name))
	return nil
}

// offerSync offers to write profiles for the other roles, if there may be others.
func (w *wizard) offerSync() error {
	if len(w.accounts) == 1 && len(w.roles) == 1 {
		return nil
	}
	yes, err := w.offer("Write profiles for your other roles too?", false)
	if err != nil || !yes {
		return err
	}
	err = w.p.sync(syncOptions{session: w.sso.Name})
	if _, no := errors.AsType[notConfirmedError](err); no {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return w.left("interrupted")
	}
	return err
}

// offerStartup offers to add the start-up line to the start-up file of the user's
// shell, if it has none. It returns what the line that the user types next has to
// begin with: what loads the function in this shell.
func (w *wizard) offerStartup() (activate string, err error) {
	name := tty.ParentShell(w.p.env)
	if _, known := shellinit.Named(name); !known {
		return "", nil
	}
	file, err := w.p.startupFile(name)
	if err != nil || len(file.entries) > 0 {
		return "", nil
	}
	yes, err := w.offer(fmt.Sprintf("Add ssoenv to %s, for new shells?", file.shown), true)
	if err != nil || !yes {
		return "", err
	}
	if err := w.p.installStartup(name, false); err != nil {
		return "", err
	}
	return file.line(false) + "; ", nil
}
