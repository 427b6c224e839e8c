package shellinit

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// tokens are texts with a meaning in some shell.
var tokens = []string{
	`'`, `''`, `"`, `\`, `\\`, `\'`, `'\''`, `\\'`, `$`, `$'`, `$"`, "`", `!`, `!!`, `!$`, `=`, `==`, `=ls`, `~`, `~root`, `#`, `%`, `%s`, `^`, `&`, `&&`,
	`|`, `||`, `;`, `;;`, `<`, `>`, `>>`, `(`, `)`, `((`, `{`, `}`, `{a,b}`, `[`, `]`, `[[`, `*`, `?`, `**`, `-`, `--`, `,`, `:`, `@`, `+`, `/`, ` `, `  `,
	"\n", "\r", "\r\n", "\t", "\x01", "\x07", "\x1b", "\x1b[31m", "\x7f", "\x80", "\x81", "\x88", "\xff", "\xc3", "\xe2\x80", "\xc2\x9b", "\u2019", "\u00e9", "\u65e5",
	"\U0001f511", "\ufeff", "\ufffd", "\ue000", "\u202e", "\uf600", "0", "9", "a", "f", "x", "u0041", `\x41`, `\X41`, `\101`, `\n`, `\c`,
	`$(touch x)`, "`touch x`", `$(touch${IFS}x)`, `;touch x;`, `|touch x`, `&touch x&`, "\ntouch x\n", `<(touch x)`, `>(touch x)`, `>x`, `(touch x)`, `';touch x;'`,
	`"$(touch x)"`, `'$(touch x)'`, `\';touch x;\'`, `\\';touch x;#`, `$((a[$(touch x)]))`, `${x:=$(touch x)}`, `${(e)x}`, `$'\x27;touch x;'`, `(id)`, `$USER`, `$$`,
	`export X=1`, `unset PATH`, `set -x`, `EOF`, `do`, `done`, `fi`, `end`, `then`, `alias`, `a=b`, `HISTFILE=x`,
}

// samples returns n strings that a shell could misread: every byte alone and at the
// end, every token alone, the rest at random.
func samples(seed uint64, n int) []string {
	rng := rand.New(rand.NewPCG(seed, 1))
	words := []string{"", "plain", strings.Repeat("A/b+", 300) + "==", strings.Join(tokens, "")}
	words = append(words, tokens...)
	for c := 1; c < 256; c++ {
		words = append(words, string([]byte{byte(c)}), "a"+string([]byte{byte(c)}), string([]byte{byte(c), '7'}))
	}
	const heavy = `'"$` + "`" + `\!=~'\'$(touch x)` + "`x`"
	for len(words) < n {
		var b strings.Builder
		for range 1 + rng.IntN(12) {
			switch rng.IntN(6) {
			case 0:
				b.WriteByte(byte(1 + rng.IntN(255)))
			case 1:
				b.WriteByte(byte(' ' + rng.IntN('~'-' '+1)))
			case 2, 3:
				b.WriteByte(heavy[rng.IntN(len(heavy))])
			case 4:
				b.WriteString(tokens[rng.IntN(len(tokens))])
			case 5:
				b.WriteRune(rune(1 + rng.IntN(0x10ffff)))
			}
		}
		words = append(words, b.String())
	}
	return words[:n]
}

// All but POSIX write printable ASCII: a word does not depend on the locale, and a
// statement is one line, which the functions of bash and zsh require.
func TestQuoteIsPrintableASCII(t *testing.T) {
	for _, s := range []Shell{Bash, Zsh, Fish} {
		for _, w := range samples(3, 5000) {
			if q := s.Quote(w); strings.ContainsFunc(q, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Fatalf("%v: Quote(%q) = %q", s, w, q)
			}
		}
	}
}

// The package's promise: shells read back what Render writes byte for byte, in a
// locale with UTF-8 and in one without, nothing runs, and the environment has nothing
// else.
func TestShellsReadBackWhatRenderWrites(t *testing.T) {
	const perLocale = 5000
	for i, j := range judges {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			for k, locale := range []string{"C", "C.UTF-8"} {
				words := samples(uint64(2*i+k), perLocale)
				readBack(t, s, j, locale, words)
			}
			s.untouched(t)
		})
	}
}

// readBack has a judge set one variable for each word and compares the environment of
// a child of the shell.
func readBack(t testing.TB, s stage, j judge, locale string, words []string) {
	t.Helper()
	var env Env
	for i, w := range words {
		env = append(env, Var{Name: fmt.Sprintf("V%d", i), Value: w})
	}
	before, after := environAfter(t, s, j, locale, nil), environAfter(t, s, j, locale, env)
	wrong := 0
	for _, v := range env {
		got, ok := after[v.Name]
		if !ok || got != v.Value {
			if wrong++; wrong <= 5 {
				t.Errorf("%s in %s read %s\nas   %q, %v\nfrom %q", j.name, locale, j.dialect.Quote(v.Value), got, ok, v.Value)
			}
		}
		delete(after, v.Name)
	}
	if wrong > 5 {
		t.Errorf("%s in %s: %d of %d words wrong", j.name, locale, wrong, len(words))
	}
	for name, value := range after {
		if _, ok := before[name]; !ok {
			t.Errorf("%s in %s: %s=%q came into the environment", j.name, locale, name, value)
		}
	}
}

// environAfter returns the environment of a child of the shell that has evaluated env.
func environAfter(t testing.TB, s stage, j judge, locale string, env Env) map[string]string {
	t.Helper()
	text, err := j.dialect.Render(env)
	if err != nil {
		t.Fatal(err)
	}
	script := `eval "$(/bin/cat)"; exec "$ENVIRON"`
	if j.isFish() {
		script = `/bin/cat | source; exec $ENVIRON`
	}
	cmd := s.command(t, j, script)
	cmd.Env = append(cmd.Env, "LC_ALL="+locale)
	cmd.Stdin = strings.NewReader(text)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%s in %s: %v: %.500s", j.name, locale, err, &stderr)
	}
	return environOf(t, out)
}

// Text for one shell is data in every other: another shell may read another value or
// none, but no part of it runs.
func TestTextForOneShellIsInertInAnother(t *testing.T) {
	words := append(samples(77, 1200)[4:4+len(tokens)], samples(78, 1280)[1200:]...)
	for _, j := range judges {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			had := map[string]bool{} // most words look the same in most dialects
			for _, written := range []Shell{Bash, Zsh, Fish, POSIX} {
				s := newStage(t)
				var texts []string
				for _, w := range words {
					text, err := written.Render(Env{{Name: "GONE", Unset: true}, {Name: "V", Value: w}})
					if err != nil {
						t.Fatal(err)
					}
					if !had[text] {
						had[text] = true
						texts = append(texts, text)
					}
				}
				script := `for text; do (eval "$text"); done; echo "all of them"`
				if j.isFish() {
					script = `for text in $argv; eval $text; end; echo "all of them"`
				}
				cmd := s.command(t, j, script, texts...)
				if !j.isFish() {
					cmd.Args = slices.Insert(cmd.Args, len(cmd.Args)-len(texts), "sh")
				}
				out, err := cmd.Output()
				if err != nil || !strings.HasSuffix(string(out), "all of them\n") {
					t.Fatalf("text for %v: %v: %.300q", written, err, out)
				}
				s.untouched(t)
			}
		})
	}
}

func FuzzQuote(f *testing.F) {
	for _, w := range []string{"", secret, "a\nb", "it's", `\'\\''`, "\u00e9", "\xff7", "=ls", "~", "a==", "$'", "!!", "\x1b]0;x\x07", strings.Join(tokens, "")} {
		f.Add(w)
	}
	s := newStage(f)
	f.Fuzz(func(t *testing.T, word string) {
		if strings.ContainsRune(word, 0) || len(word) > 1<<14 {
			return
		}
		for _, j := range judges {
			env := environAfter(t, s, j, "C.UTF-8", Env{{Name: "V", Value: word}, {Name: "LAST", Value: "1"}})
			if got := env["V"]; got != word || env["LAST"] != "1" {
				t.Errorf("%s read %s\nas   %q\nfrom %q", j.name, j.dialect.Quote(word), got, word)
			}
		}
		s.untouched(t)
	})
}
