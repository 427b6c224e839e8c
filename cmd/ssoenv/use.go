package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/shellinit"
)

// An credentialOptions is the way from a profile's name to its credentials.
type credentialOptions struct {
	profile string
	region  string // instead of the profile's; may be empty
	noLogin bool
	yes     bool // a profile that is to be confirmed has been
	login   loginFlags
}

func (a *credentialOptions) flags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "region", Usage: "`REGION` instead of the profile's", Destination: &a.region},
		&cli.BoolFlag{Name: "no-login", Usage: "fail where a login is needed", Destination: &a.noLogin},
		&cli.BoolFlag{Name: "yes", Usage: "do not ask, even if the profile says ssoenv_confirm = true", Destination: &a.yes},
	}, a.login.cliFlags()...)
}

type useOptions struct {
	credentialOptions
	shell string
}

func (p *program) useCommand() *cli.Command {
	var o useOptions
	return &cli.Command{
		Name:      "use",
		Usage:     "switch this shell to a profile",
		ArgsUsage: "[PROFILE | ACCOUNT/ROLE | -]",
		Description: "Prints the shell code that sets the profile's credentials and region, logging in first\n" +
			"if it must and may. Without PROFILE, there is a list to choose from. ACCOUNT/ROLE, with an\n" +
			"account's id or name, needs no profile; \"-\" is the profile before this one. If it fails, it\n" +
			"prints \"false\".",
		Flags: append(o.flags(), &cli.StringFlag{Name: "shell", Usage: "write for `SHELL`", Destination: &o.shell}),
		Action: func(c *cli.Context) (err error) {
			if o.profile, err = oneProfile(c); err != nil {
				return err
			}
			return p.use(o)
		},
	}
}

func (p *program) use(o useOptions) error {
	shell, err := dialect(o.shell)
	if err != nil {
		return err
	}
	if p.isTerminal(p.stdout) {
		return p.notEvaluated("use " + shellinit.Word(cmp.Or(o.profile, "PROFILE")))
	}
	if o.profile == "" && p.canPrompt() {
		o.profile, err = p.pickProfile()
	} else {
		o.profile, err = p.resolveArg(o.profile)
	}
	if err != nil {
		return err
	}
	if o.shell == "" && !shellinit.IsPortable(o.profile) {
		return shownError{fmt.Errorf("the name %q needs quotes that not every shell reads alike", o.profile), statusUsage,
			[]string{"say which shell it is for: --shell bash, zsh, fish or sh; the function that ssoenv init installs does so by itself"}}
	}
	plan, err := p.credentials(o.credentialOptions)
	if err != nil {
		return err
	}
	statements, lost := plan.statements(p.env)
	if err := checkSize(statements); err != nil {
		return err
	}
	text, err := shell.Render(statements)
	if err != nil {
		return err
	}
	if err := p.print(text); err != nil {
		return err
	}
	p.announce(plan, lost)
	p.remember(plan.client, plan.profile.Name)
	return nil
}

// credentials walks from a profile's name to its credentials: from the cache, or
// from the service, with a login where there must and may be one.
func (p *program) credentials(a credentialOptions) (switchPlan, error) {
	if a.region != "" && !session.IsRegion(a.region) {
		return switchPlan{}, usageError{fmt.Sprintf("%q is not a region such as eu-west-1", a.region)}
	}
	client, err := p.client()
	if err != nil {
		return switchPlan{}, err
	}
	client.STSRegion = cmp.Or(a.region, client.STSRegion)
	if !a.noLogin && p.canPrompt() {
		client.MFACode = p.mfaCode
	}
	profile, err := p.resolveProfile(client, a.profile)
	if err != nil {
		return switchPlan{}, err
	}
	p.profile = profile.Name
	if err := p.confirm(profile, a.yes); err != nil {
		return switchPlan{}, err
	}
	creds, fresh := client.FreshCredentials(profile)
	p.log("profile %q: account %s, role %s, fresh credentials cached: %v", profile.Name, profile.AccountID, profile.RoleName, fresh)
	if !fresh {
		p.warnOfConfig(client.Config)
		ctx, stop := p.interruptible()
		defer stop()
		if creds, err = p.fetch(ctx, client, profile, a); err != nil {
			return switchPlan{}, err
		}
	}
	return switchPlan{client: client, profile: profile, creds: creds, region: cmp.Or(a.region, profile.Region)}, nil
}

// fetch gets the credentials from the service. A person who asks for keys that
// are due and cannot be renewed logs in before they are dead; anybody else gets
// what is left of them.
func (p *program) fetch(ctx context.Context, client *session.Client, profile session.Profile, a credentialOptions) (session.Credentials, error) {
	creds, err := client.Renew(ctx, profile)
	var required *session.LoginRequiredError
	switch {
	case err == nil:
		return creds, nil
	case !errors.As(err, &required) || a.noLogin || !p.hasUser():
		return client.CachedAfter(ctx, profile, err)
	}
	// By force: whatever the cached token says of its life, it does not do.
	if err := p.ensureLogin(ctx, client, profile.SSOSession, a.login, true); err != nil {
		return session.Credentials{}, err
	}
	return client.Credentials(ctx, profile)
}

// resolveArg resolves "-" and refuses to guess.
func (p *program) resolveArg(named string) (string, error) {
	switch named {
	case "":
		return "", shownError{usageError{"which profile?"}, statusUsage, []string{"ssoenv list shows them"}}
	case "-":
		if p.env["SSOENV_PREVIOUS"] == "" {
			return "", shownError{usageError{"this shell has used no other profile before"}, statusUsage, []string{"ssoenv list shows the profiles"}}
		}
		return p.env["SSOENV_PREVIOUS"], nil
	}
	return named, nil
}

// announce tells the person at the terminal where the shell is now. In a
// script or an .envrc nobody asked.
func (p *program) announce(u switchPlan, lost bool) {
	if lost {
		p.say("the AWS keys that were in this shell are replaced; ssoenv keeps no secrets, so clear will not bring them back")
	}
	if !p.isTerminal(p.stderr) || p.env["DIRENV_IN_ENVRC"] != "" {
		return
	}
	if setByDirenv(p.env, "SSOENV_PROFILE") {
		p.say("direnv has switched this folder to %q: leaving the folder, or a reload, puts back what was there before it", p.env["SSOENV_PROFILE"])
	}
	region := ""
	if u.region != "" {
		region = ", " + u.region
	}
	p.say("%s: account %s, role %s%s, until %s (%s)", u.profile.Name, u.profile.AccountID, u.profile.RoleName, region,
		p.formatTime(u.creds.Expires), formatDuration(u.creds.Expires.Sub(p.now())))
}

// warnOfConfig says when somebody else could have written the config, and when
// the other AWS tools will not read it. It looks through the whole file, so it
// is not done on the way of a cached use.
func (p *program) warnOfConfig(config *session.Config) {
	for _, path := range []string{config.Path, config.CredentialsPath} {
		if err := cache.Suspect(path); err != nil {
			p.say("warning: %v: whoever writes it could send your login elsewhere", err)
		}
	}
	for i, problem := range config.Problems() {
		if i == 3 {
			p.say("warning: and more")
			return
		}
		p.say("warning: %s", problem)
	}
}
