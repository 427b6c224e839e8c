package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

type syncOptions struct {
	session  string
	template string
	accounts string
	roles    string
	region   string
	prune    bool
	dryRun   bool
	yes      bool
	noLogin  bool
}

func syncAction(p *program, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return p.sync(syncOptions{
		session: c.String("sso-session"), template: c.String("name"), accounts: c.String("account"), roles: c.String("role"), region: c.String("region"),
		prune: c.Bool("prune"), dryRun: c.Bool("dry-run"), yes: c.Bool("yes"), noLogin: c.Bool("no-login"),
	})
}

func (p *program) sync(o syncOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	var sso profile.SSOSession
	var inventory []store.AccountRoles
	var unlisted []string // accounts whose roles AWS does not list
	err = p.withSession(sessionOptions{session: o.session, noLogin: o.noLogin}, func(ctx context.Context, client *session.Client, of profile.SSOSession) (err error) {
		if sso = of; sso.Name == "" {
			return shownError{&profile.ConfigError{Problem: fmt.Sprintf("%s is the start URL of profiles in the legacy format, without an sso-session", sso.StartURL)}, statusConfig,
				[]string{"create an sso-session first: ssoenv configure"}}
		}
		inventory, err = p.discover(ctx, client, of, nil)
		if partial, ok := errors.AsType[*session.IncompleteError](err); ok && partial.IsRefused() && len(inventory) > 0 {
			p.say("warning: %v; their profiles stay as they are", err)
			unlisted = partial.Missing
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.writeSync(client, o, sso, o.specs(sso.Name, inventory), o.inScope(inventory, unlisted))
}

// writeSync shows how the config would change, asks, and writes it. If another
// program changes the config in between, it plans again.
func (p *program) writeSync(client *session.Client, o syncOptions, sso profile.SSOSession, specs []profile.Spec, inScope func(accountID, role string) bool) error {
	p.warnOfConfig(client.Config)
	ctx, stop := interruptible()
	defer stop()
	for {
		plan, err := client.Config.PlanSync(sso.Name, specs, inScope, o.prune)
		if err != nil {
			return err
		}
		p.showDiff(p.stdout, p.shortenDiff(plan.Diff()))
		summarize(p.output, plan, o.prune, len(specs))
		if plan.IsEmpty() || o.dryRun {
			return nil
		}
		if !o.yes {
			if err := confirmWrite(ctx, p.terminal, fmt.Sprintf("Write %s? [y/N]", client.Config.Path)); err != nil {
				return err
			}
		}
		backup, err := client.SaveConfig(ctx, plan.Edit)
		if errors.Is(err, profile.ErrConfigChanged) {
			p.say("%v; planning again", err)
			if err := p.reloadConfig(client); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		p.say("wrote %s", client.Config.Path)
		if backup != "" {
			p.say("the previous version is %s", backup)
		}
		return nil
	}
}

// check returns an error for options that make no sense.
func (o syncOptions) check() error {
	if err := checkRegionFlag("--region", o.region); err != nil {
		return err
	}
	for _, glob := range []string{o.accounts, o.roles} {
		if _, err := path.Match(glob, ""); err != nil {
			return usageError{fmt.Sprintf("%q is not a glob", glob)}
		}
	}
	if _, err := expand(o.template, store.Account{}, "", ""); err != nil {
		return usageError{err.Error()}
	}
	return nil
}

// specs returns the profiles that are wanted, in the order of the accounts, each
// with a name of its own.
func (o syncOptions) specs(sso string, inventory []store.AccountRoles) []profile.Spec {
	var specs []profile.Spec
	count := map[string]int{}
	for _, account := range inventory {
		for _, role := range account.Roles {
			if !o.matches(account.Account, role) {
				continue
			}
			name, _ := expand(o.template, account.Account, role, sso)
			specs = append(specs, profile.Spec{Name: name, Session: sso, AccountID: account.ID, RoleName: role, Region: o.region})
			count[name]++
		}
	}
	// Two accounts may have one name, and a template may leave out the role.
	for i := range specs {
		if count[specs[i].Name] > 1 || specs[i].Name == "default" {
			specs[i].Name += "-" + specs[i].AccountID
		}
	}
	used := map[string]bool{}
	for i := range specs {
		if used[specs[i].Name] {
			specs[i].Name += "-" + specs[i].RoleName
		}
		used[specs[i].Name] = true
	}
	return specs
}

func (o syncOptions) matches(account store.Account, role string) bool {
	return matchesGlob(o.roles, role) && (matchesGlob(o.accounts, account.ID) || matchesGlob(o.accounts, account.Name))
}

// inScope returns a function that reports whether this run decides about an
// existing profile of the account and role. It does not if the options leave the
// profile out, or if the account's roles are unknown. An account that the session
// no longer gives access to has no name for a glob to match.
func (o syncOptions) inScope(inventory []store.AccountRoles, unlisted []string) func(accountID, role string) bool {
	names := map[string]string{}
	for _, account := range inventory {
		names[account.ID] = account.Name
	}
	return func(accountID, role string) bool {
		return !slices.Contains(unlisted, accountID) && o.matches(store.Account{ID: accountID, Name: names[accountID]}, role)
	}
}

func matchesGlob(glob, text string) bool {
	if glob == "" {
		return true
	}
	matched, _ := path.Match(strings.ToLower(glob), strings.ToLower(text))
	return matched
}

// expand fills in a template. Characters that some AWS tool cannot read in a
// profile's name become hyphens.
func expand(template string, account store.Account, role, sso string) (string, error) {
	values := map[string]string{
		"account": cmp.Or(slug(account.Name), account.ID), "account_id": account.ID, "email": account.Email, "role": role, "session": sso,
	}
	var b strings.Builder
	for rest := template; rest != ""; {
		before, inside, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if !found {
			break
		}
		name, after, closed := strings.Cut(inside, "}")
		value, known := values[name]
		if !closed || !known {
			return "", fmt.Errorf("--name knows {account}, {account_id}, {email}, {role} and {session}, not {%s}", name)
		}
		b.WriteString(value)
		rest = after
	}
	return slug(b.String()), nil
}

// slug returns text in the characters of a portable name: Latin letters lose
// their accents, and any other run of characters becomes one hyphen.
func slug(text string) string {
	var b strings.Builder
	hyphen := false
	for _, r := range text {
		if i := slices.Index(accented, r); i >= 0 {
			r = rune(unaccented[i])
		}
		if r < 0x80 && profile.IsPortableName(string(r)) {
			if hyphen && b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(r)
			hyphen = false
			continue
		}
		hyphen = true
	}
	return b.String()
}

var accented, unaccented = []rune("ÀÁÂÃÄÅàáâãäåĄąÇçĆćČčĎďÈÉÊËèéêëĘęĚěÌÍÎÏìíîïŁłÑñŃńŇňÒÓÔÕÖØòóôõöøŐőŘřŚśŠšŤťÙÚÛÜùúûüŮůŰűÝýÿŹźŻżŽž"),
	"AAAAAAaaaaaaAaCcCcCcDdEEEEeeeeEeEeIIIIiiiiLlNnNnNnOOOOOOooooooOoRrSsSsTtUUUUuuuuUuUuYyyZzZzZz"

// summarize says in one line what the plan changes.
func summarize(o *output, plan profile.SyncPlan, prune bool, wanted int) {
	var changes []string
	add := func(n int, what string) {
		if n > 0 {
			changes = append(changes, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(len(plan.Added), "new")
	add(len(plan.Changed), "changed")
	if prune {
		add(len(plan.Stale), "removed")
	} else {
		add(len(plan.Stale), "stale, kept (remove them with --prune)")
	}
	if changes == nil {
		changes = []string{"up to date"}
	}
	o.say("%s, %s", offline.Count(wanted, "profile"), strings.Join(changes, ", "))
	if n := len(plan.Conflicts); n > 0 {
		shown := plan.Conflicts[:min(n, 5)]
		o.say("warning: %d not written, because other profiles have these names: %s", n, strings.Join(shown, ", "))
	}
}
