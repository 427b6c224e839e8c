package awsconfig

import (
	"slices"
	"testing"
)

func TestSplitWords(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{" \t ", nil},
		{"firefox", []string{"firefox"}},
		{" firefox\t--new-window  %s ", []string{"firefox", "--new-window", "%s"}},
		{`"a b" 'c "d"' e"f g"h`, []string{"a b", `c "d"`, "ef gh"}},
		{`"" ''`, []string{"", ""}},
		{"a\n  b\r\n'c\nd'", []string{"a", "b", "c\nd"}},
		{`$HOME ~ *`, []string{"$HOME", "~", "*"}},
	} {
		if got, err := SplitWords(test.text); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("SplitWords(%q) = %q, %v, want %q", test.text, got, err, test.want)
		}
	}
	for _, text := range []string{`"`, `a 'b`, `a "b'`} {
		if got, err := SplitWords(text); err == nil {
			t.Errorf("SplitWords(%q) = %q, want an error", text, got)
		}
	}
}

// A backslash protects the next character, but not within single quotes, and is
// an ordinary character if escapes is false.
func TestSplitWordsEscapes(t *testing.T) {
	for _, test := range []struct {
		text              string
		escaped, verbatim []string
	}{
		{`a\ b c`, []string{"a b", "c"}, []string{`a\`, "b", "c"}},
		{`C:\bin\x "C:\y z"`, []string{"C:binx", `C:\y z`}, []string{`C:\bin\x`, `C:\y z`}},
		{`'a\b'`, []string{`a\b`}, []string{`a\b`}},
	} {
		for _, escapes := range []bool{true, false} {
			want := test.verbatim
			if escapes {
				want = test.escaped
			}
			var got []string
			words, ok := splitWords([]byte(test.text), 10, escapes)
			for _, word := range words {
				got = append(got, string(word))
			}
			if !ok || !slices.Equal(got, want) {
				t.Errorf("splitWords(%q, 10, %v) = %q, %v, want %q", test.text, escapes, got, ok, want)
			}
		}
	}
}
