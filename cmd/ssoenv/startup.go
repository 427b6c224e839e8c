package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/shellinit"
)

// A startupFile is the start-up file of a shell and what it contains.
type startupFile struct {
	shell   shellinit.Shell
	path    string // it need not exist
	shown   string // path as the user writes it
	exists  bool
	text    string
	entries []shellinit.StartupEntry
	exe     string // the program's path, if it is not in PATH; else empty
}

// line returns the start-up line.
func (f startupFile) line(prompt bool) string {
	if f.exe != "" {
		return f.shell.StartupLineFor(f.exe, prompt)
	}
	return f.shell.StartupLine(prompt)
}

// installStartup adds the start-up line to the start-up file of the shell of that
// name, with prompt one that also shows the profile in the prompt. It says what it
// does. If the file has such a line, it adds nothing, or --prompt to that line. It
// leaves a copy of the file beside it. If it cannot, the file is unchanged, and the
// hint of the error is to add the line by hand.
func (p *program) installStartup(name string, prompt bool) error {
	file, err := p.startupFile(name)
	if err != nil {
		return err
	}
	if prompt && file.shell.Prompt() == "" {
		return noPrompt(file.shell)
	}
	if i := slices.IndexFunc(file.entries, func(e shellinit.StartupEntry) bool { return e.Prompt || !prompt }); i >= 0 {
		p.say("%s already has the line, at line %d:", file.shown, file.entries[i].Number)
		p.indented(file.entries[i].Line)
		return nil
	}
	if len(file.entries) > 0 {
		return p.addPrompt(file)
	}
	text := shellinit.AddStartup(file.text, file.line(prompt))
	complaint := complaintOf(file.shell, text)
	if strings.Contains(complaint, "here-document") {
		return byHand(fmt.Errorf("%s ends within a here-document, and is not changed: %s", file.shown, complaint), "end that, and run the command again")
	}
	backup, err := p.replaceStartup(file, text)
	if err != nil {
		return byHand(err, fmt.Sprintf("add this line to %s yourself:  %s", file.shown, file.line(prompt)))
	}
	p.say("added to %s%s:", file.shown, backup)
	p.indented(file.line(prompt))
	if complaint != "" {
		p.say("%s finds an error in %s, and may not come to the line: %s", file.shell, file.shown, complaint)
		return nil
	}
	p.sayNewShells(file.shell, file.line(prompt))
	return nil
}

// complaintOf returns the first line of what the shell says of the text of its start-up
// file without running it. It is empty if there is nothing, or the shell cannot be asked.
func complaintOf(shell shellinit.Shell, text string) string {
	flag, ok := map[shellinit.Shell]string{shellinit.Bash: "-n", shellinit.Zsh: "-fn", shellinit.Fish: "--no-execute"}[shell]
	if !ok {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, shell.String(), flag) //nolint:gosec // a shell by its name
	command.WaitDelay = time.Second
	command.Stdin = strings.NewReader(text)
	var said bytes.Buffer
	command.Stderr = &said
	if err := command.Run(); errors.Is(err, exec.ErrNotFound) || ctx.Err() != nil {
		return ""
	}
	first, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
	return first
}

// sayNewShells says which shells the line works in. In nushell it has no effect after
// the start.
func (p *program) sayNewShells(shell shellinit.Shell, line string) {
	if shell == shellinit.Nu {
		p.say("it works in every new shell")
		return
	}
	p.say("it works in every new shell; for this one, run:  %s", line)
}

// addPrompt adds --prompt to the line that the file has.
func (p *program) addPrompt(file startupFile) error {
	entry := file.entries[0]
	text := shellinit.AddPrompt(file.text, entry)
	backup, err := p.replaceStartup(file, text)
	if err != nil {
		return byHand(err, fmt.Sprintf("add --prompt to line %d of %s yourself", entry.Number, file.shown))
	}
	p.say("changed line %d of %s%s:", entry.Number, file.shown, backup)
	changed := file.shell.FindStartup(text)[0].Line
	p.indented(changed)
	p.sayNewShells(file.shell, strings.TrimSpace(changed))
	return nil
}

// uninstallStartup removes the start-up line from the shell's start-up file. A line
// that does more than that is left to the user.
func (p *program) uninstallStartup(name string) error {
	file, err := p.startupFile(name)
	if err != nil {
		return err
	}
	var alone []shellinit.StartupEntry
	var left []error
	for _, entry := range file.entries {
		if entry.Alone {
			alone = append(alone, entry)
			continue
		}
		left = append(left, byHand(fmt.Errorf("line %d of %s has more than the start-up line, and is not changed: %s", entry.Number, file.shown, entry.Line),
			"remove ssoenv from it yourself"))
	}
	switch {
	case len(file.entries) == 0:
		p.say("%s has no start-up line of ssoenv for %s", file.shown, file.shell)
		return p.removeWritten(file.shell)
	case len(alone) == 0:
		return errors.Join(left...)
	}
	text := shellinit.RemoveStartup(file.text, alone)
	backup, err := p.replaceStartup(file, text)
	if err != nil {
		return byHand(err, fmt.Sprintf("remove line %d of %s yourself", alone[0].Number, file.shown))
	}
	p.say("removed from %s%s:", file.shown, backup)
	for _, entry := range alone {
		p.indented(entry.Line)
	}
	return errors.Join(append(left, p.removeWritten(file.shell))...)
}

// byHand is the error of a start-up file that is unchanged, and what the user can
// do instead.
func byHand(err error, hint string) error {
	if shown, ok := errors.AsType[shownError](err); ok {
		return shownError{shown.error, shown.status, append(shown.hints, hint)}
	}
	return shownError{err, statusFailed, []string{hint}}
}

// indented writes a line of a file for the user.
func (p *program) indented(line string) { p.say("    %s", strings.TrimSpace(line)) }

func (p *program) startupPlaces() shellinit.Places {
	return shellinit.Places{
		OS: runtime.GOOS, Home: p.paths.Home, Env: p.env, Ask: p.askShell,
		Read: func(path string) (string, bool) {
			text, err := os.ReadFile(path)
			return string(text), err == nil
		},
	}
}

// removeWritten removes the file that the start-up line has written, if it did.
func (p *program) removeWritten(shell shellinit.Shell) error {
	places := p.startupPlaces()
	path, ok := shell.WrittenAtStartup(places)
	if !ok {
		return nil
	}
	if text, exists := places.Read(path); !exists || !shell.IsHook(text) {
		return nil
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	p.say("removed %s", p.short(path))
	return nil
}

// startupFile reads the start-up file of the shell of that name.
func (p *program) startupFile(name string) (startupFile, error) {
	shell, err := dialect(name)
	if err != nil {
		return startupFile{}, err
	}
	if p.pathsErr != nil {
		return startupFile{}, p.pathsErr
	}
	file := startupFile{shell: shell}
	file.path, err = shell.StartupPath(name, p.startupPlaces())
	if err != nil {
		return startupFile{}, byHand(err, fmt.Sprintf("name a file of yours in ENV, in ~/.profile, and add to that file:  %s", shell.StartupLine(false)))
	}
	file.shown = p.short(file.path)
	if file.exe, err = p.exeForStartup(); err != nil {
		return startupFile{}, err
	}
	info, err := os.Stat(file.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return file, nil
	case err != nil:
		return startupFile{}, err
	case !info.Mode().IsRegular():
		return startupFile{}, byHand(fmt.Errorf("%s is not a regular file", file.shown), "add this line to what the shell reads:  "+file.line(false))
	}
	text, err := os.ReadFile(file.path)
	if err != nil {
		return startupFile{}, byHand(err, "add this line yourself:  "+file.line(false))
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return startupFile{}, byHand(fmt.Errorf("%s is not in UTF-8, and is not changed", file.shown), "add this line with an editor:  "+file.line(false))
	}
	file.exists, file.text, file.entries = true, string(text), shell.FindStartup(string(text))
	return file, nil
}

// replaceStartup replaces the file's text. The file keeps its mode, links are
// followed, and nothing changes if it has changed since it was read. A copy of the
// text before is beside the file; backup is a clause that names it. The first copy is
// kept for good. A file that is
// empty and of which there is no copy, because it did not exist before, is removed,
// unless a link leads to it.
func (p *program) replaceStartup(file startupFile, text string) (backup string, err error) {
	unchanged := func() error {
		now, err := os.ReadFile(file.path)
		if err != nil && file.exists || err == nil && string(now) != file.text {
			return fmt.Errorf("%s has changed meanwhile: run the command again", file.shown)
		}
		return nil
	}
	if info, err := os.Stat(file.path); err == nil {
		if err := cache.CheckOwner(file.path); err != nil {
			return "", err
		}
		if info.Mode().Perm()&0o200 == 0 {
			return "", fmt.Errorf("%s is read-only: another program may write it from a file of its own", file.shown)
		}
		_, err := os.Lstat(file.path + cache.CopySuffix)
		link, _ := os.Readlink(file.path)
		if text == "" && link == "" && errors.Is(err, fs.ErrNotExist) {
			if err := unchanged(); err != nil {
				return "", err
			}
			return "", os.Remove(file.path)
		}
		others := shellinit.RemoveStartup(file.text, file.entries) // empty if ssoenv made the file
		copied, err := cache.KeepCopy(file.path, []byte(file.text), file.text == "" || others != "")
		if err != nil {
			return "", fmt.Errorf("no copy of %s could be kept, so it is not changed: %w", file.shown, err)
		}
		backup = fmt.Sprintf(" (as it was before: %s)", p.short(copied))
	}
	return backup, cache.ReplaceFileIf(file.path, []byte(text), 0o644, unchanged)
}

// exeForStartup returns the program's path if a start-up line has to name it,
// because the name ssoenv leads to no program or to another one.
func (p *program) exeForStartup() (string, error) {
	exe, err := offline.Executable(p.args[0])
	if err != nil {
		return "", err
	}
	if found, err := exec.LookPath("ssoenv"); err == nil {
		named, namedErr := os.Stat(found)
		running, runningErr := os.Stat(exe)
		if namedErr == nil && runningErr == nil && os.SameFile(named, running) {
			return "", nil
		}
	}
	if !shellinit.IsPlain(exe) {
		return "", shownError{fmt.Errorf("ssoenv is not in PATH: it is %s", exe), statusFailed, []string{"add its folder to PATH, and run the command again"}}
	}
	return exe, nil
}

// askShell evaluates an expression in a shell, which reads at most the files that it
// reads for every script.
func (p *program) askShell(shell shellinit.Shell, expression string) (answer string, ok bool) {
	programs := map[shellinit.Shell][]string{
		shellinit.Zsh:        {"zsh", "-c"},
		shellinit.Nu:         {"nu", "-n", "-c"},
		shellinit.PowerShell: {"pwsh", "-NoProfile", "-NonInteractive", "-Command"},
	}
	words := programs[shell]
	if parent := tty.ParentShell(p.env); shell == shellinit.PowerShell && parent == "powershell" {
		words[0] = parent
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, words[0], append(words[1:], expression)...) //nolint:gosec // a shell by its name, and an expression of shellinit
	command.WaitDelay = time.Second                                                 // for programs that the shell's files have started and that go on
	out, err := command.Output()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	answer = strings.TrimSpace(lines[len(lines)-1])
	return answer, err == nil && answer != ""
}

// short returns a path as the user writes it: ~ for the home directory.
func (p *program) short(path string) string {
	if rest, ok := strings.CutPrefix(path, p.paths.Home+string(os.PathSeparator)); ok && p.paths.Home != "" {
		return "~" + string(os.PathSeparator) + rest
	}
	return path
}
