package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/mattn/go-isatty"

	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/safetext"
)

func (p *program) isTerminal(f *os.File) bool {
	return isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd())
}

// notEvaluated is the end of a command whose output was about to land on a
// screen instead of in a shell.
func (p *program) notEvaluated(command string) error {
	shell, file := startup(p.callingShell())
	return shownError{
		usageError{"this would print shell code to the terminal, credentials included, and switch nothing"},
		statusUsage,
		[]string{
			"for this shell, now:  " + shell.EvalLine(command),
			fmt.Sprintf("for every new shell, add to %s:  %s", file, shell.StartupLine(false)),
		},
	}
}

// callingShell is the shell that started ssoenv, which is often not the one
// that SHELL names.
func (p *program) callingShell() string {
	name, err := parentName()
	if err != nil {
		name = filepath.Base(p.env["SHELL"])
	}
	return strings.TrimPrefix(name, "-")
}

// parentName is the name of the parent process's program.
func parentName() (string, error) {
	if data, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", os.Getppid())); err == nil {
		return strings.TrimSpace(string(data)), nil
	}
	out, err := exec.Command("/bin/ps", "-o", "comm=", "-p", fmt.Sprint(os.Getppid())).Output()
	if err != nil {
		return "", fmt.Errorf("the parent process: %w", err)
	}
	return filepath.Base(strings.TrimSpace(string(out))), nil
}

// hasUser tells whether there is a person who can answer: at the terminal,
// and not behind a script that only has one.
func (p *program) hasUser() bool {
	return p.isTerminal(p.stdin) && p.isTerminal(p.stderr) && p.env["CI"] == "" && p.env["DIRENV_IN_ENVRC"] == ""
}

// A browser is the command line that opens a URL.
type browser []string

var errNoBrowser = errors.New("there is no browser on this machine")

// findBrowser decides what opens a URL: the session's setting, BROWSER, or the
// desktop's opener. Where no browser can come back to this machine, because it
// is a remote one or a container, there is none.
func (p *program) findBrowser(setting string) (browser, error) {
	if setting != "" {
		return commandLine(setting)
	}
	for candidate := range strings.SplitSeq(p.env["BROWSER"], string(os.PathListSeparator)) {
		if line, err := commandLine(candidate); err == nil {
			return line, nil
		}
	}
	remote := p.env["SSH_CONNECTION"] != "" || p.env["SSH_TTY"] != ""
	if line, err := commandLine("wslview"); err == nil && p.env["WSL_DISTRO_NAME"] != "" {
		return line, nil
	}
	switch {
	case runtime.GOOS == "darwin" && remote:
		return nil, errNoBrowser
	case runtime.GOOS == "darwin":
		return commandLine("/usr/bin/open")
	case runtime.GOOS == "windows":
		return commandLine("rundll32 url.dll,FileProtocolHandler")
	case p.env["DISPLAY"] == "" && p.env["WAYLAND_DISPLAY"] == "":
		return nil, errNoBrowser
	case p.isContainer():
		return nil, errNoBrowser
	}
	return commandLine("xdg-open")
}

// isContainer knows the marks of the common container engines and of the
// editors that work inside one.
func (p *program) isContainer() bool {
	for _, path := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	return p.env["REMOTE_CONTAINERS"] != "" || p.env["CODESPACES"] != ""
}

// commandLine splits a command as a shell would that knows only quotes, and
// finds its program, but never in the current directory.
func commandLine(text string) (browser, error) {
	words, err := splitWords(text)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return nil, errNoBrowser
	}
	if strings.ContainsRune(words[0], filepath.Separator) && !filepath.IsAbs(words[0]) {
		return nil, fmt.Errorf("the browser %q is named by a path that depends on the folder", text)
	}
	if words[0], err = exec.LookPath(words[0]); err != nil {
		return nil, fmt.Errorf("the browser %q: %w", text, err)
	}
	return words, nil
}

func splitWords(text string) ([]string, error) {
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

// open starts the browser with the URL in place of %s, or behind the last
// word. It gets none of this process's streams: what a browser prints must not
// become shell code, and Ctrl-C at the terminal is not meant for it.
func (b browser) open(address string) error {
	if !session.IsWebURL(address) {
		return fmt.Errorf("%q is not an address for a browser", address)
	}
	args, placed := make([]string, 0, len(b)), false
	for _, word := range b[1:] {
		placed = placed || strings.Contains(word, "%s")
		args = append(args, strings.ReplaceAll(word, "%s", address))
	}
	if !placed {
		args = append(args, address)
	}
	command := exec.Command(b[0], args...)
	command.SysProcAttr = detached()
	if err := command.Start(); err != nil {
		return fmt.Errorf("the browser %q: %w", b[0], err)
	}
	go func() { _ = command.Wait() }()
	return nil
}

// A lineReader is the person at the terminal, being listened to.
type lineReader struct {
	lines <-chan string
	stop  func()
}

// newLineReader listens at the terminal itself, whatever stdin is, until it is
// stopped: what is typed after that belongs to whoever asks next. Where there is
// no such device but stdin is a terminal, it listens there, and cannot be
// stopped from taking one more line.
func (p *program) newLineReader() (lineReader, error) {
	done := make(chan struct{})
	tty, err := os.OpenFile(terminalInput, os.O_RDWR, 0)
	if err != nil {
		if !p.isTerminal(p.stdin) {
			return lineReader{}, fmt.Errorf("there is no terminal to ask at: %w", err)
		}
		return lineReader{readLines(p.stdin, done), func() { close(done) }}, nil
	}
	return lineReader{readLines(tty, done), func() {
		close(done)
		_ = tty.Close()
	}}, nil
}

// ask waits for one line that is typed in answer to the prompt.
func (p *program) ask(ctx context.Context, prompt string) (string, error) {
	t, err := p.newLineReader()
	if err != nil {
		return "", err
	}
	defer t.stop()
	_, _ = fmt.Fprint(p.stderr, "ssoenv: "+safetext.Printable(prompt)+" ")
	select {
	case line, ok := <-t.lines:
		if !ok {
			_, _ = fmt.Fprintln(p.stderr)
			return "", context.Canceled // Ctrl-D
		}
		return line, nil
	case <-ctx.Done():
		_, _ = fmt.Fprintln(p.stderr)
		return "", ctx.Err()
	}
}

// askHidden is ask for what nobody should read over a shoulder.
func (p *program) askHidden(ctx context.Context, prompt string) (string, error) {
	undo := hideTyping(p.stderr)
	defer undo()
	answer, err := p.ask(ctx, prompt)
	if err == nil {
		_, _ = fmt.Fprintln(p.stderr)
	}
	return answer, err
}

// mfaCode asks for the code of the device that a role wants.
func (p *program) mfaCode(ctx context.Context, profile session.Profile) (string, error) {
	code, err := p.askHidden(ctx, fmt.Sprintf("%q takes the role %s of account %s with a code of %s. The code:",
		profile.Name, profile.RoleName, profile.AccountID, profile.Assume.MFASerial))
	if err != nil {
		return "", err
	}
	if code = strings.TrimSpace(code); len(code) != 6 || strings.Trim(code, "0123456789") != "" {
		return "", shownError{errors.New("a code has six digits"), statusFailed, []string{"run the command again, and type the code that the device shows"}}
	}
	return code, nil
}

// canPrompt tells whether somebody can be asked for what is not a login: at
// the terminal, even where stdin is data for a command.
func (p *program) canPrompt() bool {
	if !p.isTerminal(p.stderr) || p.env["CI"] != "" || p.env["DIRENV_IN_ENVRC"] != "" {
		return false
	}
	tty, err := os.OpenFile(terminalInput, os.O_RDWR, 0)
	if err != nil {
		return p.isTerminal(p.stdin)
	}
	_ = tty.Close()
	return true
}

// readLines gives what is typed, line by line, until the terminal is closed,
// or ended by Ctrl-D, or until it is done.
func readLines(terminal io.Reader, done <-chan struct{}) <-chan string {
	typed := make(chan string)
	go func() {
		defer close(typed)
		reader := bufio.NewReader(terminal)
		var line []byte
		for {
			c, err := reader.ReadByte()
			switch {
			case err != nil:
				return
			case c == '\b' || c == 0x7f:
				line = line[:max(0, len(line)-1)]
			case c == '\n' || c == '\r':
				select {
				case typed <- string(line):
				case <-done:
					return
				}
				line = line[:0]
			case len(line) < 64<<10:
				line = append(line, c)
			}
		}
	}()
	return typed
}
