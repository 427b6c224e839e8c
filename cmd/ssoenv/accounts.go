package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
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
	accounts = slices.DeleteFunc(accounts, func(a store.Account) bool { return !offline.MatchesPattern(pattern, a.Name, a.ID, a.Email) })
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
		return explainForbidden(ctx, client, sso, account, err)
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
	case len(rows) == 0:
		p.say("you have no role in account %s that ssoenv could use", offline.AccountTitle(account, name))
		return nil
	case view.Header:
		return p.page(p.rolesIn(offline.AccountTitle(account, name), rows, view))
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

// A noAccountError reports that a session gives access to no account of an id or a name.
type noAccountError struct {
	problem string
	near    []string // ids or names that were probably meant
}

func (e noAccountError) Error() string { return e.problem }

// noAccount is the error, a [noAccountError], that none of the accounts that the session
// gives access to is the wanted one, which is an id or a name. accounts may be nil if
// they are not known.
func noAccount(sso profile.SSOSession, wanted string, accounts []store.Account) error {
	var texts []string
	names := map[string]string{}
	for _, a := range accounts {
		texts = append(texts, a.Name, a.ID)
		names[a.ID] = a.Name
	}
	shown := wanted
	if !profile.IsAccountID(wanted) {
		shown = fmt.Sprintf("%q", wanted)
	}
	err := noAccountError{fmt.Sprintf("%q gives access to no account %s", sso.Title(), shown), nearest(wanted, texts)}
	meant := make([]string, len(err.near))
	for i, text := range err.near {
		if meant[i] = fmt.Sprintf("%q", text); profile.IsAccountID(text) {
			meant[i] = offline.AccountTitle(text, names[text])
		}
	}
	hint := "ssoenv accounts lists those that it gives access to"
	if len(meant) > 0 {
		hint = "did you mean " + alternatives(meant) + "?"
	}
	return shownError{err, statusDenied, []string{hint}}
}

// findAccount returns the account that has the id or, alone, the name. If there is none,
// the error is that of noAccount.
func findAccount(sso profile.SSOSession, wanted string, accounts []store.Account) (store.Account, error) {
	var found []store.Account
	var ids []string
	for _, a := range accounts {
		if a.ID == wanted || a.Name == wanted && !profile.IsAccountID(wanted) {
			found, ids = append(found, a), append(ids, a.ID)
		}
	}
	switch len(found) {
	case 0:
		return store.Account{}, noAccount(sso, wanted, accounts)
	case 1:
		return found[0], nil
	}
	return store.Account{}, shownError{fmt.Errorf("%q is ambiguous: %d accounts have that name", wanted, len(found)), statusUsage,
		[]string{"use the id of one: " + strings.Join(ids, ", ")}}
}

// accountID returns an account's id unchanged, and looks up an account's name. The
// error is a [noAccountError] if the service has listed the accounts and none has it.
func accountID(ctx context.Context, client *session.Client, sso profile.SSOSession, account string) (string, error) {
	if profile.IsAccountID(account) {
		return account, nil
	}
	accounts, err := client.Accounts(ctx, sso)
	if err != nil {
		return "", err
	}
	found, err := findAccount(sso, account, accounts)
	return found.ID, err
}

// maxShownRoles is how many roles of an account an error names.
const maxShownRoles = 10

// noRole is the error that the wanted role is not one of the roles that the session has
// in the account. It suggests what was probably meant: the wanted one may be the name of
// a role in IAM, which has a prefix and a suffix.
func noRole(sso profile.SSOSession, accountID, wanted string, roles []string) error {
	err := &session.AccessDeniedError{AccountID: accountID, RoleName: wanted, SSOSession: sso}
	if near := nearest(cmp.Or(profile.PermissionSet(wanted), wanted), roles); near != nil {
		return shownError{err, statusDenied, []string{didYouMean(near)}}
	}
	if len(roles) == 0 || len(roles) > maxShownRoles {
		return err
	}
	return shownError{err, statusDenied, []string{
		"the roles there are: " + strings.Join(roles, ", "),
		fmt.Sprintf("ask the administrator of the Identity Center %q for the role", sso.Title()),
	}}
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
	if roles, listErr := client.AccountRoles(ctx, denied.SSOSession, denied.AccountID); listErr == nil {
		if slices.Contains(roles, denied.RoleName) {
			return err
		}
		return noRole(denied.SSOSession, denied.AccountID, denied.RoleName, roles)
	}
	if accounts, listErr := client.Accounts(ctx, denied.SSOSession); listErr == nil {
		if _, none := findAccount(denied.SSOSession, denied.AccountID, accounts); none != nil {
			return none
		}
	}
	return err
}

// explainForbidden returns, for a refusal to list the roles of an account that the session
// gives no access to, the error of noAccount. It returns other errors as they are.
func explainForbidden(ctx context.Context, client *session.Client, sso profile.SSOSession, accountID string, err error) error {
	if answer, ok := errors.AsType[*session.ServiceError](err); !ok || answer.Status != 403 {
		return err
	}
	accounts, listErr := client.Accounts(ctx, sso)
	if listErr != nil {
		return err
	}
	if _, none := findAccount(sso, accountID, accounts); none != nil {
		return none
	}
	return err
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
