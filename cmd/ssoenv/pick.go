package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/picker"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// pick shows a list at the terminal and returns the index of the item that the
// user picks. Esc and Ctrl-C end the command with [statusInterrupted].
func (p *program) pick(ctx context.Context, items []picker.Item, options picker.Options) (int, error) {
	terminal, err := tty.Open()
	if err != nil {
		return 0, fmt.Errorf("there is no terminal for the list: %w", err)
	}
	defer func() { _ = terminal.Close() }()
	defer p.waiter.Hold()()
	options.Color = p.env["NO_COLOR"] == "" && p.env["TERM"] != "dumb"
	i, err := picker.Pick(ctx, terminal, items, options)
	if errors.Is(err, picker.ErrCancelled) {
		return 0, shownError{errors.New("cancelled, nothing changed"), statusInterrupted, nil}
	}
	if _, ended := errors.AsType[picker.SignalError](err); ended {
		return 0, context.Canceled
	}
	return i, err
}

// pickProfile shows the usable profiles, the most recently used first.
func (p *program) pickProfile() (string, error) {
	client, err := p.client()
	if err != nil {
		return "", err
	}
	names := client.Config.ProfileNames()
	client.Config.SessionNames() // makes an index for the lookups below
	recent := map[string]int{}
	for i, name := range (history{client.Private}).names() {
		recent[name] = i - historyLength
	}
	slices.SortStableFunc(names, func(a, b string) int { return recent[a] - recent[b] })

	var items []picker.Item
	var usable []string
	accounts := accountNames(client)
	for _, name := range names {
		prof, err := client.Config.Profile(name)
		if err != nil {
			continue
		}
		mark := ""
		if name == p.state.Profile {
			mark = "*"
		}
		items = append(items, picker.Item{Mark: mark, Columns: []string{
			name, prof.AccountID, accounts[prof.AccountID], prof.RoleName, prof.Region,
		}})
		usable = append(usable, name)
	}
	if len(items) == 0 {
		return "", shownError{&profile.ConfigError{Problem: client.Config.Path + " has no usable profile"}, statusConfig,
			[]string{"create one with: ssoenv configure"}}
	}
	ctx, stop := interruptible()
	defer stop()
	i, err := p.pick(ctx, items, picker.Options{Prompt: "profile", Header: []string{"PROFILE", "ACCOUNT", "", "ROLE", "REGION"}})
	if err != nil {
		return "", err
	}
	return usable[i], nil
}

// pickSession shows the sso-sessions of the config.
func (p *program) pickSession(config *profile.Config) (string, error) {
	names := config.SessionNames()
	ctx, stop := interruptible()
	defer stop()
	i, err := p.pick(ctx, sessionItems(config, names), picker.Options{Prompt: "session"})
	if err != nil {
		return "", err
	}
	return names[i], nil
}

// sessionItems returns the list items of the sso-sessions: name, start URL, region.
func sessionItems(config *profile.Config, names []string) []picker.Item {
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

// accountItems returns the list items of the accounts: name, id, email address.
func accountItems(accounts []store.Account) []picker.Item {
	items := make([]picker.Item, len(accounts))
	for i, a := range accounts {
		items[i] = picker.Item{Columns: []string{offline.Dash(a.Name), a.ID, a.Email}}
	}
	return items
}

// accountNames returns the names of the accounts in the cached inventories, by
// account id.
func accountNames(client *session.Client) map[string]string {
	names := map[string]string{}
	for _, name := range client.Config.SessionNames() {
		sso, err := client.Config.SSOSession(name)
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

// A history is the names of the profiles that were used last, the newest first.
// It only orders the list of profiles.
type history struct{ dir *cache.Dir } // nil: there is none

const (
	historyKey    = "history"
	historyLength = 100
)

func (h history) names() []string {
	var names []string
	if h.dir != nil {
		_, _ = h.dir.Get(historyKey, &names)
	}
	return names[:min(len(names), historyLength)]
}

// remember puts a profile at the head of the history. It writes nothing if it is
// there already.
func (h history) remember(name string) error {
	names := h.names()
	if h.dir == nil || len(names) > 0 && names[0] == name {
		return nil
	}
	names = slices.DeleteFunc(names, func(other string) bool { return other == name })
	names = append([]string{name}, names...)
	return h.dir.Put(historyKey, names[:min(len(names), historyLength)])
}
