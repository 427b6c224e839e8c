package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/safetext"
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

func (p *program) syncCommand() *cli.Command {
	var o syncOptions
	return &cli.Command{
		Name:  "sync",
		Usage: "write a profile for every account and role that a session may reach",
		Description: "Prints how the AWS config file would change, asks, and changes it. The profiles stand between\n" +
			"two comment lines, and nothing outside of them is touched: a profile of the same name that\n" +
			"you wrote yourself stays as it is. Keys that you add to a profile inside stay, too.\n\n" +
			"TEMPLATE may have {account}, {account_id}, {email}, {role} and {session} in it. GLOBs are\n" +
			"matched against an account's id and its name, and against a role's name.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "sso-session", Usage: "the sso-session `NAME`", Destination: &o.session},
			&cli.StringFlag{Name: "name", Usage: "names after this `TEMPLATE`", Value: "{account}-{role}", Destination: &o.template},
			&cli.StringFlag{Name: "account", Usage: "only accounts that `GLOB` matches", Destination: &o.accounts},
			&cli.StringFlag{Name: "role", Usage: "only roles that `GLOB` matches", Destination: &o.roles},
			&cli.StringFlag{Name: "region", Usage: "give every profile the default `REGION`", Destination: &o.region},
			&cli.BoolFlag{Name: "prune", Usage: "remove profiles of what is no longer there", Destination: &o.prune},
			&cli.BoolFlag{Name: "dry-run", Usage: "change nothing", Destination: &o.dryRun},
			&cli.BoolFlag{Name: "yes", Usage: "do not ask", Destination: &o.yes},
			&cli.BoolFlag{Name: "no-login", Usage: "fail where a login is needed", Destination: &o.noLogin},
		},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return p.sync(o)
		},
	}
}

func (p *program) sync(o syncOptions) error {
	if o.region != "" && !session.IsRegion(o.region) {
		return usageError{fmt.Sprintf("--region is %q, which is not a region such as eu-west-1", o.region)}
	}
	for _, glob := range []string{o.accounts, o.roles} {
		if _, err := path.Match(glob, ""); err != nil {
			return usageError{fmt.Sprintf("%q is no glob", glob)}
		}
	}
	if _, err := expand(o.template, session.Account{}, "", ""); err != nil {
		return usageError{err.Error()}
	}
	var sso session.SSOSession
	var inventory []session.AccountRoles
	var unlisted []string
	err := p.withSession(sessionOptions{session: o.session, noLogin: o.noLogin}, func(ctx context.Context, client *session.Client, of session.SSOSession) (err error) {
		if sso = of; sso.Name == "" {
			return shownError{&session.ConfigError{Problem: fmt.Sprintf("%s is named by profiles of the legacy format, and has no sso-session", sso.StartURL)}, statusConfig,
				[]string{"make an sso-session first: ssoenv configure"}}
		}
		inventory, err = p.discover(ctx, client, of, nil)
		var incomplete *session.IncompleteError
		if errors.As(err, &incomplete) && incomplete.IsRefused() && len(inventory) > 0 {
			p.say("warning: %v; their profiles stay as they are", err)
			unlisted = incomplete.Missing
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	p.warnOfConfig(client.Config)
	ctx, stop := p.interruptible()
	defer stop()
	drafts := o.drafts(sso.Name, inventory)
	for {
		plan, err := client.Config.PlanSync(sso.Name, drafts, o.inScope(inventory, unlisted), o.prune)
		if err != nil {
			return err
		}
		showDiff(p.stdout, shortened(plan.Diff(), tty.IsTerminal(p.stdout)), p.env["NO_COLOR"] == "")
		p.summarize(plan, o.prune, len(drafts))
		if plan.IsEmpty() || o.dryRun {
			return nil
		}
		if !o.yes {
			if err := p.confirmWrite(ctx, fmt.Sprintf("Type yes to write %s:", client.Config.Path)); err != nil {
				return err
			}
		}
		backup, err := client.SaveConfig(ctx, plan.Edit)
		if errors.Is(err, session.ErrConfigChanged) {
			p.say("%v: working it out again", err)
			if client.Config, err = p.config(); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		p.say("%s is written", client.Config.Path)
		if backup != "" {
			p.say("as it was before, it is kept as %s", backup)
		}
		return nil
	}
}

// discover asks the service for everything that the session may reach, and
// shows how far it has come. found, which may be nil, hears of each account.
func (p *program) discover(ctx context.Context, client *session.Client, sso session.SSOSession, found func(session.AccountRoles)) ([]session.AccountRoles, error) {
	bar := newProgressBar(p.stderr, p.quiet)
	warn := client.Warn
	client.Warn = func(line string) { bar.end(); warn(line) }
	defer func() { client.Warn = warn }()
	told := session.DiscoveryEvents{Progress: bar.show}
	if found != nil {
		told.Found = func(account session.AccountRoles) {
			bar.end() // where both go to one screen, the line stays clear of the bar
			found(account)
		}
	}
	inventory, err := client.Discover(ctx, sso, told)
	bar.end()
	if err != nil && len(inventory) > 0 {
		p.say("%d accounts are known so far; within an hour, the same command goes on from there", len(inventory))
	}
	return inventory, err
}

// drafts are the profiles that are wanted, in the order of the accounts.
func (o syncOptions) drafts(sso string, inventory []session.AccountRoles) []session.ProfileSpec {
	var drafts []session.ProfileSpec
	var ids []string
	times := map[string]int{}
	for _, account := range inventory {
		for _, role := range account.Roles {
			if !o.matches(account.Account, role) {
				continue
			}
			name, _ := expand(o.template, account.Account, role, sso)
			drafts = append(drafts, session.ProfileSpec{Name: name, Session: sso, AccountID: account.ID, RoleName: role, Region: o.region})
			ids = append(ids, account.ID)
			times[name]++
		}
	}
	// Two accounts may have one name, and a template may leave out the role.
	for i := range drafts {
		if times[drafts[i].Name] > 1 || drafts[i].Name == "default" {
			drafts[i].Name += "-" + ids[i]
		}
	}
	again := map[string]int{}
	for i := range drafts {
		if again[drafts[i].Name]++; again[drafts[i].Name] > 1 {
			drafts[i].Name += "-" + drafts[i].RoleName
		}
	}
	return drafts
}

func (o syncOptions) matches(account session.Account, role string) bool {
	return matchesGlob(o.roles, role) && (matchesGlob(o.accounts, account.ID) || matchesGlob(o.accounts, account.Name))
}

// inScope tells whether a profile that is there already is one that this run
// is about, and knows about. An account that is gone has no name any more.
func (o syncOptions) inScope(inventory []session.AccountRoles, unlisted []string) func(accountID, role string) bool {
	names := map[string]string{}
	for _, account := range inventory {
		names[account.ID] = account.Name
	}
	return func(accountID, role string) bool {
		return !slices.Contains(unlisted, accountID) && o.matches(session.Account{ID: accountID, Name: names[accountID]}, role)
	}
}

func matchesGlob(glob, text string) bool {
	if glob == "" {
		return true
	}
	matched, _ := path.Match(strings.ToLower(glob), strings.ToLower(text))
	return matched
}

// expand fills in a template. What may not stand in a name that every AWS tool
// can read becomes a hyphen.
func expand(template string, account session.Account, role, sso string) (string, error) {
	values := map[string]string{
		"account": cmp.Or(slug(account.Name), account.ID), "account_id": account.ID, "email": account.Email, "role": role, "session": sso,
	}
	var b strings.Builder
	for rest := template; rest != ""; {
		before, behind, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if !found {
			break
		}
		name, after, closed := strings.Cut(behind, "}")
		value, known := values[name]
		if !closed || !known {
			return "", fmt.Errorf("--name knows {account}, {account_id}, {email}, {role} and {session}, not {%s}", name)
		}
		b.WriteString(value)
		rest = after
	}
	return slug(b.String()), nil
}

// slug spells a text with the characters of a portable name: letters of the
// Latin script lose their marks, and a run of what remains becomes a hyphen.
func slug(text string) string {
	var b strings.Builder
	hyphen := false
	for _, r := range text {
		if i := slices.Index(accented, r); i >= 0 {
			r = rune(unaccented[i])
		}
		if r < 0x80 && session.IsPortableName(string(r)) {
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

// summarize says what a diff of thousands of lines comes to.
func (p *program) summarize(plan session.SyncPlan, prune bool, wanted int) {
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
		add(len(plan.Stale), "no longer there, and kept (--prune removes them)")
	}
	if changes == nil {
		changes = []string{"all as they should be"}
	}
	p.say("%s: %s", count(wanted, "profile"), strings.Join(changes, ", "))
	if n := len(plan.Conflicts); n > 0 {
		shown := plan.Conflicts[:min(n, 5)]
		p.say("warning: %d not written, since you have profiles of these names for something else: %s", n, strings.Join(shown, ", "))
	}
}

// shortened cuts a diff for a terminal to 40 lines. Elsewhere it returns all of it.
func shortened(diff string, isTerminal bool) string {
	const most = 40
	lines := strings.SplitAfterN(diff, "\n", most+1)
	if !isTerminal || len(lines) <= most {
		return diff
	}
	more := strings.Count(lines[most], "\n")
	return strings.Join(lines[:most], "") + fmt.Sprintf("… and %d more lines: ssoenv sync --dry-run | less\n", more)
}

// showDiff writes a unified diff, in colour if that is wanted and on a terminal.
func showDiff(to *os.File, diff string, color bool) {
	colors := map[byte]string{'+': "\x1b[32m", '-': "\x1b[31m", '@': "\x1b[36m"}
	colored := color && tty.IsTerminal(to)
	var b strings.Builder
	for line := range strings.Lines(diff) {
		text := safetext.Printable(strings.TrimRight(line, "\r\n"))
		if code, ok := colors[line[0]]; ok && colored {
			text = code + text + "\x1b[0m"
		}
		b.WriteString(text + "\n")
	}
	_, _ = to.WriteString(b.String())
}

// A progressBar shows on a status line how far the inventory has been read.
type progressBar struct{ line *tty.StatusLine } // nil: nothing is shown

func newProgressBar(out *os.File, quiet bool) progressBar {
	if quiet {
		return progressBar{}
	}
	return progressBar{&tty.StatusLine{Out: out, Now: time.Now}}
}

func (b progressBar) show(at session.Progress) {
	if b.line == nil {
		return
	}
	const width = 24
	done := 0
	if at.Accounts > 0 {
		done = width * at.Done / at.Accounts
	}
	more := "+"
	if at.Listed {
		more = ""
	}
	slow := ""
	if at.Throttled > 0 {
		slow = ", as fast as AWS allows"
	}
	b.line.Show(fmt.Sprintf("[%s%s] %d of %d%s accounts, %d roles%s",
		strings.Repeat("=", done), strings.Repeat(" ", width-done), at.Done, at.Accounts, more, at.Roles, slow))
}

func (b progressBar) end() {
	if b.line != nil {
		b.line.Clear()
	}
}

// count returns the number with its noun, such as "1 profile" or "2 profiles".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
