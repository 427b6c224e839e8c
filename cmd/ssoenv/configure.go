package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/picker"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/shellinit"
)

type configureOptions struct {
	session, startURL, ssoRegion, scopes string
	account, role                        string
	region, output                       string
	profile                              string
	yes                                  bool
	ways                                 loginFlags
}

func (p *program) configureCommand() *cli.Command {
	var o configureOptions
	return &cli.Command{
		Name:  "configure",
		Usage: "make a profile: session, login, account, role, region and name",
		Description: "Asks for what no flag says, with lists to choose from, and writes the AWS config file as\n" +
			"`aws configure sso` does. With --sso-session (and, if that is a new one, --start-url and\n" +
			"--sso-region), --account, --role and --profile, it asks nothing and needs no login.",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "sso-session", Usage: "the sso-session `NAME`, of the config file or a new one", Destination: &o.session},
			&cli.StringFlag{Name: "start-url", Usage: "the `URL` of a new session's access portal", Destination: &o.startURL},
			&cli.StringFlag{Name: "sso-region", Usage: "the `REGION` of a new session's Identity Center", Destination: &o.ssoRegion},
			&cli.StringFlag{Name: "scopes", Usage: "the registration `SCOPES` of a new session, separated by commas", Destination: &o.scopes},
			&cli.StringFlag{Name: "account", Usage: "the `ACCOUNT`, by id or name", Destination: &o.account},
			&cli.StringFlag{Name: "role", Usage: "the `ROLE`", Destination: &o.role},
			&cli.StringFlag{Name: "region", Usage: "the profile's default `REGION`", Destination: &o.region},
			&cli.StringFlag{Name: "output", Usage: "the AWS CLI's output `FORMAT`", Destination: &o.output},
			&cli.StringFlag{Name: "profile", Usage: "the `NAME` of the profile", Destination: &o.profile},
			&cli.BoolFlag{Name: "yes", Usage: "change a profile that exists without asking", Destination: &o.yes},
		}, o.ways.cliFlags()...),
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return p.configure(o)
		},
	}
}

// formats are those of the AWS CLI's output.
var formats = []string{"json", "text", "table", "yaml", "yaml-stream", "off"}

func (p *program) configure(o configureOptions) error {
	if o.output != "" && !slices.Contains(formats, o.output) {
		return usageError{fmt.Sprintf("--output is one of %s, not %q", strings.Join(formats, ", "), o.output)}
	}
	for _, given := range []struct{ flag, region string }{{"--region", o.region}, {"--sso-region", o.ssoRegion}} {
		if given.region != "" && !session.IsRegion(given.region) {
			return usageError{fmt.Sprintf("%s is %q, which is not a region such as eu-west-1", given.flag, given.region)}
		}
	}
	if o.role != "" && !session.IsRoleName(o.role) {
		return usageError{fmt.Sprintf("--role is %q, which is not 1 to 64 letters, digits and any of _+=,.@-", o.role)}
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	for _, given := range []struct {
		flag, name string
		isThere    func(string) bool
	}{{"--profile", o.profile, client.Config.HasProfile}, {"--sso-session", o.session, client.Config.HasSession}} {
		if err := checkName(given.name); err != nil && given.name != "" && !given.isThere(given.name) {
			return usageError{fmt.Sprintf("%s is %q: %v", given.flag, given.name, err)}
		}
	}
	p.warnOfConfig(client.Config)
	ctx, stop := p.interruptible()
	defer stop()
	w := &wizard{p: p, ctx: ctx, client: client, o: o}
	w.told = o.profile != "" && (o.session != "" && o.account != "" && o.role != "" || !p.canPrompt())
	if err := w.chooseSession(); err != nil {
		return err
	}
	if err := w.chooseRole(); err != nil {
		return err
	}
	if err := w.chooseRest(); err != nil {
		return err
	}
	return w.write()
}

// A wizard is one run of the questions. What a flag says is not asked.
type wizard struct {
	p      *program
	ctx    context.Context
	client *session.Client
	o      configureOptions
	told   bool // what has a default is not asked for

	portal  session.SSOSession
	isNew   bool // the portal's section is to be written
	account session.Account
	draft   session.ProfileSpec
}

// question asks until the answer is good. Where nobody can be asked, it names
// the flag that would have answered.
func (w *wizard) question(flag, prompt, preset string, check func(string) error) (string, error) {
	if !w.p.canPrompt() {
		return "", shownError{usageError{"nobody is at a terminal to be asked: " + strings.ToLower(prompt)}, statusUsage,
			[]string{"answer it with " + flag}}
	}
	shown := prompt + ":"
	if preset != "" {
		shown = fmt.Sprintf("%s [%s]:", prompt, preset)
	}
	for {
		answer, err := w.p.ask(w.ctx, shown)
		if err != nil {
			return "", err
		}
		answer = cmp.Or(strings.TrimSpace(answer), preset)
		if err := check(answer); err != nil {
			w.p.say("%v", err)
			continue
		}
		return answer, nil
	}
}

// pick has the person choose from a list, or takes the only entry.
func (w *wizard) pick(flag, what string, items []picker.Item) (int, error) {
	if len(items) == 1 {
		return 0, nil
	}
	if !w.p.canPrompt() {
		return 0, shownError{usageError{fmt.Sprintf("nobody is at a terminal to choose the %s", what)}, statusUsage, []string{"name it with " + flag}}
	}
	return w.p.pick(w.ctx, items, picker.Options{Prompt: what})
}

// pickSession finds the sso-session, or asks for what a new one needs.
func (w *wizard) chooseSession() (err error) {
	config := w.client.Config
	if names := config.SessionNames(); w.o.session == "" && len(names) > 0 && w.o.startURL == "" {
		items := append(sessionItems(config, names), picker.Item{Columns: []string{"a new session", "", ""}})
		i, err := w.pick("--sso-session", "session", items)
		if err != nil {
			return err
		}
		if i < len(names) {
			w.o.session = names[i]
		}
	}
	if w.o.session == "" {
		w.o.session, err = w.question("--sso-session", "Name of the new session", "", func(name string) error {
			if config.HasSession(name) {
				return fmt.Errorf("there is a session %q already", name)
			}
			return checkName(name)
		})
		if err != nil {
			return err
		}
	}
	if config.HasSession(w.o.session) {
		if w.portal, err = config.SSOSession(w.o.session); err != nil {
			return err
		}
		for _, given := range []struct{ flag, value, now string }{
			{"--start-url", w.o.startURL, w.portal.StartURL}, {"--sso-region", w.o.ssoRegion, w.portal.Region},
			{"--scopes", w.o.scopes, strings.Join(w.portal.Scopes, ",")},
		} {
			if given.value != "" && given.value != given.now {
				return shownError{usageError{fmt.Sprintf("the sso-session %q has %q where %s says %q", w.o.session, given.now, given.flag, given.value)}, statusUsage,
					[]string{"name a new session, or change this one in " + config.Path}}
			}
		}
		return nil
	}
	return w.newSession()
}

func (w *wizard) newSession() (err error) {
	w.isNew = true
	w.portal = session.SSOSession{Name: w.o.session, StartURL: w.o.startURL, Region: w.o.ssoRegion, Scopes: session.ParseScopes(w.o.scopes)}
	if w.portal.StartURL == "" {
		w.portal.StartURL, err = w.question("--start-url", "Start URL, such as https://corp.awsapps.com/start", "", checkStartURL)
		if err != nil {
			return err
		}
	} else if err := checkStartURL(w.portal.StartURL); err != nil {
		return usageError{err.Error()}
	}
	if w.portal.Region == "" {
		// The portal knows best; who runs it somewhere else is told before a
		// browser opens, where a wrong region only says invalid_grant.
		found := w.client.DetectRegion(w.ctx, w.portal.StartURL)
		w.portal.Region, err = w.question("--sso-region", "Region of the Identity Center", found, func(region string) error {
			switch {
			case !session.IsRegion(region):
				return fmt.Errorf("%q is not a region such as us-east-1", region)
			case found != "" && region != found:
				return fmt.Errorf("the portal is in %s, not in %s", found, region)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if w.o.scopes == "" {
			scopes, err := w.question("--scopes", "Registration scopes", strings.Join(w.portal.Scopes, ","), func(string) error { return nil })
			if err != nil {
				return err
			}
			w.portal.Scopes = session.ParseScopes(scopes)
		}
	}
	return nil
}

func checkName(name string) error {
	if !session.IsPortableName(name) {
		return errors.New("a name has letters, digits and any of _.@%/-, so that every AWS tool can read it")
	}
	return nil
}

func checkStartURL(url string) error {
	if !session.IsWebURL(url) {
		return fmt.Errorf("%q is not an https URL", url)
	}
	return nil
}

// chooseRole finds the account and the role, among those that the session may
// reach if they are not named.
func (w *wizard) chooseRole() error {
	if session.IsAccountID(w.o.account) && w.o.role != "" {
		w.account.ID = w.o.account
		return nil
	}
	if err := w.p.ensureLogin(w.ctx, w.client, w.portal, w.o.ways, false); err != nil {
		return err
	}
	accounts, err := w.client.Accounts(w.ctx, w.portal)
	if err != nil {
		return err
	}
	if w.o.account != "" {
		id, err := accountID(w.ctx, w.client, w.portal, w.o.account)
		if err != nil {
			return err
		}
		accounts = slices.DeleteFunc(accounts, func(a session.Account) bool { return a.ID != id })
	}
	if len(accounts) == 0 {
		return noAccount(w.portal)
	}
	i, err := w.pick("--account", "account", accountItems(accounts))
	if err != nil {
		return err
	}
	w.account = accounts[i]
	if w.o.role != "" {
		return nil
	}
	roles, err := w.client.AccountRoles(w.ctx, w.portal, w.account.ID)
	if err != nil {
		return err
	}
	if len(roles) == 0 {
		return shownError{fmt.Errorf("%q can take no role in account %s", w.portal.Title(), w.account.ID), statusDenied,
			[]string{"ask whoever runs the Identity Center for one"}}
	}
	items := make([]picker.Item, len(roles))
	for i, role := range roles {
		items[i] = picker.Item{Columns: []string{role}}
	}
	if i, err = w.pick("--role", "role", items); err != nil {
		return err
	}
	w.o.role = roles[i]
	w.p.say("account %s (%s), role %s", cmp.Or(w.account.Name, w.account.ID), w.account.ID, w.o.role)
	return nil
}

// chooseRest asks for what has a default. Where the flags have named the profile
// and all that it needs, or nobody can be asked, it stays at what they say.
func (w *wizard) chooseRest() (err error) {
	w.draft = session.ProfileSpec{Name: w.o.profile, Session: w.portal.Name, AccountID: w.account.ID, RoleName: w.o.role, Region: w.o.region, Output: w.o.output}
	if w.told {
		return nil
	}
	if w.draft.Region == "" {
		now, _ := w.client.Config.Profile(w.draft.Name) // if it is there
		w.draft.Region, err = w.question("--region", "Region of the profile, or - for none", cmp.Or(now.Region, w.client.STSRegion, w.portal.Region), func(region string) error {
			if region != "-" && !session.IsRegion(region) {
				return fmt.Errorf("%q is not a region such as eu-west-1", region)
			}
			return nil
		})
		if err != nil {
			return err
		}
		w.draft.Region = strings.TrimPrefix(w.draft.Region, "-")
	}
	if w.draft.Output == "" {
		w.draft.Output, err = w.question("--output", "Output format of the AWS CLI, or Enter for its default", "", func(output string) error {
			if output != "" && !slices.Contains(formats, output) {
				return fmt.Errorf("the formats are %s", strings.Join(formats, ", "))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if w.draft.Name == "" {
		w.draft.Name, err = w.question("--profile", "Name of the profile", w.draft.RoleName+"-"+w.draft.AccountID, func(name string) error {
			if w.client.Config.HasProfile(name) {
				return nil
			}
			return checkName(name)
		})
	}
	return err
}

// write shows what is to change where something is there already, asks, and
// writes. Somebody else who writes the file meanwhile is not overwritten.
func (w *wizard) write() error {
	for {
		var sso *session.SSOSession
		if w.isNew {
			sso = &w.portal
		}
		edit, err := w.client.Config.PlanProfile(w.draft, sso)
		if err != nil {
			return err
		}
		if edit.IsEmpty() {
			w.p.say("profile %q is as it should be", w.draft.Name)
			return nil
		}
		if w.client.Config.HasProfile(w.draft.Name) && !w.o.yes {
			w.p.showDiff(w.p.stderr, edit.Diff())
			if err := w.p.confirmWrite(w.ctx, fmt.Sprintf("profile %q exists. Type yes to change it:", w.draft.Name)); err != nil {
				return err
			}
		}
		_, err = w.client.SaveConfig(w.ctx, edit)
		if errors.Is(err, session.ErrConfigChanged) {
			if w.client.Config, err = w.p.config(); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		w.p.say("profile %q is written to %s; switch to it with: ssoenv use %s", w.draft.Name, w.client.Config.Path, shellinit.Word(w.draft.Name))
		return nil
	}
}
