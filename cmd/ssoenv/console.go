package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/browser"
	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/safetext"
)

type consoleOptions struct {
	credentialOptions
	service string
	print   bool
}

func consoleAction(p *program, c *cli.Context) error {
	name, err := oneProfile(c)
	if err != nil {
		return err
	}
	config, err := p.config()
	if err != nil {
		return err
	}
	if name, err = p.requireProfile(config, name); err != nil {
		return err
	}
	if name, err = resolveArg(name, p.state); err != nil {
		return err
	}
	o, err := p.credentialOptionsOf(c, name)
	if err != nil {
		return err
	}
	return p.console(consoleOptions{o, c.String("service"), c.Bool("print")})
}

// browserTimeout is how long the browser has to fetch the address that it was
// started for.
const browserTimeout = time.Minute

func (p *program) console(o consoleOptions) error {
	if o.service != "" && !session.IsConsoleService(o.service) {
		return usageError{fmt.Sprintf("%q is not a service as the console's addresses spell it, such as s3 or systems-manager/parameters", o.service)}
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	prof, err := p.resolveProfile(client, o.profile)
	if err != nil {
		return err
	}
	toTerminal := o.print || o.login.noBrowser
	var with browser.Command
	if !toTerminal {
		// Before a login, which would be in vain.
		if err := p.checkBrowser("ssoenv console " + profileArgument(prof.Name)); err != nil {
			return err
		}
		if with, err = browser.Find(p.env, p.browserSetting(prof.SSOSession)); err != nil {
			return shownError{err, statusFailed, []string{printHint(prof.Name)}}
		}
	}
	plan, err := p.profileCredentials(client, prof, o.credentialOptions)
	if err != nil {
		return err
	}
	region := consoleRegion(o, plan, p.state)
	if err := checkShellRegion(region, p.env); err != nil {
		return err
	}
	if plan.Credentials.SessionToken == "" {
		return shownError{fmt.Errorf("profile %q has the keys of an IAM user, which cannot sign in to the console", prof.Name), statusConfig,
			[]string{"use a profile with a role_arn, and source_profile = " + prof.Name + ": the console accepts the credentials of a role"}}
	}
	ctx, stop := interruptible()
	defer stop()
	address, err := client.ConsoleURL(ctx, region, o.service, prof.SSOSession.StartURL, plan.Credentials)
	if err != nil {
		return err
	}
	if toTerminal {
		if err := p.print(address.Reveal() + "\n"); err != nil {
			return err
		}
		p.say("the address works for %s, and signs in as %s for everyone who has it", layout.FormatDuration(session.SigninLifetime), plan.Title())
		return nil
	}
	p.say("opening the AWS console in %s as %s", region, plan.Title())
	return p.openAndWait(ctx, with, address, prof.Name, browserTimeout)
}

// consoleRegion returns the region of --region, else that of the shell if the
// shell uses the profile, since the user may have chosen another than the
// profile's.
func consoleRegion(o consoleOptions, plan switchPlan, state shellenv.State) string {
	if o.region == "" && plan.Profile.Name == state.Profile {
		return cmp.Or(state.Region, plan.Region, plan.Profile.SSOSession.Region)
	}
	return cmp.Or(plan.Region, state.Region, plan.Profile.SSOSession.Region)
}

// openAndWait opens the address in the browser, by a redirect that works once,
// and returns when the browser has fetched it. It is an error if it does not
// within the wait.
func (p *program) openAndWait(ctx context.Context, with browser.Command, address safetext.Secret, profile string, wait time.Duration) error {
	bounded, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	redirect, err := browser.ServeOnce(bounded, with, address.Reveal())
	if err != nil {
		return shownError{err, statusFailed, []string{printHint(profile)}}
	}
	select {
	case <-redirect.Fetched():
		return nil
	case <-bounded.Done():
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	problem := "the browser did not fetch the console's address within " + layout.FormatDuration(wait)
	if redirect.RefusedOthers() {
		problem += "; connections that are not from a program of yours were refused"
	}
	return shownError{errors.New(problem), statusFailed, []string{printHint(profile)}}
}

func printHint(profile string) string {
	return "print the address, and open it yourself, with: ssoenv console --print " + profileArgument(profile)
}
