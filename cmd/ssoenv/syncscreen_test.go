package main

import (
	"strings"
	"testing"
)

// At a terminal sync sums up what it would change, and shows the lines on request.
func TestSyncAtATerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	s := w.shell(t, "bash", "PAGER=cat")
	s.typeLine("ssoenv sync; echo status $?")
	s.expect(`12 profiles, 12 new\r\n`)
	s.expect(`new: Audit-Auditor, Audit-ReadOnly, Development-Administrator and 9 more\r\n`)
	s.expect(`Write [^\n]*config\? \[y/N, d shows the changes\] `)
	if shown := s.shown(); strings.Contains(shown, "@@") {
		t.Errorf("the diff is shown before it was asked for:\n%s", shown)
	}
	s.typeLine("d")
	s.expect(`\+\[profile Audit-Auditor\]`)
	s.expect(`\[y/N, d shows the changes\] `)
	s.typeLine("n")
	s.expect("not confirmed, nothing changed")
	s.expect("status 1")
	s.typeLine("ssoenv sync --dry-run; echo status $?")
	s.expect(`12 profiles, 12 new\r\n(?s:.*)\+\[profile Audit-Auditor\]`)
	s.expect("status 0")
	s.typeLine("ssoenv sync; echo status $?")
	s.expect(`shows the changes\] `)
	s.typeLine("y")
	s.expect("wrote .*config")
	s.expect("status 0")

	// Of many renamed profiles a screen has the first ones.
	w.server.SetAccounts(accounts("Shop", "Bank", "Lab", "Zoo"))
	s.typeLine("ssoenv sync --yes; echo status $?")
	s.expect("8 profiles, 8 new")
	s.expect("status 0")
	w.server.SetAccounts(accounts("Store", "Safe", "Desk", "Park"))
	s.typeLine("ssoenv sync --yes; echo status $?")
	s.expect(`8 profiles, 8 renamed`)
	s.expect(`is now called Store-Admin\r\n(?s:.*)and 3 more are renamed`)
	s.expect("status 0")
}
