package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The lines for tmux in docs/prompt.md: its status line shows the profile of the pane and the
// remaining time. No part of the name is executed.
func TestTmuxStatusLine(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/prompt.md")
	must(t, err)
	find := func(pattern string) string {
		t.Helper()
		line := regexp.MustCompile("(?m)" + pattern).FindString(string(page))
		if line == "" {
			t.Fatalf("docs/prompt.md has no line %s", pattern)
		}
		return line
	}
	status := find(`^set -g status-right .*ssoenv prompt.*$`)
	lines := map[string]string{"bash": find(`^PROMPT_COMMAND\+=.*@ssoenv.*$`), "zsh": find(`^ssoenv_tmux\(\) .*$`), "fish": find(`^function ssoenv_tmux .*$`)}
	const odd = "x $(touch ran) 'y'; touch ran #{pane_id}"
	eachShell(t, func(t *testing.T, shell string) {
		w := newWorld(t)
		w.logIn(t)
		w.write(t, ".aws/config", w.configText()+"\n[profile \""+odd+"\"]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Developer\n")
		w.write(t, "tmux.conf", status+"\nset -g status-interval 1\nset -g status-right-length 70\nset -g status-left ''\nset -g default-shell /bin/sh\n")
		socket := filepath.Join(w.home, "tmux.socket")
		t.Cleanup(func() { _ = w.command(t, nil, "tmux", "-S", socket, "kill-server").Run(); w.waitForProcesses() })
		words := append([]string{"tmux", "-S", socket, "-f", "tmux.conf", "new-session"}, interactive[shell]...)
		s := w.screen(t, []string{"PS1=PROMPT> ", "TERM=xterm"}, words...)
		s.expect("PROMPT> ")
		if shell != "fish" {
			s.typeLine(`eval "$(ssoenv init ` + shell + `)"`)
		}
		s.typeLine(lines[shell])
		s.typeLine("ssoenv use dev")
		s.expect(`dev \d+m`)
		s.typeLine("ssoenv use '" + strings.ReplaceAll(odd, "'", `'"'"'`) + "'")
		s.expect(`x \$\(touch ran\) 'y'; touch ran [^\n]* \d+m`)
		if _, err := os.Stat(filepath.Join(w.home, "ran")); err == nil {
			t.Error("a profile's name was executed")
		}
	})
}
