package completions

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestEveryNameHasAFile(t *testing.T) {
	for _, name := range Names() {
		code, ok := For(name)
		if !ok || !strings.HasSuffix(code, "\n") || !strings.Contains(code, "complete "+name+" ") {
			t.Errorf("%s: got %q, want code that calls complete", name, code)
		}
	}
	if _, ok := For("tcsh"); ok {
		t.Error("got completions for tcsh, want none")
	}
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		shell string
		args  []string
		want  []string
	}{
		{"zsh", []string{"ssoenv", "use", ""}, []string{"ssoenv", "use", ""}},
		{"zsh", []string{"ssoenv"}, nil},
		{"fish", []string{"ssoenv", "use", "a b"}, []string{"ssoenv", "use", "a b"}},
		{"fish", []string{"A=1", "_b2=", "ssoenv", "x"}, []string{"ssoenv", "x"}},
		{"fish", []string{"A=1"}, nil},
		{"powershell", []string{base64.StdEncoding.EncodeToString([]byte("ssoenv\x00use\x00日"))}, []string{"ssoenv", "use", "日"}},
		{"powershell", []string{"?"}, nil},
		{"bash", []string{"ssoenv "}, nil},
		{"tcsh", []string{"ssoenv", ""}, nil},
	} {
		line, ok := Read(c.shell, c.args)
		var got []string
		if ok {
			got = append(line.Words, line.Word)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %q: got %q, want %q", c.shell, c.args, got, c.want)
		}
	}
}

func TestLikely(t *testing.T) {
	for _, c := range []struct {
		word, text string
		want       bool
	}{
		{"", "dev", true}, {"d", "dev", true}, {"DV", "dev", true}, {"vd", "dev", false}, {"'te", "team one", true},
		{`it\'`, "it's", true}, {"ÜB", "über", true}, {"devx", "dev", false},
	} {
		line, _ := Read("fish", []string{"ssoenv", "use", c.word})
		if got := line.Likely(c.text); got != c.want {
			t.Errorf("%q for %q: got %v, want %v", c.text, c.word, got, c.want)
		}
	}
}

var hostile = []Candidate{{`a:b\c`, "about: it"}, {"日本 😀", "x"}, {`$(x) "y" 'z' <&>`, ""}}

func TestAnswerZsh(t *testing.T) {
	line, _ := Read("zsh", []string{"ssoenv", "use", ""})
	want := "profile\n" + `a\:b\\c:about: it` + "\n日本 😀:x\n" + `$(x) "y" 'z' <&>` + "\n"
	if got, _ := line.Answer("profile", hostile); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnswerFish(t *testing.T) {
	line, _ := Read("fish", []string{"ssoenv", "use", ""})
	want := `a:b\c` + "\tabout: it\n日本 😀\tx\n" + `$(x) "y" 'z' <&>` + "\t\n"
	if got, _ := line.Answer("profile", hostile); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// PowerShell decodes what it reads by the console's code page, so it is one line
// of ASCII.
func TestAnswerPowerShell(t *testing.T) {
	line, _ := Read("powershell", []string{base64.StdEncoding.EncodeToString([]byte("ssoenv\x00use\x00"))})
	text, _ := line.Answer("profile", hostile)
	if strings.ContainsFunc(text, func(r rune) bool { return r > '~' }) || strings.Count(text, "\n") != 1 {
		t.Errorf("got %q, want one line of ASCII", text)
	}
	var got []struct{ Text, About string }
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	for i, c := range hostile {
		if got[i].Text != c.Text || got[i].About != c.About {
			t.Errorf("got %+v, want %+v", got[i], c)
		}
	}
}
