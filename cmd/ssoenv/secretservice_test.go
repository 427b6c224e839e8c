package main

import (
	"os"
	"sync"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ssoenv/ssoenv/cmd/internal/keyringtest"
)

// keyringCommand is the scripts' command for a keyring. "keyring start" starts
// one, "keyring hang" stops it from answering, "keyring answer" continues it.
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

// keyrings has the daemon's process of each script.
var keyrings sync.Map
