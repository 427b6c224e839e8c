package main

import (
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/ssotest"
)

// A service that hangs is named after a second, in every command, and Ctrl-C ends it.
func TestWaitingForAService(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		line, op string
		loggedIn bool
	}{
		"use":      {"ssoenv use dev", "GetRoleCredentials", true},
		"whoami":   {"ssoenv whoami dev", "GetCallerIdentity", true},
		"accounts": {"ssoenv accounts --sso-session corp", "ListAccounts", true},
		"sync":     {"ssoenv sync", "ListAccounts", true},
		"login":    {"ssoenv login dev", "RegisterClient", false},
		"device":   {"ssoenv login dev --device-code", "StartDeviceAuthorization", false},
		"code":     {"ssoenv login dev", "CreateToken", false},
		"logout":   {"ssoenv logout dev", "Logout", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if test.loggedIn {
				w.logIn(t)
			}
			w.server.Fault(ssotest.Fault{Op: ssotest.Op(test.op), Kind: ssotest.Hang, Times: ssotest.Forever})
			s := w.shell(t, "bash")
			s.typeLine(test.line + "; echo status $?")
			s.expect(`waiting for 127\.0\.0\.1:[0-9]+ \(Ctrl-C to stop\)`)
			s.keys("\x03")
			s.expect("\r\x1b\\[K(?s:.*)interrupted")
			s.expect("status 130|PROMPT> ") // bash gives up the line if it was the function that read the output
		})
	}
}

// A wait that ends leaves no trace on the screen. The lock of another process is
// waited for by its name.
func TestWaitingForAProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	w.server.Fault(ssotest.Fault{Op: "GetRoleCredentials", Kind: ssotest.Hang, Times: 1})
	first := w.shell(t, "bash")
	first.typeLine("ssoenv use dev; echo status $?")
	first.expect(`waiting for 127`)
	second := w.shell(t, "bash")
	second.typeLine("ssoenv use dev; echo status $?")
	second.expect(`waiting for process [0-9]+, which is getting the credentials \(Ctrl-C to stop\)`)
	first.keys("\x03")
	first.expect("interrupted")
	second.expect("\r\x1b\\[K(?s:.*)dev: account 111111111111")
	second.expect("status 0")
}

// Nothing is said where no user reads: in a file, in a CI job, in the hook's renewal.
func TestWaitingWithoutAUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	s := w.shell(t, "bash")
	silent := func(line string) {
		s.Forget()
		s.typeLine(line + "; echo status $?")
		time.Sleep(2 * time.Second)
		s.keys("\x03")
		s.expect("status [1-9]|PROMPT> ")
	}
	hang := ssotest.Fault{Kind: ssotest.Hang, Times: ssotest.Forever}
	w.server.Fault(hang)
	silent("ssoenv whoami prod 2>file")
	silent("CI=1 ssoenv whoami prod")
	silent("DIRENV_IN_ENVRC=1 ssoenv whoami prod")
	w.server.ClearFaults()
	w.setRoleLifetime(2 * time.Second)
	s.typeLine("ssoenv use dev")
	s.expect("dev: account")
	w.server.Fault(hang)
	s.typeLine("sleep 2; command ssoenv refresh --within 2s; echo status $?")
	s.expect("status [0-9]")
	if shown := s.shown(); strings.Contains(shown, "waiting for") {
		t.Errorf("got\n%s", shown)
	}
	if text := w.read(t, "file"); strings.Contains(text, "waiting for") {
		t.Errorf("the file: %s", text)
	}
}

// The progress of a discovery has counts, an estimate and how to end it.
func TestProgressBar(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	bar := progressBar{now: func() time.Time { return now }}
	for _, test := range []struct {
		after     time.Duration
		at        session.Progress
		want, not string
	}{
		{0, session.Progress{Accounts: 100}, "[        ] 0 of 100+ accounts, 0 roles", "left"},
		{time.Minute, session.Progress{Accounts: 300, Listed: true, Done: 20, Roles: 40}, "20 of 300 accounts, 40 roles", "left"},
		{time.Second, session.Progress{Accounts: 300, Listed: true, Done: 40}, "40 of 300 accounts", "left"},
		{time.Second, session.Progress{Accounts: 300, Listed: true, Done: 60}, "60 of 300 accounts, 0 roles, about 12s left", "+"},
		{8 * time.Second, session.Progress{Accounts: 300, Listed: true, Done: 120}, "[===     ] 120 of 300 accounts, 0 roles, about 18s left", "+"},
		{8 * time.Second, session.Progress{Accounts: 300, Listed: true, Done: 300}, "300 of 300 accounts, 0 roles", "left"},
	} {
		now = now.Add(test.after)
		if got := bar.text(test.at); !strings.Contains(got, test.want) || strings.Contains(got, test.not) {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
