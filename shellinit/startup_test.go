package shellinit

import (
	"os"
	"strings"
	"testing"
)

// docs/shells.md shows the start-up file and line of every shell as they are.
func TestReadmeShowsStartupLines(t *testing.T) {
	page, err := os.ReadFile("../docs/shells.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][2]string{} // by line: the shell and the file
	for row := range strings.Lines(string(page)) {
		row = strings.ReplaceAll(strings.TrimSpace(row), `\|`, "\x00")
		cells := strings.Split(strings.Trim(row, "|"), "|")
		if len(cells) != 3 || !strings.Contains(cells[2], "init") {
			continue
		}
		for i := range cells {
			cells[i] = strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(cells[i]), "`", ""), "\x00", "|")
		}
		rows[cells[2]] = [2]string{cells[0], cells[1]}
	}
	for _, name := range Names() {
		shell, _ := Named(name)
		line := shell.StartupLine(false)
		row, ok := rows[line]
		if !ok || row[1] != shell.StartupFile() {
			t.Errorf("%s: docs/shells.md has %q, want %q and %q", name, row, shell.StartupFile(), line)
		}
		if named, ok := Named(strings.ToLower(strings.Split(row[0], ",")[0])); !ok || named != shell {
			t.Errorf("docs/shells.md has the line of %s in the row of %q", name, row[0])
		}
		delete(rows, line)
	}
	for line, row := range rows {
		t.Errorf("docs/shells.md has the line %q for %s, which is the start-up line of no shell", line, row[0])
	}
}

func TestStartupLines(t *testing.T) {
	for _, c := range []struct {
		shell                Shell
		file, line, evaluate string
	}{
		{Bash, "~/.bashrc", `eval "$(ssoenv init bash --prompt)"`, `eval "$(ssoenv use dev)"`},
		{Zsh, "~/.zshrc", `eval "$(ssoenv init zsh --prompt)"`, `eval "$(ssoenv use dev)"`},
		{Fish, "~/.config/fish/config.fish", "ssoenv init fish --prompt | source", "ssoenv use dev --shell fish | source"},
		{POSIX, "the file that ENV names", `eval "$(ssoenv init sh)"`, `eval "$(ssoenv use dev)"`},
		{
			PowerShell, "$PROFILE", "ssoenv init powershell | Out-String | Invoke-Expression",
			"ssoenv init powershell | Out-String | Invoke-Expression; ssoenv use dev",
		},
		{Elvish, "~/.config/elvish/rc.elv", "eval (ssoenv init elvish | slurp)", "eval (ssoenv init elvish | slurp)  and, on a new line,  ssoenv use dev"},
	} {
		if got := c.shell.StartupFile(); got != c.file {
			t.Errorf("%s: StartupFile is %q, want %q", c.shell, got, c.file)
		}
		if got := c.shell.StartupLine(true); got != c.line {
			t.Errorf("%s: StartupLine(true) is %q, want %q", c.shell, got, c.line)
		}
		if got := c.shell.EvalLine("use dev"); got != c.evaluate {
			t.Errorf("%s: EvalLine is %q, want %q", c.shell, got, c.evaluate)
		}
	}
}

func TestPlainAndPortableWords(t *testing.T) {
	for word, want := range map[string]struct {
		plain, portable bool
		word            string
	}{
		"dev":          {true, true, "dev"},
		"a_B.9@x/+:,-": {true, true, "a_B.9@x/+:,-"},
		"50%":          {true, false, "50%"},
		"":             {false, true, "''"},
		"-x":           {false, true, "'-x'"},
		"=ls":          {false, true, "'=ls'"},
		"team one":     {false, true, "'team one'"},
		"\u00fcber":    {false, true, "'\u00fcber'"},
		"it's":         {false, false, `'it'\''s'`},
		"$(x)":         {false, false, "'$(x)'"},
		"~":            {false, false, "'~'"},
		"a\n":          {false, false, "'a\n'"},
	} {
		if got := IsPlain(word); got != want.plain {
			t.Errorf("IsPlain(%q) is %v, want %v", word, got, want.plain)
		}
		if got := IsPortable(word); got != want.portable {
			t.Errorf("IsPortable(%q) is %v, want %v", word, got, want.portable)
		}
		if got := Word(word); got != want.word {
			t.Errorf("Word(%q) is %s, want %s", word, got, want.word)
		}
	}
}

// A word that is plain is that word in every shell, without quotes.
func TestPlainWordsNeedNoQuotes(t *testing.T) {
	const plain = "a%_.@/+=:,-9"
	eachJudge(t, anyShell, func(t *testing.T, s stage, j judge) {
		if !IsPlain(plain) {
			t.Fatalf("%q is not plain", plain)
		}
		if out, _ := s.play(t, j, "", "ssoenv args "+plain); !strings.Contains(out, `["`+plain+`"]`) {
			t.Errorf("%s is read as %q", plain, out)
		}
	})
}
