package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// discover lists every account and role of the session and shows the progress.
// found, which may be nil, is called for each account as soon as its roles are
// known.
func (p *program) discover(ctx context.Context, client *session.Client, sso profile.SSOSession, found func(store.AccountRoles)) ([]store.AccountRoles, error) {
	bar := progressBar{now: p.now}
	events := session.DiscoveryEvents{Found: found}
	if !p.quiet {
		events.Progress = func(at session.Progress) { p.waiter.Progress(bar.text(at)) }
	}
	inventory, err := client.Discover(ctx, sso, events)
	p.waiter.Progress("")
	if err != nil && len(inventory) > 0 {
		p.say("%d accounts are known so far; within an hour, the same command continues from there", len(inventory))
	}
	return inventory, err
}

// A progressBar describes how far the inventory has been read, and estimates how long
// the rest takes.
type progressBar struct {
	now func() time.Time

	first   session.Progress // the first one that had all accounts
	started time.Time        // when that was
}

// estimateAfter is how long the accounts are counted before their speed is used.
const estimateAfter = 2 * time.Second

func (b *progressBar) text(at session.Progress) string {
	const width = 8 // with all the words, 80 cells are enough
	done := 0
	if at.Accounts > 0 {
		done = width * at.Done / at.Accounts
	}
	more := "+"
	if at.Listed {
		more = ""
	}
	return fmt.Sprintf("[%s%s] %d of %d%s accounts, %d roles%s",
		strings.Repeat("=", done), strings.Repeat(" ", width-done), at.Done, at.Accounts, more, at.Roles, b.rest(at))
}

// rest returns the estimate, such as ", about 40s left", or "" while there is none.
func (b *progressBar) rest(at session.Progress) string {
	if !at.Listed {
		return ""
	}
	if b.started.IsZero() {
		b.started, b.first = b.now(), at
	}
	took, done := b.now().Sub(b.started), at.Done-b.first.Done
	left := at.Accounts - at.Done
	if took < estimateAfter || done <= 0 || left <= 0 {
		return ""
	}
	estimate := time.Duration(float64(took) / float64(done) * float64(left))
	return fmt.Sprintf(", about %s left", layout.FormatDuration(estimate.Round(time.Second)))
}
