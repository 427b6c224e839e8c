package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/picker"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
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

// A wizard asks the questions of one run. It does not ask what a flag answers.
type wizard struct {
	p          *program
	ctx        context.Context
	client     *session.Client
	o          configureOptions
	noDefaults bool // do not ask for what has a default

	sso        profile.SSOSession
	newSession bool // the session's section is to be written
	account    store.Account
	spec       profile.Spec
}

// question asks until check accepts the answer. preset is the answer to Enter.
// Without a terminal, the error names the flag that answers the question.
func (w *wizard) question(flag, prompt, preset string, check func(string) error) (string, error) {
	if !w.p.terminal.CanPrompt() {
		return "", shownError{usageError{"there is no terminal to ask at: " + strings.ToLower(prompt)}, statusUsage,
			[]string{"answer it with " + flag}}
	}
	shown := prompt + ":"
	if preset != "" {
		shown = fmt.Sprintf("%s [%s]:", prompt, preset)
	}
	for {
		answer, err := w.p.terminal.Ask(w.ctx, shown)
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

// pick returns the index of the item that the user picks, or of the only one.
func (w *wizard) pick(flag, what string, items []picker.Item) (int, error) {
	if len(items) == 1 {
		return 0, nil
	}
	if !w.p.terminal.CanPrompt() {
		return 0, shownError{usageError{fmt.Sprintf("there is no terminal to choose the %s at", what)}, statusUsage, []string{"name it with " + flag}}
	}
	return w.p.pick(w.ctx, items, picker.Options{Prompt: what})
}

// chooseSession finds the sso-session, or asks for what a new one needs.
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
				return fmt.Errorf("a session %q exists already", name)
			}
			return checkName(name)
		})
		if err != nil {
			return err
		}
	}
	if !config.HasSession(w.o.session) {
		return w.describeSession()
	}
	if w.sso, err = config.SSOSession(w.o.session); err != nil {
		return err
	}
	for _, given := range []struct{ flag, value, now string }{
		{"--start-url", w.o.startURL, w.sso.StartURL}, {"--sso-region", w.o.ssoRegion, w.sso.Region},
		{"--scopes", w.o.scopes, strings.Join(w.sso.Scopes, ",")},
	} {
		if given.value != "" && given.value != given.now {
			return shownError{usageError{fmt.Sprintf("the sso-session %q has %q where %s says %q", w.o.session, given.now, given.flag, given.value)}, statusUsage,
				[]string{"name a new session, or change this one in " + config.Path}}
		}
	}
	return nil
}

// describeSession asks for the properties of a new session.
func (w *wizard) describeSession() (err error) {
	w.newSession = true
	w.sso = profile.SSOSession{Name: w.o.session, StartURL: w.o.startURL, Region: w.o.ssoRegion, Scopes: profile.ParseScopes(w.o.scopes), Network: w.client.Config.Network("default")}
	if w.sso.StartURL == "" {
		w.sso.StartURL, err = w.question("--start-url", "Start URL, such as https://corp.awsapps.com/start", "", checkStartURL)
		if err != nil {
			return err
		}
	} else if err := checkStartURL(w.sso.StartURL); err != nil {
		return usageError{err.Error()}
	}
	if w.sso.Region != "" {
		return nil
	}
	// A wrong region would only show in the browser, as invalid_grant.
	found := w.client.DetectRegion(w.ctx, w.sso.StartURL)
	w.sso.Region, err = w.question("--sso-region", "Region of the Identity Center", found, func(region string) error {
		if err := profile.CheckRegion(region); err != nil {
			return err
		}
		if found != "" && region != found {
			return fmt.Errorf("the Identity Center of this start URL is in %s, not in %s", found, region)
		}
		return nil
	})
	if err != nil || w.o.scopes != "" {
		return err
	}
	scopes, err := w.question("--scopes", "Registration scopes", strings.Join(w.sso.Scopes, ","), func(string) error { return nil })
	if err == nil {
		w.sso.Scopes = profile.ParseScopes(scopes)
	}
	return err
}

func checkName(name string) error {
	if !profile.IsPortableName(name) {
		return errors.New("a name consists of " + profile.NameForm + ", so that every AWS tool can read it")
	}
	return nil
}

func checkStartURL(url string) error {
	if !profile.IsWebURL(url) {
		return fmt.Errorf("%q is not an https URL", url)
	}
	return nil
}

// chooseRole finds the account and the role. If they are not named, it logs in
// and lists those that the session gives access to.
func (w *wizard) chooseRole() error {
	if profile.IsAccountID(w.o.account) && w.o.role != "" {
		w.account.ID = w.o.account
		return nil
	}
	if err := w.p.ensureLogin(w.ctx, w.client, w.sso, w.o.login, false); err != nil {
		return err
	}
	accounts, err := w.client.Accounts(w.ctx, w.sso)
	if err != nil {
		return err
	}
	if w.o.account != "" {
		id, err := accountID(w.ctx, w.client, w.sso, w.o.account)
		if err != nil {
			return err
		}
		accounts = slices.DeleteFunc(accounts, func(a store.Account) bool { return a.ID != id })
	}
	if len(accounts) == 0 {
		return noAccounts(w.sso)
	}
	i, err := w.pick("--account", "account", accountItems(accounts))
	if err != nil {
		return err
	}
	w.account = accounts[i]
	if w.o.role != "" {
		return nil
	}
	roles, err := w.client.AccountRoles(w.ctx, w.sso, w.account.ID)
	if err != nil {
		return err
	}
	if len(roles) == 0 {
		return shownError{fmt.Errorf("%q gives access to no role in account %s", w.sso.Title(), w.account.ID), statusDenied,
			[]string{"ask the administrator of the Identity Center for one"}}
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

// chooseRest asks for what has a default, unless the flags name the profile and
// all that it needs.
func (w *wizard) chooseRest() (err error) {
	w.spec = profile.Spec{Name: w.o.profile, Session: w.sso.Name, AccountID: w.account.ID, RoleName: w.o.role, Region: w.o.region, Output: w.o.output}
	if w.noDefaults {
		return nil
	}
	if w.spec.Region == "" {
		now, _ := w.client.Config.Profile(w.spec.Name) // may not exist
		w.spec.Region, err = w.question("--region", "Region of the profile, or - for none", cmp.Or(now.Region, w.client.STSRegion, w.sso.Region), func(region string) error {
			if region == "-" {
				return nil
			}
			return profile.CheckRegion(region)
		})
		if err != nil {
			return err
		}
		w.spec.Region = strings.TrimPrefix(w.spec.Region, "-")
	}
	if w.spec.Output == "" {
		w.spec.Output, err = w.question("--output", "Output format of the AWS CLI, or Enter for its default", "", func(output string) error {
			if output != "" && !slices.Contains(offline.OutputFormats(), output) {
				return fmt.Errorf("the formats are %s", strings.Join(offline.OutputFormats(), ", "))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if w.spec.Name == "" {
		w.spec.Name, err = w.question("--profile", "Name of the profile", w.spec.RoleName+"-"+w.spec.AccountID, func(name string) error {
			if w.client.Config.HasProfile(name) {
				return nil
			}
			return checkName(name)
		})
	}
	return err
}

// write writes the profile. If it exists, write shows the change and asks first.
// A change that another program makes in between is not overwritten.
func (w *wizard) write() error {
	if w.o.process {
		var err error
		if w.spec.Program, err = executable(w.p.args[0]); err != nil {
			return err
		}
	}
	for {
		var sso *profile.SSOSession
		if w.newSession {
			sso = &w.sso
		}
		edit, err := w.client.Config.PlanProfile(w.spec, sso)
		if err != nil {
			return err
		}
		if edit.IsEmpty() {
			w.p.say("profile %q is up to date", w.spec.Name)
			return nil
		}
		if w.client.Config.HasProfile(w.spec.Name) && !w.o.yes {
			w.p.showDiff(w.p.stderr, edit.Diff())
			if err := confirmWrite(w.ctx, w.p.terminal, fmt.Sprintf("Profile %q exists. Change it? [y/N]", w.spec.Name)); err != nil {
				return err
			}
		}
		_, err = w.client.SaveConfig(w.ctx, edit)
		if errors.Is(err, profile.ErrConfigChanged) {
			if err := w.p.reloadConfig(w.client); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		w.p.say("wrote profile %q to %s; switch to it with: ssoenv use %s", w.spec.Name, w.client.Config.Path, shellinit.Word(w.spec.Name))
		if w.o.process {
			w.p.say("programs without a shell use it with AWS_PROFILE=%s", shellinit.Word(profile.ProcessName(w.spec.Name)))
		}
		return nil
	}
}
