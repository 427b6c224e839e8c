package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// A secretService is a real keyring on a bus of its own, unlocked, without a
// desktop.
type secretService struct {
	bus    string // the address
	daemon *os.Process
	ends   []func()
}

func startSecretService(home string) (*secretService, error) {
	s := &secretService{}
	env := []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
	start := func(stdin string, words ...string) (*exec.Cmd, *bufio.Reader, error) {
		c := exec.Command(words[0], words[1:]...)
		c.Env, c.Stdin = env, strings.NewReader(stdin)
		out, err := c.StdoutPipe()
		if err == nil {
			err = c.Start()
		}
		if err != nil {
			return nil, nil, fmt.Errorf("install dbus and gnome-keyring: %w", err)
		}
		s.ends = append(s.ends, func() {
			// Not killed, so that they take their sockets away; one may be held up.
			_ = c.Process.Signal(syscall.SIGTERM)
			_ = c.Process.Signal(syscall.SIGCONT)
			_ = c.Wait()
		})
		return c, bufio.NewReader(out), nil
	}
	_, out, err := start("", "dbus-daemon", "--session", "--nofork", "--print-address=1")
	if err != nil {
		return s, err
	}
	line, err := out.ReadString('\n')
	if err != nil {
		return s, fmt.Errorf("dbus-daemon: %w", err)
	}
	s.bus = strings.TrimSpace(line)
	env = append(env, "DBUS_SESSION_BUS_ADDRESS="+s.bus)
	daemon, _, err := start("password", "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	if err != nil {
		return s, err
	}
	s.daemon = daemon.Process
	for {
		ask := exec.Command("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus",
			"org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets")
		ask.Env = env
		answer, err := ask.CombinedOutput()
		if err != nil {
			return s, fmt.Errorf("dbus-send: %w: %s", err, answer)
		}
		if strings.Contains(string(answer), "true") {
			return s, nil
		}
		time.Sleep(time.Millisecond)
	}
}

func (s *secretService) end() {
	for i := len(s.ends) - 1; i >= 0; i-- {
		s.ends[i]()
	}
}

// keyringCommand gives a script a keyring, holds it up, and lets it go on:
//
//	keyring start     or hang, answer
func keyringCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: keyring WHAT")
	}
	switch args[0] {
	case "start":
		s, err := startSecretService(ts.Getenv("HOME"))
		ts.Defer(s.end)
		ts.Check(err)
		keyrings.Store(ts, s.daemon)
		ts.Setenv("DBUS_SESSION_BUS_ADDRESS", s.bus)
		ts.Setenv("BUS", s.bus)
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
