package main

import (
	"os"
	"sync"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ssoenv/ssoenv/cmd/internal/keyringtest"
)

// keyringCommand gives a script a keyring, holds it up, and lets it go on:
//
//	keyring start     or hang, answer
func keyringCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: keyring WHAT")
	}
	switch args[0] {
	case "start":
		s, err := keyringtest.Start("HOME="+ts.Getenv("HOME"), "PATH="+os.Getenv("PATH"))
		ts.Defer(s.End)
		ts.Check(err)
		keyrings.Store(ts, s.Daemon)
		ts.Setenv("DBUS_SESSION_BUS_ADDRESS", s.Bus)
		ts.Setenv("BUS", s.Bus)
	case "hang", "answer":
		daemon, _ := keyrings.Load(ts)
		signal := map[string]os.Signal{"hang": syscall.SIGSTOP, "answer": syscall.SIGCONT}[args[0]]
		ts.Check(daemon.(*os.Process).Signal(signal))
	default:
		ts.Fatalf("keyring %s?", args[0])
	}
}

// keyrings are the daemons of the scripts.
var keyrings sync.Map
