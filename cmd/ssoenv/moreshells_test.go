package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// The shells that read data instead of code, started as a user starts them, with the
// line of "ssoenv init --help" in the start-up file and a prompt that is easy to
// find. PowerShell is not installed here.
var readers = map[string]struct {
	install string
	argv    []string
	file    string // the start-up file, in the home
	prompt  string // a line of it
	status  string // a line that tells the last exit status
}{
	"nu": {
		"npm install nushell, with nu in PATH (scripts/test does so)",
		[]string{"nu", "--no-history"}, ".config/nushell/config.nu",
		"$env.config.show_banner = false; $env.PROMPT_COMMAND_RIGHT = ''; $env.PROMPT_INDICATOR = ''; $env.PROMPT_COMMAND = {|| $'<($env.SSOENV_PROMPT?)> PROMPT> ' }",
		`print $"status ($env.LAST_EXIT_CODE)"`,
	},
	"elvish": {
		"apt-get install elvish",
		[]string{"elvish"}, ".config/elvish/rc.elv",
		"set edit:rprompt = { }; set edit:prompt = { put '<'$E:SSOENV_PROMPT'> PROMPT> ' }",
		"", // an exception has it
	},
	"xonsh": {
		"apt-get install xonsh",
		[]string{"xonsh", "--shell-type", "readline"}, ".xonshrc",
		"$PROMPT = '<{ssoenv}> PROMPT> '",
		`print("status", __xonsh__.history[-1].rtn)`,
	},
}

func eachReader(t *testing.T, test func(t *testing.T, shell string)) {
	for shell, r := range readers {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(r.argv[0]); err != nil {
				t.Fatalf("%s is not installed: %s", shell, r.install)
			}
			test(t, shell)
		})
	}
}

// reader starts the shell with these lines in its start-up file.
func (w *world) reader(t *testing.T, shell string, lines ...string) *screen {
	t.Helper()
	r := readers[shell]
	if err := os.MkdirAll(filepath.Join(w.home, filepath.Dir(r.file)), 0o700); err != nil {
		t.Fatal(err)
	}
	w.write(t, r.file, strings.Join(lines, "\n")+"\n")
	s := w.screen(t, []string{"SHELL=/bin/csh"}, r.argv...)
	s.expect("PROMPT> ")
	return s
}

// enter types a line, expects these patterns, and waits for the next prompt.
func (s *screen) enter(line string, patterns ...string) (segment string) {
	s.t.Helper()
	s.typeLine(line)
	for _, pattern := range patterns {
		s.expect(pattern)
	}
	return s.prompt()
}

// prompt waits until the shell reads again, since it may discard what is typed
// before, and returns the segment that the hook shows. Nushell draws its prompt
// repeatedly, but marks the end of a command.
func (s *screen) prompt() (segment string) {
	s.t.Helper()
	pattern := `<[^<>]*> PROMPT> `
	if strings.Contains(s.shown(), "\x1b]133;A") {
		pattern = `(?s)\x1b\]133;D.*?` + pattern
	}
	shown := s.expect(pattern)
	segment, _, _ = strings.Cut(shown[strings.LastIndexByte(shown, '<')+1:], ">")
	return segment
}

// startupLine returns the line for the shell's start-up file.
func startupLine(name string) string {
	shell, _ := startup(name)
	return shell.StartupLine(false)
}

func TestInteractiveReaders(t *testing.T) {
	t.Parallel()
	eachReader(t, func(t *testing.T, shell string) {
		w, r := newWorld(t), readers[shell]
		s := w.reader(t, shell, startupLine(shell), r.prompt)

		s.enter("ssoenv use dev", `logging in to "corp"`, `logged in to "corp"; renews automatically`, `dev: account 111111111111, role Developer, eu-central-1, until`)
		s.enter("environ AWS_ACCOUNT_ID SSOENV_PROFILE AWS_CREDENTIAL_EXPIRATION", `AWS_ACCOUNT_ID="111111111111"\r?\nSSOENV_PROFILE="dev"\r?\nAWS_CREDENTIAL_EXPIRATION="\d{4}-\d\d-\d\dT[\d:]+Z"`)
		issued := w.server.LastIssued()
		s.enter("environ AWS_ACCESS_KEY_ID", `AWS_ACCESS_KEY_ID="`+issued.AccessKeyID+`"`)

		// A failed command changes nothing, is reported, and stops the commands
		// after it.
		if r.status == "" {
			s.enter("ssoenv use prodx", `there is no profile "prodx"`, `did you mean "prod"\?`, `exited with 4`)
		} else {
			s.enter("ssoenv use prodx", `there is no profile "prodx"`, `did you mean "prod"\?`)
			s.enter(r.status, `status 4\r?\n`)
		}
		follows := map[string]string{"nu": "; ", "elvish": "; ", "xonsh": " && "}[shell]
		s.enter("ssoenv use prodx"+follows+"environ SSOENV_PROMPT_FORMAT", `there is no profile "prodx"`)
		s.enter("environ AWS_ACCOUNT_ID SSOENV_PROFILE", `AWS_ACCOUNT_ID="111111111111"\r?\nSSOENV_PROFILE="dev"`)
		if strings.Contains(s.shown(), "SSOENV_PROMPT_FORMAT is not set") {
			t.Error("what follows a failure runs")
		}

		s.enter("ssoenv use prod --region eu-west-1", `prod: account 222222222222, role Administrator, eu-west-1`)
		s.enter("ssoenv use -", `dev: account 111111111111`)
		s.enter("ssoenv whoami", `assumed-role/AWSReservedSSO_Developer_`)
		s.enter("ssoenv status | grep account", `account[^\n]*111111111111`)
		s.enter("ssoenv clear")
		s.enter("environ AWS_ACCESS_KEY_ID AWS_REGION SSOENV_PROFILE SSOENV_SAVED", `AWS_ACCESS_KEY_ID is not set\r?\nAWS_REGION is not set\r?\nSSOENV_PROFILE is not set\r?\nSSOENV_SAVED is not set`)

		s.enter("ssoenv --debug use dev", `dev: account 111111111111`)
		s.enter("ssoenv logout", `logged out of "corp"`)
		s.enter("environ AWS_ACCESS_KEY_ID SSOENV_PROFILE", `AWS_ACCESS_KEY_ID is not set\r?\nSSOENV_PROFILE is not set`)

		if shown := s.shown(); strings.Contains(shown, issued.SecretAccessKey) || strings.Contains(shown, "IQoJb3JpZ2lu") {
			t.Errorf("a key is on the screen:\n%s", shown)
		}
	})
}

// clear restores the earlier values, byte for byte.
func TestReadersRestoreVariables(t *testing.T) {
	t.Parallel()
	eachReader(t, func(t *testing.T, shell string) {
		w, r := newWorld(t), readers[shell]
		w.env = append(w.env, "AWS_PROFILE=it's \"$(touch pwned)\" é = x", "AWS_REGION=us-west-2")
		s := w.reader(t, shell, startupLine(shell), r.prompt)
		s.enter("ssoenv login dev", `logged in to "corp"`)
		s.enter("ssoenv use dev", `dev: account`)
		s.enter("environ AWS_PROFILE AWS_REGION", `AWS_PROFILE is not set\r?\nAWS_REGION="eu-central-1"`)
		s.enter("ssoenv clear")
		s.enter("environ AWS_PROFILE AWS_REGION", regexp.QuoteMeta(`AWS_PROFILE="it's \"$(touch pwned)\" é = x"`)+`\r?\nAWS_REGION="us-west-2"`)
		if _, err := os.Stat(filepath.Join(w.home, "pwned")); err == nil {
			t.Error("a value ran")
		}
	})
}

// Without the function only instructions are printed to the terminal, and following
// them works.
func TestReadersShowNoCredentials(t *testing.T) {
	t.Parallel()
	eachReader(t, func(t *testing.T, shell string) {
		w, r := newWorld(t), readers[shell]
		if out, err := w.command(t, nil, "ssoenv", "login", "dev").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		s := w.reader(t, shell, r.prompt)
		named, file := startup(shell)
		now, always := named.EvalLine("use dev"), named.StartupLine(false)
		s.enter("ssoenv use dev", `switch nothing`, regexp.QuoteMeta("for this shell, now:  "+now), regexp.QuoteMeta("add to "+file+":  "+always))
		if shown := s.shown(); strings.Contains(shown, "ASIA") || strings.Contains(shown, "AWS_ACCESS") {
			t.Errorf("a key is on the screen:\n%s", shown)
		}
		for line := range strings.SplitSeq(now, "  and, on a new line,  ") {
			s.enter(line)
		}
		if !strings.Contains(s.shown(), "dev: account 111111111111") {
			t.Errorf("it switches nothing:\n%s", s.shown())
		}
		s.enter("environ SSOENV_PROFILE", `SSOENV_PROFILE="dev"`)
	})
}

// Ctrl-C during a login leaves the shell unchanged.
func TestReadersInterruptedLogin(t *testing.T) {
	t.Parallel()
	eachReader(t, func(t *testing.T, shell string) {
		w, r := newWorld(t), readers[shell]
		w.env = append(w.env, "BROWSER=true")
		w.server.Change(func(s *ssotest.Settings) { s.AutoApprove = false })
		s := w.reader(t, shell, startupLine(shell), r.prompt)
		s.typeLine("ssoenv use dev")
		s.expect(`/authorize[^ ]+\r?\n`)
		s.keys("\x03")
		s.prompt()
		s.enter("environ AWS_ACCESS_KEY_ID SSOENV_PROFILE", `AWS_ACCESS_KEY_ID is not set\r?\nSSOENV_PROFILE is not set`)
	})
}

// The segment shows the profile, the prompt has the credentials renewed in time, and
// the end of the session is reported once.
func TestReadersRenewAtThePrompt(t *testing.T) {
	t.Parallel() // it is mostly waiting
	eachReader(t, func(t *testing.T, shell string) {
		w, r := newWorld(t), readers[shell]
		w.server.Change(func(s *ssotest.Settings) { s.RoleLifetime = 16 * time.Second })
		s := w.reader(t, shell, startupLine(shell), r.prompt)
		s.enter("ssoenv use dev", `dev: account 111111111111`)
		first := w.server.LastIssued().AccessKeyID

		// After each command there is a prompt, which may start a renewal. The
		// segment belongs to the prompt and not to the command's environment.
		until := func(what string, done func(key, segment string) bool) {
			t.Helper()
			deadline := time.Now().Add(30 * time.Second)
			for {
				s.enter("/bin/sleep 0.2")
				s.typeLine("environ AWS_ACCESS_KEY_ID SSOENV_PROMPT")
				key := s.expect(`AWS_ACCESS_KEY_ID="\w+"`)
				s.expect(`SSOENV_PROMPT is not set`)
				if done(key, s.prompt()) {
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("%s does not happen; the screen ends with\n%q", what, s.shown()[max(0, len(s.shown())-2000):])
				}
			}
		}
		alive := func(_, segment string) bool { return regexp.MustCompile(`^dev \d+s$`).MatchString(segment) }
		until("the segment", alive)
		until("a renewal", func(key, _ string) bool { return !strings.Contains(key, first) })
		s.enter("environ AWS_ACCESS_KEY_ID", w.server.LastIssued().AccessKeyID)

		w.server.RevokeSessions()
		const line = `ssoenv: "dev": the session has ended; log in again with: ssoenv login`
		until("the word that the session has ended", func(_, _ string) bool { return strings.Contains(s.shown(), line) })
		until("the end", func(_, segment string) bool { return segment == "dev expired" })
		if n := strings.Count(s.shown(), line); n != 1 {
			t.Errorf("said %d times:\n%s", n, s.shown())
		}
		s.enter("ssoenv use dev", `logged in to "corp"`)
		until("the segment", alive)
	})
}

// The segment has "?" for each character that is not visible.
func TestReadersShowOnlyVisibleCharacters(t *testing.T) {
	t.Parallel()
	eachReader(t, func(t *testing.T, shell string) {
		w, r := newWorld(t), readers[shell]
		w.env = append(w.env, "SSOENV_PROFILE=a\u202eb\u200bc\u2066d\u009be\ufe0ff\U000e0100g\u180bh\u2800i\u00a0j\u3000k\u034fl\ue000ñ日",
			"SSOENV_EXPIRES="+strconv.FormatInt(time.Now().Unix()+3700, 10), "SSOENV_PROMPT_FORMAT=\u2003%p☁\u200d%r", "AWS_REGION=\u3164\x1b[2J")
		s := w.reader(t, shell, startupLine(shell), r.prompt)
		if got, want := s.enter("/bin/sleep 0.1"), "?a?b?c?d?e?f?g?h?i?j?k?l?ñ日☁???[2J"; got != want {
			t.Errorf("got the segment %q, want %q", got, want)
		}
	})
}

// A value of SSOENV_EXPIRES that is not a number is ignored.
func TestReadersInAHostileEnvironment(t *testing.T) {
	t.Parallel()
	eachReader(t, func(t *testing.T, shell string) {
		for _, expires := range []string{"a[$(touch pwned)]", strings.Repeat("9", 40), "-1", "1\n2"} {
			w, r := newWorld(t), readers[shell]
			w.env = append(w.env, "SSOENV_PROFILE=dev", "SSOENV_EXPIRES="+expires, "SSOENV_EXPIRY_FILE=$(touch pwned)")
			s := w.reader(t, shell, startupLine(shell), r.prompt)
			if segment := s.enter("environ SSOENV_PROFILE SSOENV_PROMPT", `SSOENV_PROFILE="dev"\r?\nSSOENV_PROMPT is not set`); segment != "dev" {
				t.Errorf("%q: the segment is %q:\n%q", expires, segment, s.shown())
			}
			if _, err := os.Stat(filepath.Join(w.home, "pwned")); err == nil {
				t.Errorf("%q ran", expires)
			}
		}
	})
}

// Credentials without a time of expiration have a segment too, and nothing of the
// format is left of a value that is not there.
func TestReadersSegmentWithoutTime(t *testing.T) {
	t.Parallel()
	set := map[string]string{"nu": "$env.%s = '%s'", "elvish": "set-env %s '%s'", "xonsh": "$%s = '%s'"}
	eachReader(t, func(t *testing.T, shell string) {
		w, r := newWorld(t), readers[shell]
		w.env = append(w.env, "SSOENV_PROFILE=dev", "AWS_ACCOUNT_ID=42", "AWS_REGION=eu-1")
		s := w.reader(t, shell, startupLine(shell), r.prompt)
		for _, c := range []struct{ format, unnamed, named string }{
			{"%p (%t)", "dev", "dev"},
			{"%p [%t] %r", "dev eu-1", "dev eu-1"},
			{"%t %p", "dev", "dev"},
			{"(%t) {%n} %p", "dev", "{Acme (} dev"},
			{"%p %n %a %t|", "dev 42|", "dev Acme ( 42|"},
			{"%p (%n %t)", "dev", "dev (Acme ()"},
			{"%p [%t]%%t", "dev%t", "dev%t"},
			{"%n (%a)", "(42)", "Acme ( (42)"},
		} {
			s.enter(fmt.Sprintf(set[shell], "SSOENV_PROMPT_FORMAT", c.format))
			for name, want := range map[string]string{"": c.unnamed, "Acme (": c.named} {
				s.enter(fmt.Sprintf(set[shell], "SSOENV_ACCOUNT_NAME", name))
				if got := s.enter("/bin/sleep 0.1"); got != want {
					t.Errorf("%q, %q: got the segment %q, want %q", c.format, name, got, want)
				}
			}
		}
	})
}
