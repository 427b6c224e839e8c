package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// discover lists every account and role of the session and shows the progress.
// found, which may be nil, is called for each account as soon as its roles are
// known.
func (p *program) discover(ctx context.Context, client *session.Client, sso profile.SSOSession, found func(store.AccountRoles)) ([]store.AccountRoles, error) {
	bar := newProgressBar(p.stderr, p.quiet)
	warn := client.Warn
	client.Warn = func(line string) { bar.end(); warn(line) }
	defer func() { client.Warn = warn }()
	events := session.DiscoveryEvents{Progress: bar.show}
	if found != nil {
		events.Found = func(account store.AccountRoles) {
			bar.end() // standard output may be the same screen
			found(account)
		}
	}
	inventory, err := client.Discover(ctx, sso, events)
	bar.end()
	if err != nil && len(inventory) > 0 {
		p.say("%d accounts are known so far; within an hour, the same command continues from there", len(inventory))
	}
	return inventory, err
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
