package doctor

import (
	"strings"
	"testing"
)

// What draws a prompt may show the profile without the hook. Nothing is found for
// a shell without a prompt, or whose prompt the hook does not fill.
func TestPrompt(t *testing.T) {
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
		name, _, _ := strings.Cut(test.mark, ":")
		shell := Shell{Name: name, Mark: test.mark, DrawnBy: test.drawn, Starship: test.starship}
		text := ""
		for _, f := range shell.Prompt() {
			text += f.Status + " " + f.Text
		}
		if want := strings.TrimSuffix("ok "+test.want, "ok "); !strings.HasPrefix(text, want) || want == "" && text != "" {
			t.Errorf("%+v: got %q", test, text)
		}
	}
}
