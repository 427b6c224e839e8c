package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/picker"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

// sessionOptions are the flags of the commands that list accounts and roles.
type sessionOptions struct {
	session string
	json    bool
	noLogin bool
}

func sessionOptionsOf(c *cli.Context) sessionOptions {
	return sessionOptions{session: c.String("sso-session"), json: c.Bool("json"), noLogin: c.Bool("no-login")}
}

func accountsAction(p *program, c *cli.Context) error {
	pattern, err := onePattern(c)
	if err != nil {
		return err
	}
	return p.accounts(pattern, sessionOptionsOf(c))
}

type accountJSON struct {
	AccountID string `json:"account_id"`
	Name      string `json:"name,omitempty"`
	Email     string `json:"email,omitempty"`
}

func (p *program) accounts(pattern string, o sessionOptions) error {
	var accounts []store.Account
	err := p.withSession(o, func(ctx context.Context, client *session.Client, sso profile.SSOSession) (err error) {
		accounts, err = client.Accounts(ctx, sso)
		return err
	})
	if err != nil {
		return err
	}
	all := len(accounts)
	accounts = slices.DeleteFunc(accounts, func(a store.Account) bool { return !matchesPattern(pattern, a.Name, a.ID, a.Email) })
	if o.json {
		rows := make([]accountJSON, len(accounts))
		for i, a := range accounts {
			rows[i] = accountJSON{a.ID, a.Name, a.Email}
		}
		err = p.printJSON(rows)
	} else if len(accounts) > 0 {
		err = p.page(p.accountTable(accounts))
	}
	if err == nil && all > 0 && len(accounts) == 0 {
		return noMatch("account", pattern, statusDenied, "ssoenv accounts lists all that the session gives access to")
	}
	return err
}

// accountTable returns the accounts as a table: on a terminal with headers and with a
// mark at the account of this shell.
func (p *program) accountTable(accounts []store.Account) string {
	view := p.view()
	t := layout.NewTable(len(accounts), idColumn(view, "ACCOUNT"), layout.Column{Header: "NAME", Least: 12}, layout.Column{Header: "EMAIL", Least: 10, Drop: 1})
	for _, a := range accounts {
		mark, style := p.markOf(view, p.state.Profile != "" && a.ID == p.state.AccountID)
		t.Add(mark+a.ID, style)
		t.Add(layout.Dash(a.Name), style)
		t.Add(a.Email, layout.Plain)
	}
	return t.Text(view)
}

// idColumn is the first column of a table that has a mark at what this shell uses.
func idColumn(view layout.View, header string) layout.Column {
	if view.Header {
		header = "  " + header
	}
	return layout.Column{Header: header}
}

// markOf returns what begins a row of such a table, and its style. Where there is no
// header, there are no marks either: programs read the first word of a line.
func (p *program) markOf(view layout.View, inUse bool) (mark string, style layout.Style) {
	switch {
	case !view.Header:
		return "", layout.Plain
	case inUse:
		return "* ", layout.Strong
	}
	return "  ", layout.Plain
}

func rolesAction(p *program, c *cli.Context) error {
	account, err := oneArgument(c, "account")
	o, all := sessionOptionsOf(c), c.Bool("all")
	switch {
	case err != nil:
		return err
	case all && account != "":
		return usageError{"an account and --all exclude each other"}
	case all:
		return p.allRoles(o)
	case account == "" && !p.terminal.CanPrompt():
		return shownError{usageError{"which account?"}, statusUsage, []string{"ssoenv accounts lists them"}}
	}
	return p.roles(account, o)
}

type roleJSON struct {
	AccountID   string `json:"account_id"`
	AccountName string `json:"account_name,omitempty"`
	RoleName    string `json:"role_name"`
}

// roles lists the roles of one account, which the user picks if it is not named.
func (p *program) roles(account string, o sessionOptions) error {
	var roles []string
	var name string
	err := p.withSession(o, func(ctx context.Context, client *session.Client, sso profile.SSOSession) (err error) {
		if account == "" {
			account, err = p.pickAccount(ctx, client, sso)
		} else {
			account, err = accountID(ctx, client, sso, account)
		}
		if err != nil {
			return err
		}
		name = client.AccountNames(sso)[account]
		roles, err = client.AccountRoles(ctx, sso, account)
		return err
	})
	if err != nil {
		return err
	}
	rows := make([]roleJSON, len(roles))
	for i, role := range roles {
		rows[i] = roleJSON{account, name, role}
	}
	view := p.view()
	switch {
	case o.json:
		return p.printJSON(rows)
	case view.Header:
		return p.page(p.rolesIn(accountTitle(account, name), rows, view))
	}
	var b strings.Builder
	for _, role := range roles {
		b.WriteString(safetext.Printable(role) + "\n")
	}
	return p.print(b.String())
}

// rolesIn returns the roles of one account as a table for a terminal.
func (p *program) rolesIn(account string, rows []roleJSON, view layout.View) string {
	used := p.roleInUse()
	t := layout.NewTable(len(rows), idColumn(view, "ROLE IN "+account))
	for _, row := range rows {
		mark, style := p.markOf(view, row.isOf(used))
		t.Add(mark+row.RoleName, style)
	}
	return t.Text(view)
}

// roleTable returns the roles of several accounts as a table for a terminal.
func (p *program) roleTable(rows []roleJSON, view layout.View) string {
	used := p.roleInUse()
	t := layout.NewTable(len(rows), idColumn(view, "ACCOUNT"), layout.Column{Header: "ROLE", Least: 12}, layout.Column{Header: "NAME", Least: 10, Drop: 1})
	for _, row := range rows {
		mark, style := p.markOf(view, row.isOf(used))
		t.Add(mark+row.AccountID, style)
		t.Add(row.RoleName, style)
		t.Add(row.AccountName, layout.Plain)
	}
	return t.Text(view)
}

func (r roleJSON) isOf(p profile.Profile) bool {
	return r.AccountID == p.AccountID && r.RoleName == p.RoleName
}

// roleInUse returns the profile that this shell uses, or the zero Profile.
func (p *program) roleInUse() profile.Profile {
	client, err := p.client()
	if err != nil || p.state.Profile == "" {
		return profile.Profile{}
	}
	prof, _ := client.Config.Profile(p.state.Profile)
	return prof
}

// allRoles lists the roles of all accounts: on a terminal as one table, also of what
// is known if the discovery fails, and otherwise each account as soon as its roles
// are known.
func (p *program) allRoles(o sessionOptions) error {
	var printErr error
	rows := []roleJSON{}
	view := p.view()
	err := p.withSession(o, func(ctx context.Context, client *session.Client, sso profile.SSOSession) error {
		_, err := p.discover(ctx, client, sso, func(account store.AccountRoles) {
			var b strings.Builder
			for _, role := range account.Roles {
				rows = append(rows, roleJSON{account.ID, account.Name, role})
				b.WriteString(account.ID + "  " + role + "  " + safetext.Printable(account.Name) + "\n")
			}
			if !o.json && !view.Header && printErr == nil {
				printErr = p.print(b.String())
			}
		})
		return err
	})
	switch {
	case view.Header && !o.json && len(rows) > 0:
		slices.SortStableFunc(rows, func(a, b roleJSON) int {
			return store.CompareAccounts(store.Account{ID: a.AccountID, Name: a.AccountName}, store.Account{ID: b.AccountID, Name: b.AccountName})
		})
		printErr = p.page(p.roleTable(rows, view))
	case err == nil && o.json:
		err = p.printJSON(rows)
	}
	return errors.Join(err, printErr)
}

func (p *program) pickAccount(ctx context.Context, client *session.Client, sso profile.SSOSession) (string, error) {
	accounts, err := client.Accounts(ctx, sso)
	if err != nil {
		return "", err
	}
	if len(accounts) == 0 {
		return "", noAccounts(sso)
	}
	i, err := p.pick(ctx, accountItems(accounts), picker.Options{Prompt: "account"})
	if err != nil {
		return "", err
	}
	return accounts[i].ID, nil
}

func noAccounts(sso profile.SSOSession) error {
	return shownError{fmt.Errorf("%q gives access to no account", sso.Title()), statusDenied,
		[]string{"ask the administrator of the Identity Center for access"}}
}

// A noSuchAccountError reports that a session gives access to no account of a name.
type noSuchAccountError struct {
	problem string
	near    []string // names or ids that were probably meant
}

func (e noSuchAccountError) Error() string { return e.problem }

// accountID returns an account's id unchanged, and looks up an account's name. The
// error is a noSuchAccountError if the service has listed the accounts and none has it.
func accountID(ctx context.Context, client *session.Client, sso profile.SSOSession, account string) (string, error) {
	if profile.IsAccountID(account) {
		return account, nil
	}
	accounts, err := client.Accounts(ctx, sso)
	if err != nil {
		return "", err
	}
	var found, names []string
	for _, a := range accounts {
		names = append(names, a.Name, a.ID)
		if a.Name == account {
			found = append(found, a.ID)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return "", shownError{fmt.Errorf("%q is ambiguous: %d accounts have that name", account, len(found)), statusUsage,
			[]string{"use the id of one: " + strings.Join(found, ", ")}}
	}
	hint := "ssoenv accounts lists them"
	near := nearest(account, names)
	if near != nil {
		hint = didYouMean(near)
	}
	err = noSuchAccountError{fmt.Sprintf("%q gives access to no account %q", sso.Title(), account), near}
	return "", shownError{err, statusDenied, []string{hint}}
}

// explainTimeout is how long the lists may take from which a refused role is explained.
const explainTimeout = 5 * time.Second

// explainDenied adds what was probably meant to the error that a role is not assigned
// to the user: a similar role of the account or, if the account is none of the user's,
// a similar account. It returns other errors as they are.
func explainDenied(ctx context.Context, client *session.Client, err error) error {
	denied, ok := errors.AsType[*session.AccessDeniedError](err)
	if !ok {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, explainTimeout)
	defer cancel()
	roles, listErr := client.AccountRoles(ctx, denied.SSOSession, denied.AccountID)
	if listErr != nil {
		accounts, listErr := client.Accounts(ctx, denied.SSOSession)
		if isYours := func(a store.Account) bool { return a.ID == denied.AccountID }; listErr != nil || slices.ContainsFunc(accounts, isYours) {
			return err
		}
		var ids []string
		for _, a := range accounts {
			ids = append(ids, a.ID)
		}
		err = fmt.Errorf("%q gives you no access to account %s", denied.SSOSession.Title(), denied.AccountID)
		hint := "ssoenv accounts lists those that you have access to"
		if near := nearest(denied.AccountID, ids); near != nil {
			hint = didYouMean(near)
		}
		return shownError{err, statusDenied, []string{hint}}
	}
	near := nearest(denied.RoleName, roles)
	if set := profile.PermissionSet(denied.RoleName); set != "" && slices.Contains(roles, set) {
		near = []string{set}
	}
	if near == nil || slices.Contains(roles, denied.RoleName) {
		return err
	}
	return shownError{err, statusDenied, []string{didYouMean(near)}}
}

// withSession calls act with the session that is meant, logging in if that is
// needed and possible. act may be called twice.
func (p *program) withSession(o sessionOptions, act func(context.Context, *session.Client, profile.SSOSession) error) error {
	client, err := p.client()
	if err != nil {
		return err
	}
	sessions, err := p.sessionsFor(client.Config, sessionChoice{session: o.session})
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	sso := sessions[0]
	_, err = p.withLogin(ctx, client, sso, loginFlags{}, o.noLogin, func() error { return act(ctx, client, sso) })
	return err
}
