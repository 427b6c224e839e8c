package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/shellinit/ptytest"
)

// listed runs ssoenv on a terminal of that width and returns the lines that it shows.
func (w *world) listed(t *testing.T, width int, env []string, words ...string) []string {
	t.Helper()
	terminal := ptytest.Start(t, w.command(t, env, words...), ptytest.Size{Cols: width, Rows: 24})
	shown, _ := terminal.Wait(20 * time.Second)
	return strings.Split(strings.TrimSuffix(shown, "\n"), "\n")
}

// A list fits the terminal, marks what the shell uses and what expires soon by a
// character, and by colours where there are any.
func TestListsOnATerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	w.runProcess(t, nil, "accounts")
	w.setRoleLifetime(14 * time.Minute)
	w.runProcess(t, nil, "use", "dev")
	w.write(t, ".aws/config", w.read(t, ".aws/config")+"\n[profile "+strings.Repeat("long-", 40)+`end]
sso_session = corp
sso_account_id = 333333333333
sso_role_name = Auditor

[profile データ湖]
sso_session = corp
sso_account_id = 333333333333
sso_role_name = Auditor

[profile keys]
aws_access_key_id = AKIAABCDEFGHIJKLMNOP
aws_secret_access_key = secret

[profile typo]
sso_session = crop
`)
	env := []string{"SSOENV_PROFILE=dev", "AWS_ACCOUNT_ID=111111111111"}
	colors := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, width := range []int{100, 80, 40} {
		for _, command := range []string{"list", "accounts", "roles --all", "roles 111111111111", "status", "status --all"} {
			words := append([]string{"ssoenv"}, strings.Fields(command)...)
			for _, line := range w.listed(t, width, env, words...) {
				const erased = "\x1b[K" // the progress before it is gone
				text := colors.ReplaceAllString(line[max(0, strings.LastIndex(line, erased)):], "")
				text = strings.TrimPrefix(text, erased)
				if strings.HasPrefix(text, "ssoenv: ") || strings.Contains(text, "accounts, ") {
					continue // a message, or the progress
				}
				if safetext.Width(text) > width {
					t.Errorf("%s: wider than %d: %q", command, width, text)
				}
			}
		}
	}
	shown := strings.Join(w.listed(t, 80, env, "ssoenv", "list"), "\n")
	for _, want := range []string{
		`  PROFILE `, `\x1b\[1m\* dev\x1b\[0m `, ` \x1b\[31m1[34]m !\x1b\[0m`, `long-…  Zürich – デ…   333333333333  Auditor `, `\(static keys\) +never`,
		`データ湖          Zürich`, `\x1b\[31m\(not usable\)\x1b\[0m`, `ssoenv: not usable: profile "typo" names sso-session "crop"`,
	} {
		if !regexp.MustCompile(want).MatchString(shown) {
			t.Errorf("no match for %q in:\n%s", want, shown)
		}
	}
	for _, without := range []string{"NO_COLOR=1", "TERM=dumb"} {
		shown = strings.Join(w.listed(t, 80, append([]string{without}, env...), "ssoenv", "list"), "\n")
		if strings.Contains(shown, "\x1b") || !strings.Contains(shown, "\n* dev ") || !strings.Contains(shown, "m !") {
			t.Errorf("%s:\n%s", without, shown)
		}
	}
}

// More than a screen goes through the pager, which the user may leave early or
// interrupt.
func TestPager(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "\n[profile many-%d]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Developer\n", i)
	}
	short := w.read(t, ".aws/config")
	w.write(t, ".aws/config", short+b.String())
	pager := func(words string) []string { return []string{"PAGER=" + words} }

	shown := strings.Join(w.listed(t, 80, pager(`echo "LESS is $LESS"; head -n 3; exit 1`), "ssoenv", "list"), "\n")
	if !strings.HasPrefix(shown, "LESS is FRX\n  PROFILE") || strings.Contains(shown, "many-") || strings.Contains(shown, "ssoenv:") {
		t.Errorf("a pager that is left early:\n%s", shown)
	}
	for _, none := range []string{"cat", ""} {
		if shown := strings.Join(w.listed(t, 80, pager(none), "ssoenv", "list"), "\n"); !strings.HasPrefix(shown, "  PROFILE") || !strings.Contains(shown, "many-99") {
			t.Errorf("PAGER=%q:\n%s", none, shown)
		}
	}
	for _, plain := range []string{"TERM=dumb", "SSOENV_PLAIN=1"} {
		if shown := strings.Join(w.listed(t, 80, append(pager("head -n 3"), plain), "ssoenv", "list"), "\n"); !strings.Contains(shown, "many-99") {
			t.Errorf("%s:\n%s", plain, shown)
		}
	}
	shown = strings.Join(w.listed(t, 80, pager("no-such-pager"), "ssoenv", "list"), "\n")
	if !strings.Contains(shown, "many-99") || !strings.Contains(shown, "ssoenv: the pager cannot be run: ") {
		t.Errorf("a pager that is missing:\n%s", shown)
	}

	must(t, os.Mkdir(filepath.Join(w.home, "repository"), 0o755))
	w.write(t, "repository/less", "#!/bin/sh\n: >"+w.home+"/ran\n")
	must(t, os.Chmod(filepath.Join(w.home, "repository", "less"), 0o755))
	program, err := exec.LookPath("ssoenv")
	must(t, err)
	for _, named := range []string{"unset PAGER", "PAGER=less", "PAGER='less -R'"} {
		w.listed(t, 80, nil, "sh", "-c", "cd repository; "+named+"; PATH=. exec "+program+" list")
		if _, err := os.Stat(filepath.Join(w.home, "ran")); err == nil {
			t.Fatalf("%s: the pager of the folder was run", named)
		}
	}

	s := w.screen(t, pager("trap 'echo interrupted' INT; echo paging; sleep 0.3; sleep 0.3; cat >/dev/null; echo left"), "bash", "--norc", "--noprofile", "-ic", "ssoenv list; echo status $?")
	s.expect("paging")
	s.keys("\x03")
	s.expect("interrupted(.|\n)*left(.|\n)*status 0")

	// Nothing is paged that fits, that no user can leave, or that a program reads.
	for _, env := range [][]string{{"CI=1"}, {"DIRENV_IN_ENVRC=1"}} {
		if shown := strings.Join(w.listed(t, 80, append(pager("echo paged; cat"), env...), "ssoenv", "list"), "\n"); strings.Contains(shown, "paged") {
			t.Errorf("%v:\n%s", env, shown)
		}
	}
	out, _, _ := w.runProcess(t, pager("echo paged; cat"), "list")
	if strings.Contains(out, "paged") || !strings.Contains(out, "many-99") {
		t.Errorf("in a pipe:\n%s", out)
	}
	w.write(t, ".aws/config", short)
	if shown := strings.Join(w.listed(t, 80, pager("echo paged; cat"), "ssoenv", "list"), "\n"); strings.Contains(shown, "paged") {
		t.Errorf("a list that fits:\n%s", shown)
	}
}
