package shellinit

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const expiredSentence = `ssoenv: the credentials of "dev" have expired; renew them with: ssoenv use dev`

// A failure that the program has recorded since about the hook's last attempt is
// printed once for the same credentials. Without one, only that they have expired
// is.
func TestHookReportsFailures(t *testing.T) {
	const sentence = "the session has ended; log in again with: ssoenv login"
	const reported = `ssoenv: "dev": ` + sentence
	eachHook(t, func(t *testing.T, s stage, run func(env ...string) hookRun) {
		below := filepath.Join(s.home, "below")
		if err := os.Mkdir(below, 0o700); err != nil {
			t.Fatal(err)
		}
		soon := inSeconds(500)
		dead := inSeconds(-20)
		for _, c := range []struct {
			name, expires, failure, want string
		}{
			{"live", soon, "SOON " + sentence + "\n", reported},
			{"live, at about the same time", soon, "NOW " + sentence + "\n", reported},
			{"dead", dead, "SOON " + sentence + "\n", reported},
			{"old", soon, "OLD " + sentence + "\n", ""},
			{"old and dead", dead, "OLD " + sentence + "\n", expiredSentence},
			{"nothing to say", soon, "SOON\n", ""},
			{"nothing to say, dead", dead, "SOON\n", expiredSentence},
			{"no file, dead", dead, "", expiredSentence},
			{"no time", soon, sentence + "\n", ""},
			{"code for a time", soon, "a[$(touch x)] " + sentence + "\n", ""},
			{"JSON of an earlier version", soon, `{"at":9999999999,"login":true}`, ""},
			{"escape", soon, "SOON " + sentence + "\x1b[2Jseen\n", ""},
			{"tab", soon, "SOON " + sentence + "\tseen\n", ""},
			{"carriage return", soon, "SOON " + sentence + "\r\nseen\n", ""},
			{"not ASCII", soon, "SOON " + sentence + " s\u00e9en\n", ""},
			{"C1 control", soon, "SOON " + sentence + " \u009bseen\n", ""},
			{"two lines", soon, "SOON " + sentence + "\nseen\n", reported},
			{"code", soon, "SOON $(touch x) `touch x` %s %d\n", "ssoenv: \"dev\": $(touch x) `touch x` %s %d"},
			{"long", soon, "SOON " + strings.Repeat("x", 109) + "seen\n", `ssoenv: "dev": ` + strings.Repeat("x", 109)},
		} {
			for _, directory := range []string{s.home, below} {
				want := c.want
				if directory == below {
					if c.name != "live" && c.name != "dead" {
						continue
					}
					want = map[string]string{"dead": expiredSentence}[c.name]
				}
				times := strings.NewReplacer("NOW ", inSeconds(0)+" ", "SOON", inSeconds(60), "OLD", inSeconds(-60))
				failure, expiry := directory+"/k.failed", directory+"/k.expires"
				if err := os.WriteFile(failure, []byte(times.Replace(c.failure)), 0o600); err != nil {
					t.Fatal(err)
				}
				if c.failure == "" {
					os.Remove(failure)
				}
				r := run("SSOENV_EXPIRES="+c.expires, "SSOENV_EXPIRY_FILE="+expiry, "NO_ADOPT=1")
				screen := strings.ReplaceAll(r.screen, "\r\n", "\n")
				if want != "" && strings.Count(screen, want+"\n") != 1 || strings.Contains(screen, "seen") ||
					len(regexp.MustCompile(`ssoenv: ["t]`).FindAllString(screen, -1)) != min(len(want), 1) {
					t.Errorf("%s, in %s: want %q once and nothing else: got %q", c.name, directory, want, screen)
				}
			}
		}
	})
}

// A sentence that ends with the command "ssoenv use" gets the profile's name, in quotes
// if it needs them.
func TestHookNamesTheProfile(t *testing.T) {
	eachHook(t, func(t *testing.T, s stage, run func(env ...string) hookRun) {
		for name, word := range map[string]string{"dev": "dev", "my dev": `(my\\ dev|'my dev'|"my dev")`} {
			if err := os.WriteFile(s.home+"/k.failed", []byte(inSeconds(60)+" the key is not known; switch again with: ssoenv use\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			r := run("SSOENV_PROFILE="+name, "SSOENV_EXPIRES="+inSeconds(500), "SSOENV_EXPIRY_FILE="+s.home+"/k.expires", "NO_ADOPT=1")
			want := `ssoenv: "` + name + `": the key is not known; switch again with: ssoenv use ` + word + `\r?\n`
			if !regexp.MustCompile(want).MatchString(r.screen) {
				t.Errorf("got %q, want %s", r.screen, want)
			}
		}
	})
}

// If SSOENV_EXPIRY_FILE is unset or relative, no file of the working directory is
// read, and "set -u" finds no unset variable.
func TestFailureFilesOfTheWorkingDirectory(t *testing.T) {
	const failure = "9999999999 the session has ended"
	plant := func(t *testing.T, folder string) {
		t.Helper()
		for _, name := range []string{"/.failed", "/odd.failed", "/odd", "/odd.expires"} {
			if err := os.WriteFile(folder+name, []byte(failure), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	files := [][]string{nil, {"SSOENV_EXPIRY_FILE=odd"}, {"SSOENV_EXPIRY_FILE=odd.expires"}, {"SSOENV_EXPIRY_FILE=./odd.expires"}}
	eachJudge(t, hooked, func(t *testing.T, s stage, j judge) {
		plant(t, s.home)
		first := map[Shell]string{Bash: "cd; set -u; shopt -u promptvars", Zsh: "cd; set -u", Fish: "cd"}[j.dialect] // without PS0, bash reports at the prompt
		for _, file := range files {
			p := bare(t, s, j, append(file, "SSOENV_PROFILE=dev", "SSOENV_EXPIRES="+inSeconds(-9), "NO_ADOPT=1")...)
			p.line(first)
			out := p.load(j) + p.line("true") + p.line("true")
			if strings.Count(out, expiredSentence) != 1 || regexp.MustCompile(`unbound|not set|has ended`).MatchString(out) {
				t.Errorf("%q: got %q, want %q once", file, out, expiredSentence)
			}
		}
	})
	eachReader(t, func(t *testing.T, s stage, shell Shell, program string) {
		plant(t, s.dir)
		exe := s.home + "/false"
		if err := os.WriteFile(exe, []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			env := append(file, "SSOENV_PROFILE=dev", "SSOENV_EXPIRES="+inSeconds(-9))
			if shell == Elvish {
				env = append(env, "PATH=/usr/bin:/bin") // for the clock
			}
			screen := s.converse(t, shell, program, exe, env, "echo on")
			if !strings.Contains(screen, expiredSentence) || strings.Contains(screen, "has ended") {
				t.Errorf("%q: got %q, want %q", file, screen, expiredSentence)
			}
		}
	})
}
