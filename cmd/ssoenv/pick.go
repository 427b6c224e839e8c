package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/picker"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// pick shows a list at the terminal and returns the index of the item that the
// user picks. Esc and Ctrl-C end the command with [statusInterrupted]. A terminal
// that is plain, or of Windows, shows lines and a question instead of a screen.
func (p *program) pick(ctx context.Context, items []picker.Item, options picker.Options) (int, error) {
	i, err := p.pickOrBack(ctx, items, options)
	if errors.Is(err, picker.ErrCancelled) || errors.Is(err, context.Canceled) {
		return 0, shownError{errors.New("cancelled, nothing changed"), statusInterrupted, nil}
	}
	return i, err
}

// pickOrBack is pick for a caller to which Esc and Ctrl-C mean something else: it
// returns picker.ErrCancelled and context.Canceled.
func (p *program) pickOrBack(ctx context.Context, items []picker.Item, options picker.Options) (int, error) {
	defer p.waiter.Hold()()
	i, err := p.pickOnScreen(ctx, items, options)
	if errors.Is(err, tty.ErrNoTerminal) {
		i, err = picker.Ask(ctx, p.terminal, items, options)
	}
	_, ended := errors.AsType[tty.SignalError](err)
	if ended || errors.Is(err, picker.ErrInterrupted) {
		return 0, context.Canceled
	}
	return i, err
}

// pickOnScreen is pick on a whole screen. The error is tty.ErrNoTerminal if the
// terminal cannot show one.
func (p *program) pickOnScreen(ctx context.Context, items []picker.Item, options picker.Options) (int, error) {
	if p.terminal.IsPlain() {
		return 0, tty.ErrNoTerminal
	}
	terminal, err := tty.Open()
	if err != nil {
		return 0, fmt.Errorf("there is no terminal for the list: %w", err)
	}
	defer func() { _ = terminal.Close() }()
	options.Color = !p.noColor
	return picker.Pick(ctx, terminal, items, options)
}

// pickProfile shows the usable profiles.
func (p *program) pickProfile() (string, error) {
	client, err := p.client()
	if err != nil {
		return "", err
	}
	items, usable := p.profileItems(client)
	if len(items) == 0 {
		return "", shownError{&profile.ConfigError{Problem: client.Config.Path + " has no usable profile"}, statusConfig,
			[]string{"create one with: ssoenv configure"}}
	}
	return p.pickProfileOf(items, usable, "")
}

// pickSimilar shows the profiles with the text as the filter, and selects the one that
// was probably meant. If the filter matches none, it returns the error notFound.
func (p *program) pickSimilar(text string, notFound error) (string, error) {
	client, err := p.client()
	if err != nil {
		return "", err
	}
	items, usable := p.profileItems(client)
	if !picker.Matches(items, text) {
		return "", notFound
	}
	likely := nearest(text, usable)
	return p.pickProfileOf(items, usable, text, likely...)
}

// pickProfileOf shows the items of [program.profileItems], filtered by the query, and
// returns the name of the profile that the user picks. The first that is likely, if
// there is one, is selected.
func (p *program) pickProfileOf(items []picker.Item, names []string, query string, likely ...string) (string, error) {
	ctx, stop := interruptible()
	defer stop()
	options := picker.Options{
		Prompt: "profile", Header: []string{"PROFILE", "ACCOUNT", "", "ROLE", "EXPIRES", "SESSION"},
		Marked: inUseMark + " in use", Query: query,
	}
	if len(likely) > 0 {
		options.Selected = likely[0]
	}
	i, err := p.pick(ctx, items, options)
	if err != nil {
		return "", err
	}
	return names[i], nil
}

// inUseMark is the mark of the profile that the shell uses.
const inUseMark = "*"

// likelyFirst sorts the names of profiles: the shell's previous profile, then the
// one that it uses, then those that were used last, then the others in their
// order. If the shell has no previous profile, the one used last elsewhere is
// first.
func likelyFirst(names []string, state shellenv.State, used []string) {
	var likely []string
	for _, name := range append([]string{state.Previous}, used...) {
		if name != state.Profile && !slices.Contains(likely, name) && slices.Contains(names, name) {
			likely = append(likely, name)
		}
	}
	likely = slices.Insert(likely, min(1, len(likely)), state.Profile)
	rank := make(map[string]int, len(likely))
	for i, name := range likely {
		rank[name] = i - len(likely)
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank[a] - rank[b] })
}

// profileItems returns the list items of the usable profiles and their names, those
// first that the user is likely to switch to: name, account id and name, role, how
// long cached credentials are valid, and session.
func (p *program) profileItems(client *session.Client) (items []picker.Item, usable []string) {
	names := client.Config.ProfileNames()
	client.Config.SessionNames() // makes an index for the lookups below
	likelyFirst(names, p.state, (offline.History{Dir: client.Private}).Names())
	var profiles []profile.Profile
	for _, name := range names {
		if prof, err := client.Config.Profile(name); err == nil {
			profiles, usable = append(profiles, prof), append(usable, name)
		}
	}
	accounts, expirations := offline.AccountNames(client.Config, client.Store), client.CachedExpirations(profiles)
	for _, prof := range profiles {
		mark, left := "", ""
		if prof.Name == p.state.Profile {
			mark = inUseMark
		}
		if expires := expirations[prof.Name]; !expires.IsZero() {
			left = layout.FormatDuration(expires.Sub(p.now()))
		}
		items = append(items, picker.Item{Mark: mark, Columns: []string{
			prof.Name, prof.AccountID, accounts(prof.SSOSession, prof.AccountID), prof.RoleName, left, prof.SSOSession.Name,
		}})
	}
	return items, usable
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
		items[i] = picker.Item{Columns: []string{layout.Dash(a.Name), a.ID, a.Email}}
	}
	return items
}
