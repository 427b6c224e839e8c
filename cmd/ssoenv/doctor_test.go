package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// At a terminal a shell function that is not loaded is a problem, and its fix works.
// A function from another version is a problem, too.
func TestDoctorChecksTheShell(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, shell string) {
		w := newWorld(t)
		words := append([]string{}, interactive[shell]...)
		if shell == "fish" {
			words[len(words)-1] = "function fish_prompt; echo -n 'PROMPT> '; end"
		}
		s := w.screen(t, []string{"PS1=PROMPT> ", "NO_COLOR=1"}, words...)
		s.expect("PROMPT> ")
		says := func(pattern string) { s.expect(strings.ReplaceAll(pattern, " ", `\s+`)) } // lines are broken
		s.typeLine("ssoenv doctor --offline; echo status " + status[shell])
		says(`fail the shell function is not loaded in this ` + shell)
		says(`fix: ssoenv init ` + shell + ` --install`)
		s.expect(`status 1`)
		s.expect("PROMPT> ")

		named, _ := startup(shell)
		s.typeLine(named.StartupLine(false))
		s.expect("PROMPT> ")
		s.typeLine("ssoenv doctor --offline; echo status " + status[shell])
		says(`ok the shell function of this version is loaded in this ` + shell)
		says(`ok the prompt of this ` + shell + ` does not show the profile; to show it: ssoenv init ` + shell + ` --install --prompt`)
		s.expect(`status 0`)
		s.expect("PROMPT> ")
		s.typeLine(named.StartupLine(true))
		s.expect("PROMPT> ")
		s.typeLine("ssoenv --debug doctor --offline; echo status " + status[shell])
		says(`ok the prompt of this ` + shell + ` shows the profile`)
		s.expect(`status 0`)
		s.expect("PROMPT> ")

		theme := map[string]string{
			"bash": `PROMPT_COMMAND+="; PS1='PROMPT> '"`, "zsh": "theme() { PS1='PROMPT> '; }; precmd_functions+=(theme)", "fish": "function fish_right_prompt; end",
		}[shell]
		s.typeLine(theme)
		s.expect("PROMPT> ")
		s.typeLine("ssoenv doctor --offline; echo status " + status[shell])
		says(`warn the line with --prompt is loaded in this ` + shell + `, but something after it draws the prompt, without the profile fix: put this line at the end of \S+:  .*ssoenv init ` + shell + ` --prompt`)
		s.expect(`status 0`)
		s.expect("PROMPT> ")

		older := "__ssoenv_mark=" + shell + ":0"
		if shell == "fish" {
			older = "set __ssoenv_mark fish:0"
		}
		s.typeLine(older)
		s.expect("PROMPT> ")
		s.typeLine("ssoenv doctor --offline; echo status " + status[shell])
		says(`fail the shell function in this ` + shell + ` is from another version of ssoenv fix: open a new shell`)
		s.expect(`status 1`)
	})
}

// The shells that evaluate data pass the mark, too, and do not break a pipe.
func TestDoctorKnowsReaders(t *testing.T) {
	t.Parallel()
	eachReader(t, func(t *testing.T, shell string) {
		w, r := newWorld(t), readers[shell]
		s := w.reader(t, shell, startupLine(shell), r.prompt)
		loaded := " the shell function of this version is loaded in this " + shell
		s.enter("ssoenv doctor --offline", `✓\S*`+loaded)
		s.enter("ssoenv --debug doctor --offline | head -n 2", `ok   `+loaded)
	})
}

// All checks of a machine with credentials in every place show none of them.
func TestDoctorShowsNoSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	w.write(t, ".aws/credentials", "[old]\naws_access_key_id = AKIACANARYCANARYCANA\naws_secret_access_key = canary # canary\naws_session_token = canary\n")
	env := []string{
		"AWS_ACCESS_KEY_ID=AKIACANARYCANARYCANA", "AWS_SECRET_ACCESS_KEY=canary", "AWS_SESSION_TOKEN=canary", "AWS_SECURITY_TOKEN=canary",
		"AWS_WEB_IDENTITY_TOKEN_FILE=canary", "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://canary", "AWS_CONTAINER_AUTHORIZATION_TOKEN=canary",
		"AWS_ENDPOINT_URL_S3=https://canary:canary@s3.example", "HTTPS_PROXY=http://canary:canary@127.0.0.1:1",
	}
	out, _ := w.command(t, env, "ssoenv", "doctor").CombinedOutput()
	tokens, err := filepath.Glob(filepath.Join(w.home, ".aws/sso/cache/*.json"))
	if err != nil || len(tokens) == 0 {
		t.Fatalf("no tokens: %v", err)
	}
	for _, file := range tokens {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range strings.FieldsFunc(string(text), func(r rune) bool { return r == '"' }) {
			if len(word) > 30 && !strings.Contains(word, "://") && strings.Contains(string(out), word) {
				t.Errorf("got %q on the screen, want no token", word)
			}
		}
	}
	if !strings.Contains(string(out), "fail  ") || strings.Contains(strings.ToLower(string(out)), "canary") {
		t.Errorf("got this on the screen, want a problem and no secret:\n%s", out)
	}
}
