package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/picker"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/safetext"
)

type sessionOptions struct {
	session string
	json    bool
	noLogin bool
}

func (o *sessionOptions) flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "sso-session", Usage: "what the sso-session `NAME` may reach", Destination: &o.session},
		&cli.BoolFlag{Name: "json", Usage: "print one JSON document", Destination: &o.json},
		&cli.BoolFlag{Name: "no-login", Usage: "fail where a login is needed", Destination: &o.noLogin},
	}
}

func (p *program) accountsCommand() *cli.Command {
	var o sessionOptions
	return &cli.Command{
		Name:        "accounts",
		Usage:       "list the accounts that a session may reach",
		Description: "The session is that of this shell's profile, unless it is named.",
		Flags:       o.flags(),
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return p.accounts(o)
		},
	}
}

type accountJSON struct {
	AccountID string `json:"account_id"`
	Name      string `json:"name,omitempty"`
	Email     string `json:"email,omitempty"`
}

func (p *program) accounts(o sessionOptions) error {
	var accounts []session.Account
	err := p.withSession(o, func(ctx context.Context, client *session.Client, sso session.SSOSession) (err error) {
		accounts, err = client.Accounts(ctx, sso)
		return err
	})
	if err != nil {
		return err
	}
	if o.json {
		rows := make([]accountJSON, len(accounts))
		for i, a := range accounts {
			rows[i] = accountJSON{a.ID, a.Name, a.Email}
		}
		return p.printJSON(rows)
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, a := range accounts {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", a.ID, dash(safetext.Printable(a.Name)), safetext.Printable(a.Email))
	}
	_ = w.Flush() // into memory
	return p.print(b.String())
}

func (p *program) rolesCommand() *cli.Command {
	var o sessionOptions
	var all bool
	return &cli.Command{
		Name:      "roles",
		Usage:     "list the roles that a session may take in an account",
		ArgsUsage: "[ACCOUNT]",
		Description: "ACCOUNT is an account's id or its name; without it, there is a list to choose from.\n" +
			"With --all, every role of every account is a line, written as soon as it is known.",
		Flags: append(o.flags(), &cli.BoolFlag{Name: "all", Usage: "the roles of every account", Destination: &all}),
		Action: func(c *cli.Context) error {
			account, err := oneArgument(c, "account")
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
		},
	}
}

type roleJSON struct {
	AccountID string `json:"account_id"`
	RoleName  string `json:"role_name"`
}

func (p *program) roles(account string, o sessionOptions) error {
	var roles []string
	err := p.withSession(o, func(ctx context.Context, client *session.Client, sso session.SSOSession) (err error) {
		if account, err = p.accountToShow(ctx, client, sso, account); err != nil {
			return err
		}
		roles, err = client.AccountRoles(ctx, sso, account)
		return err
	})
	if err != nil {
		return err
	}
	if o.json {
		rows := make([]roleJSON, len(roles))
		for i, role := range roles {
			rows[i] = roleJSON{account, role}
		}
		return p.printJSON(rows)
	}
	var b strings.Builder
	for _, role := range roles {
		b.WriteString(safetext.Printable(role) + "\n")
	}
	return p.print(b.String())
}

// allRoles tells of each account as soon as it is known.
func (p *program) allRoles(o sessionOptions) error {
	var written error
	rows := []roleJSON{}
	err := p.withSession(o, func(ctx context.Context, client *session.Client, sso session.SSOSession) error {
		_, err := p.discover(ctx, client, sso, func(account session.AccountRoles) {
			var b strings.Builder
			for _, role := range account.Roles {
				rows = append(rows, roleJSON{account.ID, role})
				b.WriteString(account.ID + "  " + role + "  " + safetext.Printable(account.Name) + "\n")
			}
			if !o.json && written == nil {
				written = p.print(b.String())
			}
		})
		return err
	})
	if err == nil && o.json {
		err = p.printJSON(rows)
	}
	return errors.Join(err, written)
}

// accountToShow has the person pick an account where none is named.
func (p *program) accountToShow(ctx context.Context, client *session.Client, sso session.SSOSession, named string) (string, error) {
	if named != "" {
		return accountID(ctx, client, sso, named)
	}
	accounts, err := client.Accounts(ctx, sso)
	if err != nil {
		return "", err
	}
	if len(accounts) == 0 {
		return "", noAccount(sso)
	}
	i, err := p.pick(ctx, accountItems(accounts), picker.Options{Prompt: "account"})
	if err != nil {
		return "", err
	}
	return accounts[i].ID, nil
}

func noAccount(sso session.SSOSession) error {
	return shownError{fmt.Errorf("%q can reach no account", sso.Title()), statusDenied,
		[]string{"ask whoever runs the Identity Center for one"}}
}

// accountID takes an account's id as it is, and looks up its name.
func accountID(ctx context.Context, client *session.Client, sso session.SSOSession, named string) (string, error) {
	if session.IsAccountID(named) {
		return named, nil
	}
	accounts, err := client.Accounts(ctx, sso)
	if err != nil {
		return "", err
	}
	var found, names []string
	for _, a := range accounts {
		names = append(names, a.Name)
		if a.Name == named {
			found = append(found, a.ID)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return "", shownError{fmt.Errorf("%d accounts are called %q", len(found), named), statusUsage, []string{"name one by its id: " + strings.Join(found, ", ")}}
	}
	hint := "ssoenv accounts lists them"
	if near := nearest(named, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return "", shownError{fmt.Errorf("%q can reach no account %q", sso.Title(), named), statusDenied, []string{hint}}
}

// withSession does something that needs a session, with a login where there must and
// may be one.
func (p *program) withSession(o sessionOptions, act func(context.Context, *session.Client, session.SSOSession) error) error {
	client, err := p.client()
	if err != nil {
		return err
	}
	sessions, err := p.sessionsFor(client.Config, "", o.session, false)
	if err != nil {
		return err
	}
	ctx, stop := p.interruptible()
	defer stop()
	err = act(ctx, client, sessions[0])
	var required *session.LoginRequiredError
	if !errors.As(err, &required) || o.noLogin || !p.terminal.HasUser() {
		return err
	}
	if err := p.ensureLogin(ctx, client, sessions[0], loginFlags{}, true); err != nil {
		return err
	}
	return act(ctx, client, sessions[0])
}
