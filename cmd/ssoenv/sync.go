package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
	"github.com/ssoenv/ssoenv/shellinit"
)

type syncOptions struct {
	session string
	profile.SyncOptions
	given   map[string]bool // flags that replace what the block records
	prune   bool
	dryRun  bool
	yes     bool
	json    bool
	noLogin bool
}

func syncAction(p *program, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return shownError{err, statusUsage, []string{"try: ssoenv sync --sso-session " + shellinit.Word(c.Args().First())}}
	}
	o := syncOptions{
		session:     c.String("sso-session"),
		SyncOptions: profile.SyncOptions{Template: c.String("name"), Accounts: c.String("account"), Roles: c.String("role"), Region: c.String("region")},
		given:       map[string]bool{},
		prune:       c.Bool("prune"), dryRun: c.Bool("dry-run"), yes: c.Bool("yes"), json: c.Bool("json"), noLogin: c.Bool("no-login"),
	}
	if c.Bool("credential-process") {
		o.Process = "yes"
	}
	for _, flag := range []string{"name", "account", "role", "region", "credential-process"} {
		o.given[flag] = c.IsSet(flag)
	}
	return p.sync(o)
}

func (p *program) sync(o syncOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	p.doubtRegion(o.Region)
	client, err := p.client()
	if err != nil {
		return err
	}
	if client.Config.IsEmpty() && o.session == "" {
		if o.session, _, err = p.setUp(true, "", loginFlags{}); err != nil {
			return err
		}
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
	return p.writeSync(client, o, sso, inventory, unlisted)
}

// writeSync sums up how the config would change, asks, and writes it. If another
// program changes the config in between, it plans again.
func (p *program) writeSync(client *session.Client, o syncOptions, sso profile.SSOSession, inventory []store.AccountRoles, unlisted []string) error {
	p.warnOfConfig(client.Config)
	ctx, stop := interruptible()
	defer stop()
	for {
		request, err := o.request(client.Config, sso, inventory, unlisted)
		if err == nil {
			request.Program, err = offline.Executable(p.args[0])
		}
		if err != nil {
			return err
		}
		plan, err := client.Config.PlanSync(request)
		if err != nil {
			return err
		}
		if err := checkMatch(request, plan, sso, inventory); err != nil {
			return err
		}
		report := newSyncJSON(request, plan)
		if o.json {
			report.Diff = plan.Diff()
		}
		p.summarize(request, plan)
		if !o.json && (o.dryRun || !tty.IsTerminal(p.stdout)) {
			if err := p.page(p.diffText(p.stdout, plan.Diff())); err != nil {
				return err
			}
		}
		if plan.IsEmpty() || o.dryRun {
			return p.printSync(o, report)
		}
		if !o.yes {
			if err := p.confirmSync(ctx, plan.Edit); err != nil {
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
		p.say("wrote %s", p.short(client.Config.Path))
		if backup != "" {
			p.say("the previous version is %s", p.short(backup))
		}
		report.Written, report.Backup = true, backup
		return p.printSync(o, report)
	}
}

// confirmSync asks the user before the config file is changed, and shows the diff to
// a user who answers d.
func (p *program) confirmSync(ctx context.Context, edit profile.Edit) error {
	for {
		err := confirmWrite(ctx, p.terminal, fmt.Sprintf("Write %s? [y/N, d shows the changes]", p.short(edit.Path())))
		if other, ok := errors.AsType[notConfirmedError](err); !ok || other.answer != "d" && other.answer != "diff" {
			return err
		}
		if tty.IsTerminal(p.stdout) {
			if err := p.page(p.diffText(p.stdout, edit.Diff())); err != nil {
				return err
			}
			continue
		}
		p.showDiff(p.stderr, p.shortenDiff(p.stderr, edit.Diff()))
	}
}

// check returns an error for options that make no sense.
func (o syncOptions) check() error {
	if err := checkRegionFlag("--region", o.Region); err != nil {
		return err
	}
	for _, glob := range []string{o.Accounts, o.Roles} {
		if err := checkGlob(glob); err != nil {
			return err
		}
	}
	if err := profile.CheckTemplate(o.Template); err != nil {
		return usageError{err.Error()}
	}
	return nil
}

// request returns what is to be written. Options that no flag gives are those that
// the block records.
func (o syncOptions) request(config *profile.Config, sso profile.SSOSession, inventory []store.AccountRoles, unlisted []string) (profile.SyncRequest, error) {
	recorded, err := config.SyncOptions(sso.Name)
	if err != nil {
		return profile.SyncRequest{}, err
	}
	for _, option := range []struct {
		flag          string
		now, recorded *string
	}{{"name", &o.Template, &recorded.Template}, {"account", &o.Accounts, &recorded.Accounts}, {"role", &o.Roles, &recorded.Roles}, {"region", &o.Region, &recorded.Region}, {"credential-process", &o.Process, &recorded.Process}} {
		if !o.given[option.flag] && *option.recorded != "" {
			*option.now = *option.recorded
		}
	}
	if o.Template == "" {
		o.Template = profile.DefaultTemplate
	}
	if err := o.check(); err != nil { // the user can edit what is recorded
		return profile.SyncRequest{}, err
	}
	r := profile.SyncRequest{Session: sso.Name, Options: o.SyncOptions, SetRegion: o.given["region"], InScope: o.inScope(inventory, unlisted), Prune: o.prune}
	for _, account := range inventory {
		for _, role := range account.Roles {
			if o.matches(account.Account, role) {
				r.Roles = append(r.Roles, profile.SyncRole{AccountID: account.ID, AccountName: account.Name, AccountEmail: account.Email, RoleName: role})
			}
		}
	}
	return r, nil
}

// checkMatch returns an error if there is nothing to write a profile for, and
// nothing to remove.
func checkMatch(r profile.SyncRequest, plan profile.SyncPlan, sso profile.SSOSession, inventory []store.AccountRoles) error {
	o := syncOptions{SyncOptions: r.Options}
	matching := slices.ContainsFunc(inventory, func(a store.AccountRoles) bool { return o.matchesAccount(a.Account) })
	session := shellinit.Word(sso.Name)
	switch {
	case len(r.Roles) > 0 || len(plan.Stale) > 0:
		return nil
	case !matching && o.Accounts != "" && len(inventory) > 0:
		return shownError{usageError{fmt.Sprintf("no account matches '%s'", o.Accounts)}, statusUsage,
			[]string{fmt.Sprintf("ssoenv accounts --sso-session %s lists them; --account '*' takes all, in the next runs too", session)}}
	case matching && o.Roles != "":
		where := ""
		if o.Accounts != "" {
			where = fmt.Sprintf(" in the accounts that match '%s'", o.Accounts)
		}
		return shownError{usageError{fmt.Sprintf("no role matches '%s'%s", o.Roles, where)}, statusUsage,
			[]string{fmt.Sprintf("ssoenv roles --all --sso-session %s lists them; --role '*' takes all, in the next runs too", session)}}
	}
	return noAccounts(sso)
}

func (o syncOptions) matches(account store.Account, role string) bool {
	return offline.MatchesGlob(o.Roles, role) && o.matchesAccount(account)
}

func (o syncOptions) matchesAccount(account store.Account) bool {
	return offline.MatchesGlob(o.Accounts, account.ID) || offline.MatchesGlob(o.Accounts, account.Name)
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

// A summary has at most maxSummaryNames names of each kind, in maxSummaryCells cells, so
// that they are one line of most terminals.
const (
	maxSummaryNames = 5
	maxSummaryCells = 56
)

// summarize says what the plan changes: how many profiles in one line, then the names
// of the first ones, and outside of a terminal all that are renamed.
func (p *program) summarize(r profile.SyncRequest, plan profile.SyncPlan) {
	var changes []string
	add := func(n int, what string) {
		if n > 0 {
			changes = append(changes, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(len(plan.Added), "new")
	add(len(plan.Renamed), "renamed")
	add(len(plan.Changed), "changed")
	if r.Prune {
		add(len(plan.Stale), "removed")
	} else {
		add(len(plan.Stale), "stale, kept (remove them with --prune)")
	}
	add(len(plan.Conflicts), "not written")
	switch {
	case plan.IsEmpty() && plan.IsUpToDate():
		changes = []string{"up to date"}
	case plan.IsUpToDate():
		changes = []string{"up to date; only comments of ssoenv's change"}
	}
	p.say("%s, %s", layout.Count(len(r.Roles), "profile"), strings.Join(changes, ", "))
	p.nameChanged("new", plan.Added)
	p.nameChanged("changed", plan.Changed)
	p.nameChanged("stale", plan.Stale)
	for i, rename := range plan.Renamed {
		if i == maxSummaryNames && tty.IsTerminal(p.stderr) { // a log has all of them
			p.say("and %d more are renamed", len(plan.Renamed)-i)
			break
		}
		p.say("%s is now called %s", rename.From, rename.To)
	}
	if n := len(plan.Conflicts); n > 0 {
		shown := plan.Conflicts[:min(n, 5)]
		p.say("warning: %d not written, because other profiles have these names: %s", n, strings.Join(shown, ", "))
		p.say("hint: give them other names: ssoenv sync --sso-session %s --name '{session}-{account}-{role}'", shellinit.Word(r.Session))
	}
}

// nameChanged says the first names of a kind of change.
func (p *program) nameChanged(kind string, names []string) {
	if len(names) == 0 {
		return
	}
	n := min(len(names), maxSummaryNames)
	for n > 1 && safetext.Width(strings.Join(names[:n], ", ")) > maxSummaryCells {
		n--
	}
	more := ""
	if len(names) > n {
		more = fmt.Sprintf(" and %d more", len(names)-n)
	}
	p.say("%s: %s%s", kind, strings.Join(names[:n], ", "), more)
}

// syncJSON is what sync --json prints.
type syncJSON struct {
	Session    string           `json:"sso_session"`
	Profiles   int              `json:"profiles"` // that are wanted
	Added      []string         `json:"added"`
	Renamed    []syncRenameJSON `json:"renamed"`
	Changed    []string         `json:"changed"`
	Stale      []string         `json:"stale"`   // kept
	Removed    []string         `json:"removed"` // with --prune
	NotWritten []string         `json:"not_written"`
	Diff       string           `json:"diff"`
	Written    bool             `json:"written"`
	Backup     string           `json:"backup,omitempty"`
}

type syncRenameJSON struct {
	From string `json:"from"`
	To   string `json:"to"`
}

func newSyncJSON(r profile.SyncRequest, plan profile.SyncPlan) syncJSON {
	list := func(names []string) []string { return append([]string{}, names...) }
	report := syncJSON{
		Session: r.Session, Profiles: len(r.Roles), Added: list(plan.Added), Renamed: []syncRenameJSON{}, Changed: list(plan.Changed),
		Stale: list(plan.Stale), Removed: list(nil), NotWritten: list(plan.Conflicts),
	}
	if r.Prune {
		report.Stale, report.Removed = report.Removed, report.Stale
	}
	for _, rename := range plan.Renamed {
		report.Renamed = append(report.Renamed, syncRenameJSON{rename.From, rename.To})
	}
	return report
}

func (p *program) printSync(o syncOptions, report syncJSON) error {
	if !o.json {
		return nil
	}
	return p.printJSON(report)
}
