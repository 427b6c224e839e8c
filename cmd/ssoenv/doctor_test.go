package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// At a terminal a function that is missing is an illness, its mend mends it, and
// a shell that is older than the program is told so.
func TestDoctorKnowsThisVeryShell(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, shell string) {
		w := newWorld(t)
		words := append([]string{}, interactive[shell]...)
		if shell == "fish" {
			words[len(words)-1] = "function fish_prompt; echo -n 'PROMPT> '; end"
		}
		s := w.screen(t, []string{"PS1=PROMPT> "}, words...)
		s.expect("PROMPT> ")
		s.typeLine("ssoenv doctor --offline; echo status " + status[shell])
		s.expect(`wrong the function is not loaded in this ` + shell)
		s.expect(`mend: add to \S+`)
		s.expect(`status 1`)
		s.expect("PROMPT> ")

		_, _, line := setUp(shell, "use")
		s.typeLine(line)
		s.expect("PROMPT> ")
		s.typeLine("ssoenv doctor --offline; echo status " + status[shell])
		s.expect(`ok    the function of this version is loaded in this ` + shell)
		s.expect(`ok    the prompt of this ` + shell + ` does not show the profile in use; it would with this in \S+:  .*ssoenv init ` + shell + ` --prompt`)
		s.expect(`status 0`)
		s.expect("PROMPT> ")
		s.typeLine(strings.Replace(line, "init "+shell, "init "+shell+" --prompt", 1))
		s.expect("PROMPT> ")
		s.typeLine("ssoenv --debug doctor --offline; echo status " + status[shell])
		s.expect(`ok    the prompt of this ` + shell + ` shows the profile in use`)
		s.expect(`status 0`)
		s.expect("PROMPT> ")

		older := "__ssoenv_mark=" + shell + ":0"
		if shell == "fish" {
			older = "set __ssoenv_mark fish:0"
		}
		s.typeLine(older)
		s.expect("PROMPT> ")
		s.typeLine("ssoenv doctor --offline; echo status " + status[shell])
		s.expect(`wrong the function in this ` + shell + ` is of another version of ssoenv\r?\n      mend: open a new shell`)
		s.expect(`status 1`)
	})
}

// What draws a prompt may show the profile without the hook. A shell that has no
// prompt, or whose prompt the hook does not fill, is not talked of.
func TestDoctorKnowsPrompts(t *testing.T) {
	for _, test := range []struct{ mark, drawn, starship, want string }{
		{"zsh:0", "${SSOENV_PROMPT:+$SSOENV_PROMPT }%m%# ", "zsh", "the prompt of this zsh shows"},
		{"zsh:0", "$('/usr/bin/starship' prompt --status=\"$STARSHIP_CMD_STATUS\")", "zsh", "starship draws the prompt of this zsh"},
		{"bash:0", "❯ ", "bash", "starship draws the prompt of this bash"},
		{"bash:0", `\u@\h:\w\$ `, "zsh", "the prompt of this bash does not show"},
		{"fish:0", "function fish_prompt eval /usr/bin/starship prompt end", "", "starship draws the prompt of this fish"},
		{"zsh:0", "${$((_p9k_on_expand()))+}%{${_p9k__raw_msg-}%}", "", "powerlevel10k draws the prompt of this zsh"},
		{"zsh:0", "", "zsh", ""},
		{"sh:0", "$ ", "", ""},
		{"", "$ ", "", ""},
	} {
		x := &examination{program: &program{env: map[string]string{"STARSHIP_SHELL": test.starship}}}
		x.prompt(test.mark, test.drawn)
		text := ""
		for _, f := range x.findings {
			text += f.Status + " " + f.Text
		}
		if want := strings.TrimSuffix("ok "+test.want, "ok "); !strings.HasPrefix(text, want) || want == "" && text != "" {
			t.Errorf("%+v: %q", test, text)
		}
	}
}

// The shells that take data pass the mark too, and leave a pipe a pipe.
func TestDoctorKnowsReaders(t *testing.T) {
	t.Parallel()
	eachReader(t, func(t *testing.T, shell string) {
		w, r := newWorld(t), readers[shell]
		s := w.reader(t, shell, startupLine(shell), r.prompt)
		loaded := "ok    the function of this version is loaded in this " + shell
		s.enter("ssoenv doctor --offline", loaded)
		s.enter("ssoenv --debug doctor --offline | head -n 1", loaded)
	})
}

// A whole look at a machine with keys in every place has none on the screen.
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
				t.Errorf("%q is on the screen", word)
			}
		}
	}
	if !strings.Contains(string(out), "wrong ") || strings.Contains(strings.ToLower(string(out)), "canary") {
		t.Errorf("on the screen:\n%s", out)
	}
}
