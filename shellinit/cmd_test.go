package shellinit

import (
	"strings"
	"testing"
)

func TestRenderForCmd(t *testing.T) {
	got, err := Cmd.Render(Env{
		{Name: "AWS_PROFILE", Unset: true},
		{Name: "AWS_SECRET_ACCESS_KEY", Value: "aB+/=& |<>^()',;"},
		{Name: "SSOENV_EXPIRY_FILE", Value: `C:\Users\Jo Doe\x.expires`},
		{Name: "EMPTY"},
	})
	want := `AWS_PROFILE=
AWS_SECRET_ACCESS_KEY=aB+/=& |<>^()',;
SSOENV_EXPIRY_FILE=C:\Users\Jo Doe\x.expires
EMPTY=
`
	if err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
}

// What cmd would read as something else, in the line of EvalLine, in a batch file or in
// another code page, is refused, and the value is not in the error.
func TestCmdRefuses(t *testing.T) {
	for _, value := range []string{`a"b`, "%PATH%", "!x!", "a\nb", "a\rb", "\x1a", "\x00", "\x7f", "ü", "\xff", strings.Repeat("x", 8200)} {
		got, err := Cmd.Render(Env{{Name: "A", Value: "1"}, {Name: "B", Value: "secret" + value}})
		if got != "" || err == nil || !strings.Contains(err.Error(), `"B"`) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %q, %v", value, got, err)
		}
	}
	if _, err := Cmd.Render(Env{{Name: `A" & calc & "`, Value: "1"}}); err == nil {
		t.Error("got no error for a name that is none")
	}
}

func TestCmdIsForNoStartupFile(t *testing.T) {
	if shell, ok := Named("cmd"); ok {
		t.Errorf("Named(cmd) = %v", shell)
	}
	want := `for /f "delims=" %i in ('ssoenv use dev') do @set "%i"`
	if got := Cmd.EvalLine("use dev"); got != want {
		t.Errorf("EvalLine: got %s, want %s", got, want)
	}
}
