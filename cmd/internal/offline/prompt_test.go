package offline

import (
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
)

func TestPromptLine(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	full := Prompt{Profile: "dev", AccountID: "111111111111", AccountName: "Production", Region: "eu-west-1", Expires: now.Add(time.Hour + 30*time.Second)}
	keys := Prompt{Profile: "ci", Region: "eu-west-1"} // static keys
	for _, c := range []struct {
		prompt       Prompt
		format, want string
	}{
		{full, "%p %t", "dev 1h00m\n"},
		{full, "%p|%a|%n|%r|%t|100%%|%x|%", "dev|111111111111|Production|eu-west-1|1h00m|100%|%x|%\n"},
		{full, "%%p %%%p%%", "%p %dev%\n"},
		{full, "a  b %p", "a  b dev\n"},
		{keys, "%p %t", "ci\n"},
		{keys, "%t %p", "ci\n"},
		{keys, "[%p %n %t] %r", "[ci] eu-west-1\n"},
		{keys, "%p %t ", "ci \n"},
		{keys, "%p (%n) <%a> {%t} [%r]", "ci [eu-west-1]\n"},
		{keys, "%p (%n %t)", "ci\n"},
		{keys, "(%t) %p", "ci\n"},
		{keys, "%p (%t]", "ci (]\n"},
		{keys, "%t", "\n"},
		{Prompt{Profile: "a["}, "%p%t] %r x", "a[] x\n"},
		{Prompt{Profile: "a "}, "%p%t x", "a  x\n"},
		{Prompt{Profile: "%t%p", Expires: now}, "%p %t", "%t%p expired\n"},
		{Prompt{Profile: "a\nb\x1b"}, "%p %t", `a\u000ab\u001b` + "\n"},
		{Prompt{Profile: "dev", LoggedOut: true}, "%p %t", "dev logged out\n"},
		{Prompt{}, "%p %t", ""},
		{Prompt{Expires: now}, "%p %t", ""},
	} {
		if got := c.prompt.Line(c.format, now); got != c.want {
			t.Errorf("%+v, %q: got %q, want %q", c.prompt, c.format, got, c.want)
		}
	}
	for expires, want := range map[string]string{"": "dev (x)\n", "soon": "dev (x)\n", "1800000090": "dev 1m (x)\n", "1": "dev expired (x)\n"} {
		state := shellenv.Read(map[string]string{"SSOENV_PROFILE": "dev", "SSOENV_EXPIRES": expires, "SSOENV_ACCOUNT_NAME": "x"})
		if got := ShellPrompt(state).Line("%p %t (%n)", now); got != want {
			t.Errorf("SSOENV_EXPIRES=%q: got %q, want %q", expires, got, want)
		}
	}
}
