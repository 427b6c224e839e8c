package shellinit

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// visibleRanges returns the content of visible.txt by safetext's definition: pairs of
// the first and the last code point of each range beyond ASCII.
func visibleRanges() string {
	var bounds []string
	visible := false
	for r := rune(utf8.RuneSelf); r <= unicode.MaxRune+1; r++ {
		if now := utf8.ValidRune(r) && !safetext.IsHidden(r); now != visible {
			visible = now
			bound := r
			if !now {
				bound--
			}
			bounds = append(bounds, fmt.Sprint(bound))
		}
	}
	return strings.Join(bounds, " ")
}

// bash and zsh get their table of visible characters from visible.txt.
func TestVisibleIsWhatSafetextSays(t *testing.T) {
	if want := visibleRanges(); visible != want {
		t.Errorf("visible.txt differs from safetext.IsHidden; its content must be, without a newline:\n%s", want)
	}
}

// visibleSamples returns lines of characters, at most 100 each, and the same lines with "?"
// for each that is hidden: the first and last of each range of visible characters,
// with their neighbors, and each byte of these in a text that is not UTF-8.
func visibleSamples() (lines, want []string) {
	var line, clean strings.Builder
	n := 0
	add := func(text, shown string) {
		line.WriteString(text)
		clean.WriteString(shown)
		if n++; n%100 == 0 {
			lines, want = append(lines, line.String()), append(want, clean.String())
			line.Reset()
			clean.Reset()
		}
	}
	for bound := range strings.FieldsSeq(visible) {
		var r rune
		_, _ = fmt.Sscan(bound, &r)
		for _, r := range []rune{r - 1, r, r + 1} {
			shown := string(r)
			if safetext.IsHidden(r) {
				shown = "?"
			}
			add(string(r), shown)
		}
	}
	for _, bad := range []string{"\x80", "\x9b", "\xe9", "\xff", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x80\xae", "\xe2\x80", "\xed\xa0\x80", "\xf0\x82\x82\xac", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xe2\xe2\x80"} {
		add("a"+bad+"b", "a#b")
	}
	add("\u202e\u200b\u2066\u009b\ufe0f\U000e0100\u180b\u2800\u00a0\u3000 |ñ日\U0001f600", "?????????? |ñ日\U0001f600")
	lines, want = append(lines, line.String()), append(want, clean.String())
	return lines, want
}

// The filter of bash and zsh agrees with safetext on every character, and where the
// locale's encoding is not UTF-8 only ASCII passes. That of fish passes no character
// that safetext hides; fish knows fewer, those of another version of Unicode.
func TestHooksShowOnlyVisibleCharacters(t *testing.T) {
	lines, want := visibleSamples()
	eachJudge(t, plain, func(t *testing.T, s stage, j judge) {
		script := j.load() + `while IFS= read -r __ssoenv_text; do __ssoenv_clean; printf '%s\n' "$__ssoenv_text"; done; printf 'euro %s\n' "${#EURO}"`
		if j.isFish() {
			script = j.load() + `while read --local text; __ssoenv_clean $text; end; true`
		}
		for _, locale := range []string{"C.UTF-8", "C"} {
			cmd := s.command(t, j, script)
			cmd.Env = append(append(cmd.Env, s.hookFile(t, j.dialect, s.ssoenv)...), "LC_ALL="+locale, "EURO=€")
			cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v\n%s", locale, err, out)
			}
			got := strings.Split(string(out), "\n")
			if euro := map[string]string{"C.UTF-8": "euro 1", "C": "euro 3"}[locale]; !j.isFish() && got[len(want)] != euro {
				t.Errorf("%s: got %q after the filter, want %q: it must not change how the shell reads text", locale, got[len(want)], euro)
			}
			for i, line := range want {
				pattern := strings.ReplaceAll(regexp.QuoteMeta(line), "#", `\?+`)
				if locale == "C" && !j.isFish() { // fish then uses UTF-8
					pattern = "[ -~]*"
				} else if j.isFish() {
					line = strings.Map(func(r rune) rune {
						if r != ' ' && safetext.IsHidden(r) {
							return '?'
						}
						return r
					}, got[i])
					pattern = regexp.QuoteMeta(line)
				}
				if !regexp.MustCompile(`\A` + pattern + `\z`).MatchString(got[i]) {
					t.Errorf("%s: line %d is shown as\n%q, want\n%q", locale, i, got[i], line)
				}
			}
		}
	})
}
