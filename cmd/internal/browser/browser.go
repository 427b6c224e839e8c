// Package browser opens addresses in the user's browser.
//
// Find chooses the browser, Open starts it, and ServeOnce starts it without the
// address in its arguments, where other users of the machine could read it. A
// browser is given https and loopback addresses only. It outlives this process
// and has none of its streams.
package browser

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/ssoenv/ssoenv/session/awsconfig"
	"github.com/ssoenv/ssoenv/session/profile"
)

// A Command is the command line of a browser: an absolute path and arguments.
// The address replaces each %s in the arguments, or follows them if they have
// none.
type Command []string

// ErrNone says that no browser on this machine can be opened, or that one on
// another machine could not be redirected to this one.
var ErrNone = errors.New("no browser on this machine")

// Find returns the command of the browser to open. In this order it tries the
// setting, if it is not empty; the entries of BROWSER; the opener of the system
// or of the desktop. The setting must work; entries of BROWSER that do not are
// skipped. Find returns ErrNone in a container, in an SSH session to macOS and
// without a display, unless the setting or BROWSER names a browser.
func Find(env map[string]string, setting string) (Command, error) {
	if setting != "" {
		return parse(setting)
	}
	for candidate := range strings.SplitSeq(env["BROWSER"], string(os.PathListSeparator)) {
		if c, err := parse(candidate); err == nil {
			return c, nil
		}
	}
	remote := env["SSH_CONNECTION"] != "" || env["SSH_TTY"] != ""
	if c, err := parse("wslview"); err == nil && env["WSL_DISTRO_NAME"] != "" {
		return c, nil
	}
	switch {
	case runtime.GOOS == "darwin" && remote:
		return nil, ErrNone
	case runtime.GOOS == "darwin":
		return parse("/usr/bin/open")
	case runtime.GOOS == "windows":
		return parse("rundll32 url.dll,FileProtocolHandler")
	case env["DISPLAY"] == "" && env["WAYLAND_DISPLAY"] == "":
		return nil, ErrNone
	case isContainer(env):
		return nil, ErrNone
	}
	return parse("xdg-open")
}

// isContainer reports whether this process runs in a container: Docker, Podman,
// or one that VS Code or GitHub Codespaces works in.
func isContainer(env map[string]string) bool {
	for _, path := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	return env["REMOTE_CONTAINERS"] != "" || env["CODESPACES"] != ""
}

// parse splits a command line and finds its program in PATH, but never in the
// current directory. It returns ErrNone for a text without words.
func parse(text string) (Command, error) {
	words, err := awsconfig.SplitWords(text)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return nil, ErrNone
	}
	if strings.ContainsRune(words[0], filepath.Separator) && !filepath.IsAbs(words[0]) {
		return nil, fmt.Errorf("the browser %q has a relative path: use an absolute one", text)
	}
	if words[0], err = exec.LookPath(words[0]); err != nil {
		return nil, fmt.Errorf("the browser %q: %w", text, err)
	}
	return words, nil
}

// Open starts the browser with the address, which profile.IsWebURL must accept,
// and does not wait for it. The browser has none of this process's streams,
// since its output must not become shell code, and is in a session of its own,
// so that Ctrl-C at the terminal does not end it.
func (c Command) Open(address string) error {
	if !profile.IsWebURL(address) {
		return fmt.Errorf("%q is not an address for a browser", address)
	}
	args, placed := make([]string, 0, len(c)), false
	for _, word := range c[1:] {
		placed = placed || strings.Contains(word, "%s")
		args = append(args, strings.ReplaceAll(word, "%s", address))
	}
	if !placed {
		args = append(args, address)
	}
	command := exec.Command(c[0], args...)
	command.SysProcAttr = detached()
	if err := command.Start(); err != nil {
		return fmt.Errorf("the browser %q: %w", c[0], err)
	}
	go func() { _ = command.Wait() }()
	return nil
}
