package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"text/template"
)

// What prompt frameworks read: oh-my-zsh, powerlevel9k and bash-it a variable of the
// shell, spaceship the same in a fork of it, starship, tide and oh-my-posh the
// environment of a child.
func TestWhatPromptsRead(t *testing.T) {
	t.Parallel()
	const posix = `shown() { echo "<$AWS_PROFILE>"; }; shown; (shown); echo "$(shown)"; environ AWS_PROFILE AWS_SSO_PROFILE; ssoenv prompt; ssoenv clear; shown; environ AWS_SSO_PROFILE`
	scripts := map[string]string{
		"bash": `eval "$(ssoenv init bash)"; ssoenv use dev; ` + posix,
		"zsh":  `eval "$(ssoenv init zsh)"; ssoenv use dev; ` + posix,
		"fish": `ssoenv init fish | source; ssoenv use dev; function shown; echo "<$AWS_PROFILE>"; end; shown; shown; echo (shown); environ AWS_PROFILE AWS_SSO_PROFILE; ssoenv prompt; ssoenv clear; shown; environ AWS_SSO_PROFILE`,
	}
	eachShell(t, func(t *testing.T, shell string) {
		w := newWorld(t)
		w.logIn(t)
		out, err := w.command(t, nil, shell, "-c", scripts[shell]).Output()
		want := `^(<dev>\n){3}AWS_PROFILE is not set\nAWS_SSO_PROFILE="dev"\ndev \w+\n<>\nAWS_SSO_PROFILE is not set\n$`
		if err != nil || !regexp.MustCompile(want).Match(out) {
			t.Errorf("%v: got %q, want %s", err, out, want)
		}
	})
}

// The recipes in docs/prompt.md, with functions in the place of the frameworks'.
func TestPromptRecipes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/prompt.md")
	must(t, err)
	recipe := func(heading, language string) string {
		t.Helper()
		_, section, _ := strings.Cut(string(text), "\n### "+heading)
		_, block, _ := strings.Cut(section, "\n```"+language+"\n")
		block, _, ok := strings.Cut(block, "\n```")
		if !ok {
			t.Fatalf("docs/prompt.md has no recipe %q", heading)
		}
		return block
	}
	w := newWorld(t)
	w.logIn(t)
	zsh := `eval "$(ssoenv init zsh)"; ssoenv use dev; __ssoenv_prompt; `
	for _, c := range []struct{ name, shell, script, want string }{
		{"powerlevel10k", "zsh", zsh + `p10k() { eval "print -r -- \"${@[-1]}\""; }; ` + recipe("powerlevel10k", "zsh") + "\nprompt_ssoenv", `^dev \w+\n$`},
		{"spaceship", "zsh", strings.Replace(`spaceship() { print -r -- "$*"; }; spaceship::section() { print -r -- "${@[-1]}"; }; source() { }
`+recipe("spaceship", "zsh")+"\nssoenv use dev; __ssoenv_prompt; spaceship_ssoenv", "$HOME", "", 1), `^add --after dir ssoenv\ndev \w+\n$`},
		{"tide", "fish", "ssoenv init fish | source; ssoenv use dev; function _tide_print_item; echo $argv; end\n" + recipe("tide", "fish") + "\n_tide_item_ssoenv; ssoenv clear; _tide_item_ssoenv; true", `^ssoenv dev \w+\n$`},
	} {
		out, err := w.command(t, nil, c.shell, "-c", c.script).Output()
		if err != nil || !regexp.MustCompile(c.want).Match(out) {
			t.Errorf("%s: %v: got %q, want %s", c.name, err, out, c.want)
		}
	}

	var segment struct{ Type, Template string }
	must(t, json.Unmarshal([]byte(recipe("oh-my-posh", "json")), &segment))
	for profile, want := range map[string]string{"": " ", "dev": "dev@eu-1 "} {
		var b strings.Builder
		env := map[string]any{"Env": map[string]string{"AWS_SSO_PROFILE": profile, "AWS_REGION": "eu-1"}}
		must(t, template.Must(template.New("").Parse(segment.Template)).Execute(&b, env))
		if b.String() != want || segment.Type != "text" {
			t.Errorf("oh-my-posh: a segment %q shows %q, want %q", segment.Type, &b, want)
		}
	}
}
