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
	now, file, always := setUp(p.callingShell(), command)
	return shownError{
		usageError{"this would print shell code to the terminal, credentials included, and switch nothing"},
		statusUsage,
		[]string{
			"for this shell, now:  " + now,
			fmt.Sprintf("for every new shell, add to %s:  %s", file, always),
		},
	}
}

// setUp is what a person types to have a command evaluated once, and the line
// of the start-up file that has it always evaluated.
func setUp(shell, command string) (now, file, always string) {
	switch shell {
	case "fish":
		return "ssoenv " + command + " --shell fish | source", "~/.config/fish/config.fish", "ssoenv init fish | source"
	case "zsh":
		return `eval "$(ssoenv ` + command + `)"`, "~/.zshrc", `eval "$(ssoenv init zsh)"`
	case "bash":
		return `eval "$(ssoenv ` + command + `)"`, "~/.bashrc", `eval "$(ssoenv init bash)"`
	case "pwsh", "powershell":
		always = "ssoenv init powershell | Out-String | Invoke-Expression"
		return always + "; ssoenv " + command, "the file that $PROFILE names", always
	case "nu":
		return newLines("ssoenv init nu | save --force ~/.ssoenv.nu", "source ~/.ssoenv.nu", "ssoenv "+command), "the file that $nu.config-path names", nuStartup
	case "elvish":
		always = "eval (ssoenv init elvish | slurp)"
		return newLines(always, "ssoenv "+command), "~/.config/elvish/rc.elv", always
	case "xonsh":
		return newLines(xonshStartup, "ssoenv "+command), "~/.xonshrc", xonshStartup
	}
	return `eval "$(ssoenv ` + command + `)"`, "your shell's start-up file", `eval "$(ssoenv init sh)"`
}

// nuStartup writes a file that Nushell, which reads all that it sources before
// it runs anything, looks for after it has run its start-up file.
const nuStartup = "mkdir ($nu.data-dir | path join vendor/autoload); ssoenv init nu | save --force ($nu.data-dir | path join vendor/autoload/ssoenv.nu)"

// xonshStartup does without xonsh's own $(), which on a busy machine loses the end
// of what it captures.
const xonshStartup = `execx(__import__("subprocess").check_output(["ssoenv", "init", "xonsh"], env=${...}.detype(), text=True))`

// newLines is for shells that know a new command from the next line on.
func newLines(lines ...string) string {
	return strings.Join(lines, "  and, on a new line,  ")
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
