package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// A terminal is a tmux server with one window, in which bash runs.
type terminal struct {
	ctx           context.Context
	socket        string
	columns, rows int
}

// startTerminal starts bash with exactly the environment env and the start-up file.
func startTerminal(ctx context.Context, socket string, columns, rows int, env []string, startup string) (*terminal, error) {
	t := &terminal{ctx, socket, columns, rows}
	args := []string{
		"-f", os.DevNull, "new-session", "-d", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows), "-c", valueOf(env, "HOME"),
		"env", "-i",
	}
	args = append(append(args, env...), "bash", "--noprofile", "--rcfile", startup, "-i")
	if _, err := t.tmux(args...); err != nil {
		return t, err
	}
	_, err := t.tmux("set", "-g", "status", "off", ";", "set", "-s", "escape-time", "0", ";", "resize-window", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows))
	return t, err
}

func valueOf(env []string, name string) string {
	for _, v := range env {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// close ends tmux and all that runs in it, also after Ctrl-C.
func (t *terminal) close() {
	t.ctx = context.WithoutCancel(t.ctx)
	_, _ = t.tmux("kill-server")
}

func (t *terminal) tmux(args ...string) (string, error) {
	c := exec.CommandContext(t.ctx, "tmux", append([]string{"-S", t.socket}, args...)...) //nolint:gosec // the arguments are those of the scenes
	c.Env = append(os.Environ(), "TMUX=", "LC_ALL=C.UTF-8")
	out, err := c.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("tmux %s: %w: %s", args[0], err, exit.Stderr)
	}
	return string(out), err
}

// press sends keys by their names, such as Enter and Down.
func (t *terminal) press(keys ...string) error {
	_, err := t.tmux(append([]string{"send-keys"}, keys...)...)
	return err
}

// write types the text.
func (t *terminal) write(text string) error {
	if text == ";" {
		text = `\;` // alone, it would separate commands of tmux
	}
	_, err := t.tmux("send-keys", "-l", "--", text)
	return err
}

// look returns what the terminal shows.
func (t *terminal) look() (screen, error) {
	out, err := t.tmux("display-message", "-p", "#{cursor_x} #{cursor_y} #{cursor_flag} #{history_size}", ";", "capture-pane", "-e", "-N", "-p")
	if err != nil {
		return screen{}, err
	}
	first, rest, _ := strings.Cut(out, "\n")
	var s screen
	var flag int
	if _, err := fmt.Sscan(first, &s.x, &s.y, &flag, &s.above); err != nil {
		return screen{}, fmt.Errorf("tmux says %q: %w", first, err)
	}
	s.cursor = flag == 1
	s.rows, err = parseScreen(rest, t.columns, t.rows)
	return s, err
}

// limit is how long the recorder waits for a change of the terminal.
const limit = 30 * time.Second

// settle waits until done is true of what the terminal shows, and until that no longer
// changes.
func (t *terminal) settle(what string, done func(screen) bool) (screen, error) {
	var last screen
	for until := time.Now().Add(limit); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		s, err := t.look()
		if err != nil {
			return s, err
		}
		if done(s) && s.equal(last) {
			return s, nil
		}
		last = s
	}
	return last, fmt.Errorf("the terminal does not show %s, but:\n%s", what, last.text())
}

// changed waits until the terminal shows something else than before.
func (t *terminal) changed(before screen) (screen, error) {
	return t.settle("a change", func(s screen) bool { return !s.equal(before) })
}

// matching waits until the terminal shows what matches the pattern.
func (t *terminal) matching(pattern string) (screen, error) {
	wanted := regexp.MustCompile(pattern)
	return t.settle(fmt.Sprintf("%q", pattern), func(s screen) bool { return wanted.MatchString(s.text()) })
}
