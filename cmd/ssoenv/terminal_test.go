package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/shellinit/ptytest"
)

// A screen is a terminal with a program in it, and the test that looks at it.
type screen struct {
	*ptytest.Terminal
	t *testing.T
}

func (s *screen) shown() string { return s.Shown() }

func (s *screen) expect(pattern string) string {
	s.t.Helper()
	return s.Expect(pattern)
}

func (s *screen) typeLine(line string) {
	s.t.Helper()
	s.TypeLine(line)
}

func (s *screen) keys(keys string) {
	s.t.Helper()
	s.Type(keys)
}

// interactive are the shells with nothing but the hook, and with a prompt that is
// easy to find.
var interactive = map[string][]string{
	"bash": {"bash", "--norc", "--noprofile", "-i"},
	"zsh":  {"zsh", "-f", "-i"},
	"fish": {"fish", "--no-config", "-i", "-C", "ssoenv init fish | source; function fish_prompt; echo -n 'PROMPT> '; end"},
}

// status is the last exit status in each shell's syntax.
var status = map[string]string{"bash": "$?", "zsh": "$?", "fish": "$status"}

func eachShell(t *testing.T, test func(t *testing.T, shell string)) {
	for shell := range interactive {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(shell); err != nil {
				t.Fatalf("install %s", shell)
			}
			test(t, shell)
		})
	}
}

// Daily use: a login during a use, a switch, a typing error, clear. No credentials
// are shown.
func TestInteractiveShells(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, shell string) {
		w := newWorld(t)
		s := w.shell(t, shell)

		s.typeLine("ssoenv use dev")
		s.expect(`logging in to "corp"`)
		s.expect(`logged in to "corp"; renews automatically`)
		s.expect(`dev: account 111111111111, role Developer, eu-central-1, until`)
		s.expect("PROMPT> ")
		s.typeLine("environ AWS_ACCOUNT_ID SSOENV_PROFILE")
		s.expect(`AWS_ACCOUNT_ID="111111111111"\r?\nSSOENV_PROFILE="dev"`)
		s.expect("PROMPT> ")

		s.typeLine("ssoenv use prodx || echo status " + status[shell])
		s.expect(`there is no profile "prodx"`)
		s.expect(`did you mean "prod"\?`)
		s.expect(`status 4`)
		s.expect("PROMPT> ")

		s.typeLine("ssoenv use prod")
		s.expect(`prod: account 222222222222`)
		s.typeLine("ssoenv use -")
		s.expect(`dev: account 111111111111`)
		s.typeLine("ssoenv whoami")
		s.expect(`assumed-role/AWSReservedSSO_Developer_`)
		s.expect("PROMPT> ")
		s.typeLine("ssoenv clear")
		s.expect("PROMPT> ")
		s.typeLine("environ AWS_ACCESS_KEY_ID SSOENV_PROFILE")
		s.expect(`AWS_ACCESS_KEY_ID is not set\r?\nSSOENV_PROFILE is not set`)

		issued := w.server.LastIssued()
		if shown := s.shown(); strings.Contains(shown, issued.SecretAccessKey) || strings.Contains(shown, "IQoJb3JpZ2lu") {
			t.Errorf("a key is on the screen:\n%s", shown)
		}
	})
}

// Without the function and without eval, only instructions are printed to the
// terminal.
func TestShellsShowNoCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if out, err := w.command(t, nil, "ssoenv", "login", "dev").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for shell, line := range map[string]string{
		"bash": `eval "\$\(ssoenv use dev\)"`,
		"zsh":  `eval "\$\(ssoenv use dev\)"`,
		"fish": `ssoenv use dev --shell fish \| source`,
	} {
		t.Run(shell, func(t *testing.T) {
			words := slices.Clone(interactive[shell])
			if shell == "fish" {
				words[len(words)-1] = "function fish_prompt; echo -n 'PROMPT> '; end"
			}
			s := w.screen(t, []string{"PS1=PROMPT> ", "SHELL=/bin/csh"}, words...)
			s.expect("PROMPT> ")
			s.typeLine("ssoenv use dev; echo status " + status[shell])
			s.expect(`switch nothing`)
			s.expect(line)
			s.expect("ssoenv init " + shell)
			s.expect("status 2")
			if shown := s.shown(); strings.Contains(shown, "ASIA") || strings.Contains(shown, "export") || strings.Contains(shown, "false") {
				t.Errorf("a key is on the screen:\n%s", shown)
			}
		})
	}
}

// Ctrl-C during a login leaves the shell unchanged, and the command after it does
// not run.
func TestInterruptedLogin(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, shell string) {
		w := newWorld(t)
		w.server.Change(func(s *ssotest.Settings) { s.AutoApprove = false })
		s := w.shell(t, shell, "BROWSER=true")
		s.typeLine("ssoenv use dev && echo must not run")
		s.expect("/authorize")
		s.expect(`[^ ]+\r?\n`)
		s.keys("\x03")
		s.expect("PROMPT> ")
		s.typeLine("environ AWS_ACCESS_KEY_ID SSOENV_PROFILE; echo still here")
		s.expect(`AWS_ACCESS_KEY_ID is not set\r?\nSSOENV_PROFILE is not set`)
		s.expect(`still here`)
		if strings.Contains(strings.ReplaceAll(s.shown(), "&& echo must not run", ""), "must not run") {
			t.Errorf("what followed the use ran:\n%s", s.shown())
		}
	})
}

// On a machine without a browser, the address that the browser elsewhere could not
// open can be pasted, of any length. A wrong one is reported.
func TestPastedAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Change(func(s *ssotest.Settings) { s.AutoApprove = false })
	s := w.screen(t, []string{"BROWSER="}, "ssoenv", "login", "dev")
	s.expect(`paste the address of that page here`)
	address := regexp.MustCompile(`http://\S+/authorize\S+`).FindString(s.shown())
	query := address[strings.Index(address, "?")+1:]
	state := regexp.MustCompile(`state=([^&\s]+)`).FindStringSubmatch(query)[1]
	redirect := regexp.MustCompile(`redirect_uri=http%3A%2F%2F(127\.0\.0\.1)%3A(\d+)`).FindStringSubmatch(query)

	s.typeLine("http://127.0.0.1:1/oauth/callback?code=x&state=wrong")
	s.expect(`not the address that this login waits for`)

	s.typeLine("http://127.0.0.1:" + redirect[2] + "/oauth/callback?error=access_denied&state=" + state + "&x=" + strings.Repeat("y", 6000))
	s.expect(`the login was denied in the browser`)
}

// With --no-browser, and if the browser cannot be started, the address can be pasted
// too: the browser that the user opens may be on another machine.
func TestPastedAddressBesideABrowser(t *testing.T) {
	t.Parallel()
	for _, words := range [][]string{{"approve", "--no-browser"}, {"broken"}} {
		w := newWorld(t)
		w.server.Change(func(s *ssotest.Settings) { s.AutoApprove = false })
		browser := words[0]
		if browser == "broken" { // it is found, and the system cannot execute it
			browser = filepath.Join(w.home, "broken")
			if err := os.WriteFile(browser, []byte("\x7fELF"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		s := w.screen(t, []string{"BROWSER=" + browser}, append([]string{"ssoenv", "login", "dev"}, words[1:]...)...)
		s.expect(`if the browser then fails to open a page at 127.0.0.1, paste the address of\s+that page here`)
		s.typeLine("code")
		s.expect(`the code is [A-Z]`)
		s.keys("\x03")
		s.expect(`interrupted`)
	}
}

// At the same prompt a device code can be asked for.
func TestPastePromptOffersDeviceCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.screen(t, []string{"BROWSER="}, "ssoenv", "login", "dev")
	s.expect(`or type "code"`)
	s.typeLine("code")
	s.expect(`the code is [A-Z]`)
	s.expect(`logged in to "corp"`)
}

// At a terminal the user is asked, and any answer but yes changes nothing.
func TestConfirmation(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, shell string) {
		w := newWorld(t)
		w.logIn(t)
		w.write(t, ".aws/config", strings.ReplaceAll(defaultConfig, "$URL", w.url)+"ssoenv_confirm = true\n")
		s := w.shell(t, shell)
		s.typeLine("ssoenv use legacy || echo no switch")
		s.expect(`Use it\? \[y/N\]`)
		s.typeLine("")
		s.expect(`not confirmed`)
		s.expect(`no switch`)
		s.expect("PROMPT> ")
		s.typeLine("ssoenv use legacy")
		s.expect(`Use it\? \[y/N\]`)
		s.typeLine("yes")
		s.expect(`legacy: account 111111111111`)
		// The question is asked on the terminal, since stdin belongs to the command.
		s.typeLine("ssoenv clear; echo data | ssoenv exec legacy -- cat")
		s.expect(`Use it\? \[y/N\]`)
		s.typeLine("yes")
		s.expect(`\ndata\r?\n`)
	})
}

// eval "$(ssoenv use …)" with the function loaded asks once, logs in once and prints
// once: a substitution only prints the call.
func TestEvalOfAUseAsksOnce(t *testing.T) {
	t.Parallel()
	posix := `eval "$(ssoenv use legacy)"`
	for shell, line := range map[string]string{
		"bash": posix, "zsh": posix, "dash": posix, "ksh93": posix, "mksh": posix, "busybox": posix, "fish": "eval (ssoenv use legacy)",
	} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.logIn(t)
			w.write(t, ".aws/config", strings.ReplaceAll(defaultConfig, "$URL", w.url)+"ssoenv_confirm = true\n")
			var s *screen
			if _, ok := interactive[shell]; ok {
				s = w.shell(t, shell)
			} else {
				words := []string{shell, "-i"}
				if shell == "busybox" {
					words = []string{shell, "sh", "-i"}
				}
				s = w.screen(t, []string{"ENV="}, words...)
				s.expect("[#$] ")
				s.typeLine(`eval "$(ssoenv init sh)"; PS1='PRO''MPT> '`)
				s.expect("PROMPT> ")
			}
			if shell != "fish" { // where a substitution is no subshell
				s.typeLine(`x="$(ssoenv use legacy)"; echo "<$x>"`)
				s.expect(`<\\ssoenv '?use'? '?legacy'?>`)
				s.expect("PROMPT> ")
			}
			s.typeLine(line)
			s.expect(`Use it\? \[y/N\]`)
			s.typeLine("y")
			s.expect(`legacy: account 111111111111`)
			s.expect("PROMPT> ")
			s.typeLine("environ SSOENV_PROFILE")
			s.expect(`SSOENV_PROFILE="legacy"`)
			if asked, told := s.count(`Use it\?`), s.count(`legacy: account`); asked != 1 || told != 1 {
				t.Errorf("asked %d times, told %d times:\n%s", asked, told, s.shown())
			}
		})
	}
}
