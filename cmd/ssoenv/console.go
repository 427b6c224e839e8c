package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/shellinit"
)

type consoleOptions struct {
	credentialOptions
	service string
	print   bool
}

func (p *program) consoleCommand() *cli.Command {
	var o consoleOptions
	return &cli.Command{
		Name:      "console",
		Usage:     "open the AWS console, signed in as a profile",
		ArgsUsage: "[PROFILE]",
		Description: "Without PROFILE, opens it for the profile of this shell, in the shell's region. The console's\n" +
			"session lasts as long as the profile's credentials.",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "service", Usage: "open the page of `SERVICE`, such as s3 or ec2; default: the console's home", Destination: &o.service},
			&cli.BoolFlag{Name: "print", Usage: "print the address instead of opening a browser", Destination: &o.print},
		}, o.flags()...),
		Action: func(c *cli.Context) error {
			name, err := oneProfile(c)
			if err != nil {
				return err
			}
			if o.profile, err = p.resolveArg(p.defaultProfile(name)); err != nil {
				return err
			}
			return p.console(o)
		},
	}
}

// browserPatience is how long a browser has to ask for the address that it was
// started for.
const browserPatience = time.Minute

func (p *program) console(o consoleOptions) error {
	if o.service != "" && !session.IsConsoleService(o.service) {
		return usageError{fmt.Sprintf("%q is not a service as the console's addresses spell it, such as s3 or systems-manager/parameters", o.service)}
	}
	shown := o.print || o.login.noBrowser
	client, err := p.client()
	if err != nil {
		return err
	}
	profile, err := p.resolveProfile(client, o.profile)
	if err != nil {
		return err
	}
	o.profile = profile.Name
	var with browser
	if !shown {
		// Before anybody is asked to log in for nothing.
		if with, err = p.findBrowser(profile.SSOSession.Browser); err != nil {
			return shownError{err, statusFailed, []string{p.printHint(o.profile)}}
		}
	}
	plan, err := p.credentials(o.credentialOptions)
	if err != nil {
		return err
	}
	region := p.consoleRegion(o, plan)
	if err := p.checkRegion(region); err != nil {
		return err
	}
	ctx, stop := p.interruptible()
	defer stop()
	address, err := client.ConsoleURL(ctx, region, o.service, plan.profile.SSOSession.StartURL, plan.creds)
	if err != nil {
		return err
	}
	if shown {
		if err := p.print(address.Reveal() + "\n"); err != nil {
			return err
		}
		p.say("the address works for %s, and whoever has it is signed in as %s", formatDuration(session.SigninLifetime), plan.title())
		return nil
	}
	p.say("opening the AWS console in %s as %s", region, plan.title())
	return p.openAndWait(ctx, with, address, o.profile)
}

// consoleRegion is the shell's own where the shell uses the profile: its person
// may have chosen another than the profile's.
func (p *program) consoleRegion(o consoleOptions, plan switchPlan) string {
	here := cmp.Or(p.env["AWS_REGION"], p.env["AWS_DEFAULT_REGION"])
	if o.region == "" && o.profile == p.env["SSOENV_PROFILE"] {
		return cmp.Or(here, plan.region, plan.profile.SSOSession.Region)
	}
	return cmp.Or(plan.region, here, plan.profile.SSOSession.Region)
}

// openAndWait ends when the browser has the address: it asks this process for
// it.
func (p *program) openAndWait(ctx context.Context, with browser, address safetext.Secret, profile string) error {
	bounded, cancel := context.WithTimeout(ctx, browserPatience)
	defer cancel()
	fetched, err := serveOnce(bounded, with, address.Reveal())
	if err != nil {
		return shownError{err, statusFailed, []string{p.printHint(profile)}}
	}
	select {
	case <-fetched:
		return nil
	case <-bounded.Done():
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return shownError{errors.New("the browser has not come for the console's address within " + formatDuration(browserPatience)), statusFailed,
		[]string{p.printHint(profile)}}
}

func (p *program) printHint(profile string) string {
	return "get the address, to open it yourself, with: ssoenv console --print " + shellinit.Word(profile)
}

// title names the use to a person, without its credentials.
func (u switchPlan) title() string {
	return fmt.Sprintf("%s (account %s, role %s)", u.profile.Name, u.profile.AccountID, u.profile.RoleName)
}
