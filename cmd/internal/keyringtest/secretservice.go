//go:build unix

// Package keyringtest starts a real keyring for tests: a Secret Service on a
// D-Bus session bus of its own. Only tests import it. It needs dbus-daemon,
// dbus-send and gnome-keyring-daemon.
package keyringtest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A SecretService is an unlocked keyring that needs no desktop.
type SecretService struct {
	Bus    string // the bus's address, for DBUS_SESSION_BUS_ADDRESS
	Daemon *os.Process
	ends   []func()
}

// Start starts the daemons in the given environment, which needs HOME and PATH,
// and returns when the service has its name on the bus. The caller must call End,
// even after an error.
func Start(env ...string) (*SecretService, error) {
	s := &SecretService{}
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
			// TERM, not KILL, so that they remove their sockets. CONT, because a
			// test may have stopped one.
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
	s.Bus = strings.TrimSpace(line)
	env = append(slices.Clone(env), "DBUS_SESSION_BUS_ADDRESS="+s.Bus)
	daemon, _, err := start("password", "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	if err != nil {
		return s, err
	}
	s.Daemon = daemon.Process
	for {
		request := exec.Command("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus",
			"org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets")
		request.Env = env
		reply, err := request.CombinedOutput()
		if err != nil {
			return s, fmt.Errorf("dbus-send: %w: %s", err, reply)
		}
		if strings.Contains(string(reply), "true") {
			return s, nil
		}
		time.Sleep(time.Millisecond)
	}
}

// End ends the daemons and waits for them.
func (s *SecretService) End() {
	for _, end := range slices.Backward(s.ends) {
		end()
	}
}
