// Package browser opens addresses in the user's browser.
package browser

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/ssoenv/ssoenv/session"
)

// A Command is the command line that opens a URL.
type Command []string

var ErrNone = errors.New("there is no browser on this machine")

// Find decides what opens a URL: the session's setting, BROWSER, or the
// desktop's opener. Where no browser can come back to this machine, because it
// is a remote one or a container, there is none.
func Find(env map[string]string, setting string) (Command, error) {
	if setting != "" {
		return commandLine(setting)
	}
	for candidate := range strings.SplitSeq(env["BROWSER"], string(os.PathListSeparator)) {
		if line, err := commandLine(candidate); err == nil {
			return line, nil
		}
	}
	remote := env["SSH_CONNECTION"] != "" || env["SSH_TTY"] != ""
	if line, err := commandLine("wslview"); err == nil && env["WSL_DISTRO_NAME"] != "" {
		return line, nil
	}
	switch {
	case runtime.GOOS == "darwin" && remote:
		return nil, ErrNone
	case runtime.GOOS == "darwin":
		return commandLine("/usr/bin/open")
	case runtime.GOOS == "windows":
		return commandLine("rundll32 url.dll,FileProtocolHandler")
	case env["DISPLAY"] == "" && env["WAYLAND_DISPLAY"] == "":
		return nil, ErrNone
	case isContainer(env):
		return nil, ErrNone
	}
	return commandLine("xdg-open")
}

// isContainer knows the marks of the common container engines and of the
// editors that work inside one.
func isContainer(env map[string]string) bool {
	for _, path := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	return env["REMOTE_CONTAINERS"] != "" || env["CODESPACES"] != ""
}

// commandLine splits a command as a shell would that knows only quotes, and
// finds its program, but never in the current directory.
func commandLine(text string) (Command, error) {
	words, err := SplitWords(text)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return nil, ErrNone
	}
	if strings.ContainsRune(words[0], filepath.Separator) && !filepath.IsAbs(words[0]) {
		return nil, fmt.Errorf("the browser %q is named by a path that depends on the folder", text)
	}
	if words[0], err = exec.LookPath(words[0]); err != nil {
		return nil, fmt.Errorf("the browser %q: %w", text, err)
	}
	return words, nil
}

func SplitWords(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	quote, inWord := rune(0), false
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == ' ' || r == '\t':
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("the command %q has an open quote", text)
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

// Open starts the browser with the URL in place of %s, or behind the last
// word. It gets none of this process's streams: what a browser prints must not
// become shell code, and Ctrl-C at the terminal is not meant for it.
func (c Command) Open(address string) error {
	if !session.IsWebURL(address) {
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
