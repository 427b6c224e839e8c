package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ssoenv/ssoenv/cmd/internal/picker"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
)

// pick shows a list at the terminal, and returns the index of what the person
// picks from it. Who gives up is interrupted.
func (p *program) pick(ctx context.Context, items []picker.Item, options picker.Options) (int, error) {
	terminal, err := tty.Open()
	if err != nil {
		return 0, fmt.Errorf("there is no terminal to choose at: %w", err)
	}
	defer func() { _ = terminal.Close() }()
	options.Color = p.env["NO_COLOR"] == "" && p.env["TERM"] != "dumb"
	i, err := picker.Pick(ctx, terminal, items, options)
	var ended picker.SignalError
	if errors.Is(err, picker.ErrCancelled) || errors.As(err, &ended) {
		return 0, context.Canceled
	}
	return i, err
}

// pickProfile has the person pick one of the profiles that can be used, those
// used last first.
func (p *program) pickProfile() (string, error) {
	client, err := p.client()
	if err != nil {
		return "", err
	}
	names := client.Config.ProfileNames()
	client.Config.SessionNames() // leaves an index for the lookups below
	recent := map[string]int{}
	for i, name := range p.history(client) {
		recent[name] = i - historyLength
	}
	slices.SortStableFunc(names, func(a, b string) int { return recent[a] - recent[b] })

	var items []picker.Item
	var usable []string
	accounts := p.accountNames(client)
	for _, name := range names {
		profile, err := client.Config.Profile(name)
		if err != nil {
			continue
		}
		mark := ""
		if name == p.env["SSOENV_PROFILE"] {
			mark = "*"
		}
		items = append(items, picker.Item{Mark: mark, Columns: []string{
			name, profile.AccountID, accounts[profile.AccountID], profile.RoleName, profile.Region,
		}})
		usable = append(usable, name)
	}
	if len(items) == 0 {
		return "", shownError{&session.ConfigError{Problem: client.Config.Path + " has no profile to use"}, statusConfig,
			[]string{"ssoenv configure makes one"}}
	}
	ctx, stop := p.interruptible()
	defer stop()
	i, err := p.pick(ctx, items, picker.Options{Prompt: "profile", Header: []string{"PROFILE", "ACCOUNT", "", "ROLE", "REGION"}})
	if err != nil {
		return "", err
	}
	return usable[i], nil
}

// pickSession has the person pick one of the sso-sessions.
func (p *program) pickSession(config *session.Config) (string, error) {
	names := config.SessionNames()
	ctx, stop := p.interruptible()
	defer stop()
	i, err := p.pick(ctx, sessionItems(config, names), picker.Options{Prompt: "session"})
	if err != nil {
		return "", err
	}
	return names[i], nil
}

// sessionItems show each session with what there is to tell it by.
func sessionItems(config *session.Config, names []string) []picker.Item {
	items := make([]picker.Item, len(names))
	for i, name := range names {
		sso, err := config.SSOSession(name)
		if err != nil {
			sso.StartURL = err.Error()
		}
		items[i] = picker.Item{Columns: []string{name, sso.StartURL, sso.Region}}
	}
	return items
}

// accountItems show each account by its name and its id.
func accountItems(accounts []session.Account) []picker.Item {
	items := make([]picker.Item, len(accounts))
	for i, a := range accounts {
		items[i] = picker.Item{Columns: []string{dash(a.Name), a.ID, a.Email}}
	}
	return items
}

// accountNames are the names of the accounts that are known on this machine, by
// id.
func (p *program) accountNames(client *session.Client) map[string]string {
	names := map[string]string{}
	for _, session := range client.Config.SessionNames() {
		sso, err := client.Config.SSOSession(session)
		if err != nil {
			continue
		}
		inventory, _, _ := client.KnownInventory(sso)
		for _, account := range inventory {
			names[account.ID] = account.Name
		}
	}
	return names
}

// The history is the names of the profiles that were used last, the newest
// first. It is a convenience: nothing depends on its being there.

const (
	historyKey    = "history"
	historyLength = 100
)

func (p *program) history(client *session.Client) []string {
	var names []string
	if client.Private != nil {
		_, _ = client.Private.Get(historyKey, &names)
	}
	return names[:min(len(names), historyLength)]
}

// remember puts a profile at the head of the history. It writes nothing where
// the profile is there already.
func (p *program) remember(client *session.Client, name string) {
	names := p.history(client)
	if client.Private == nil || len(names) > 0 && names[0] == name {
		return
	}
	names = slices.DeleteFunc(names, func(other string) bool { return other == name })
	names = append([]string{name}, names...)
	if err := client.Private.Put(historyKey, names[:min(len(names), historyLength)]); err != nil {
		p.log("%v", err)
	}
}
