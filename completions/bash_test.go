package completions

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// wordBreaks is the default COMP_WORDBREAKS.
const wordBreaks = " \t\n\"'@><=;|&(:"

// For what is typed and the name that is meant, readline gets the text that it
// inserts in place of what it considers the word at the cursor.
func TestBashInsertion(t *testing.T) {
	for _, c := range []struct{ typed, name, inserted string }{
		{`te`, `team one`, `team\ one`},
		{`team\ `, `team one`, `team\ one`},
		{`team\`, `team one`, `team\ one`}, // as far as two names were alike
		{`'te`, `team one`, `team one`},
		{`"te`, `team one`, `team one`},
		{`te"am `, `team one`, `am one`},
		{`'team'\ `, `team one`, `team\ one`},
		{``, `acme:prod`, `acme:prod`},
		{`acme:p`, `acme:prod`, `prod`},
		{`acme:`, `acme:prod`, `prod`},
		{`acme\:p`, `acme:prod`, `acme:prod`},
		{`'acme:p`, `acme:prod`, `acme:prod`},
		{`'acme':p`, `acme:prod`, `prod`},
		{`dev=`, `dev=a:b`, `a:b`},
		{`me@`, `me@home`, `@home`},
		{`ü`, `über uns`, `über\ uns`},
		{`it`, `it's`, `it\'s`},
		{`it\'`, `it's`, `it\'s`},
		{`'it`, `it's`, `it'\''s`},
		{`'it'\`, `it's`, `it\'s`},
		{`"it'`, `it's`, `it's`},
		{`\$`, `$(touch x)`, `\$\(touch\ x\)`},
		{`$`, `$(touch x)`, `\$\(touch\ x\)`},
		{`"$(`, `$(touch x)`, `\$(touch x)`},
		{`"$(touch `, `$(touch x)`, `\$(touch x)`},
		{`'$(`, `$(touch x)`, `$(touch x)`},
		{"\"`", "`touch x`", "\\`touch x\\`"},
		{`"a`, `a!b`, `a"\!"b`},
		{`a`, `a!b`, `a\!b`},
		{`~r`, `~root`, `\~root`},
		{`*`, `*`, `\*`},
		{`"ba\\`, `ba\ck`, `ba\\ck`},
		{`ba\\c`, `ba\ck`, `ba\\ck`},
		{`-`, `--region`, `--region`},
		{`--region=eu`, `--region=eu-west-1`, `eu-west-1`},
		{"te\\\nam", `team one`, `team\ one`},
	} {
		line, ok := Read("bash", []string{"ssoenv use " + c.typed, wordBreaks, "9"})
		if !ok || !line.Wants(c.name) {
			t.Errorf("%q is read as the start of %q, which does not want %q", c.typed, line.Word, c.name)
			continue
		}
		if got, _ := line.Answer("profile", []Candidate{{Text: c.name}}); got != c.inserted+"\n" {
			t.Errorf("%q, meant %q: got %q, want %q", c.typed, c.name, got, c.inserted)
		}
	}
}

// COMP_WORDBREAKS may have lost its colon.
func TestBashWithoutColonBreaks(t *testing.T) {
	line, _ := Read("bash", []string{"ssoenv use acme:p", " \t\n\"'><;|&(", "9"})
	if got, _ := line.Answer("profile", []Candidate{{Text: "acme:prod"}}); got != "acme:prod\n" {
		t.Errorf("inserts %q", got)
	}
}

func TestBashWords(t *testing.T) {
	for _, c := range []struct {
		typed string
		want  []string // nil: the word at the cursor is not an argument
	}{
		{`ssoenv`, nil},
		{`ssoenv `, []string{"ssoenv", ""}},
		{"ssoenv\tuse  dev ", []string{"ssoenv", "use", "dev", ""}},
		{`ssoenv use ""`, []string{"ssoenv", "use", ""}},
		{`ssoenv use '' "" x`, []string{"ssoenv", "use", "", "", "x"}},
		{`ssoenv use a\ b "c d"'e f' `, []string{"ssoenv", "use", "a b", "c de f", ""}},
		{`ssoenv use "a\"b\\c\d\$" `, []string{"ssoenv", "use", `a"b\c\d$`, ""}},
		{`ssoenv use 'a\' b`, []string{"ssoenv", "use", `a\`, "b"}},
		{`ssoenv use $(cat "a b" $(pwd)) x`, []string{"ssoenv", "use", `$(cat "a b" $(pwd))`, "x"}},
		{`ssoenv use "$(cat "a b")" x`, []string{"ssoenv", "use", `$(cat "a b")`, "x"}},
		{"ssoenv use `cat a b` x", []string{"ssoenv", "use", "`cat a b`", "x"}},
		{`ssoenv use ${x:-a b} y`, []string{"ssoenv", "use", "${x:-a b}", "y"}},
		{`ssoenv use $((1 + (2))) y`, []string{"ssoenv", "use", "$((1 + (2)))", "y"}},
		{`ssoenv use dev >out 2> err `, []string{"ssoenv", "use", "dev", ""}},
		{`ssoenv use dev2>out x`, []string{"ssoenv", "use", "dev2", "x"}},
		{`ssoenv use >>out 2>&1 d`, []string{"ssoenv", "use", "d"}},
		{`ssoenv use dev >`, nil},
		{`ssoenv use dev > ou`, nil},
		{`ssoenv use dev 2>"ou`, nil},
	} {
		line, ok := Read("bash", []string{c.typed, wordBreaks, "9"})
		var got []string
		if ok {
			got = append(line.Words, line.Word)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.typed, got, c.want)
		}
	}
}

// bash completes a word with an expansion, unless it is the start of a name.
func TestBashLeavesExpansions(t *testing.T) {
	for typed, want := range map[string]bool{`x`: true, `$`: true, `\$x`: true, `'$x`: true, `$HO`: false, `"${HO`: false, "`l": false, `$(ls)x`: false} {
		line, ok := Read("bash", []string{"ssoenv use " + typed, wordBreaks, "9"})
		if _, got := line.Answer("profile", nil); !ok || got != want {
			t.Errorf("%s: got %v, want %v", typed, got, want)
		}
	}
}

func TestBashLists(t *testing.T) {
	candidates := []Candidate{{"team a", "first"}, {"team", "second"}, {"日本", "third"}, {"bare", ""}}
	for _, c := range []struct{ typed, kind, want string }{
		{``, "9", "team\\ a\nteam\n日本\nbare\n"},
		{``, "63", "team a  (first)\nteam    (second)\n日本    (third)\nbare\n"},
		{``, "64", "team\\ a  (first)\nteam     (second)\n日本     (third)\nbare\n"},
		{``, "37", "team\\ a\nteam\n日本\nbare\n"},
	} {
		line, _ := Read("bash", []string{"ssoenv use " + c.typed, wordBreaks, c.kind})
		if got, _ := line.Answer("profile", candidates); got != c.want {
			t.Errorf("%q, kind %s:\n%swant\n%s", c.typed, c.kind, got, c.want)
		}
	}
	// In quotes and padded to the column both begin with "team ", which readline
	// would insert.
	line, _ := Read("bash", []string{"ssoenv use 'te", wordBreaks, "33"})
	if got, _ := line.Answer("profile", candidates[:2]); got != "team a\nteam\n" {
		t.Errorf("a list that would be inserted: got %q, want no descriptions", got)
	}
	// A single candidate is inserted for every kind of completion.
	line, _ = Read("bash", []string{"ssoenv use te", wordBreaks, "63"})
	if got, _ := line.Answer("profile", candidates[:1]); got != "team\\ a\n" {
		t.Errorf("one candidate: got %q, want the inserted text", got)
	}
}

// FuzzBash checks that, for any typed start of any name, the line in which readline
// has inserted the name has that name as its last word in bash.
func FuzzBash(f *testing.F) {
	for _, typed := range []string{"", "te", "'te", `"te`, `a:b\`, `x"y"z`, `'it'\''`, `a=b:c`} {
		for _, rest := range []string{"", "am one", "$(touch x)", "`x`", `it's "so" \ `, "a!b;c&d|e", "~*?[a]{b,c}#", "日本:ü@=", "\u00a0\u3000"} {
			f.Add(typed, rest)
		}
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		f.Fatal("install bash")
	}
	f.Fuzz(func(t *testing.T, typed, rest string) {
		line, ok := Read("bash", []string{"ssoenv use " + typed, wordBreaks, "9"})
		if !ok {
			return
		}
		name := line.Word + rest
		answer, _ := line.Answer("profile", []Candidate{{Text: name}})
		// Only names that are offered, and lines that bash can evaluate without
		// running anything.
		if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\ufffd' }) || name == "" ||
			strings.ContainsAny(typed, "$`<>;|&()\n#~!{}\x00") {
			return
		}
		start, quote := readlineWord("ssoenv use " + typed)
		completed := ("ssoenv use " + typed)[:start] + strings.TrimSuffix(answer, "\n") + quote
		cmd := exec.Command(bash, "--norc", "--restricted", "-c", `set -f; eval "set -- $1"; printf %s "${!#}"`, "bash", completed)
		cmd.Env = []string{"PATH=/nonexistent", "LANG=C.UTF-8"}
		out, err := cmd.CombinedOutput()
		if err != nil || string(out) != name {
			t.Errorf("typed %q, meant %q: bash reads %s as %q (%v)", typed, name, completed, out, err)
		}
	})
}

// readlineWord does what readline does in a line without substitutions: it looks for
// an open quote, and if there is none, for the last unquoted word break. It returns
// where the word begins and the quote that readline will close.
func readlineWord(line string) (start int, quote string) {
	quoted := make([]bool, len(line))
	open := -1
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && (open < 0 || line[open] == '"'):
			quoted[i] = true
			if i++; i < len(line) {
				quoted[i] = true
			}
		case open >= 0:
			quoted[i] = true
			if c == line[open] {
				open = -1
			}
		case c == '"' || c == '\'':
			quoted[i] = true
			open = i
		}
	}
	if open >= 0 {
		return open + 1, line[open : open+1]
	}
	for start = len(line); start > 0; start-- {
		if c := line[start-1]; !quoted[start-1] && strings.IndexByte(wordBreaks, c) >= 0 {
			if c == '@' {
				start-- // one of rl_special_prefixes
			}
			break
		}
	}
	return start, ""
}
