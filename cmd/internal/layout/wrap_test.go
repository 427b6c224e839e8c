package layout

import (
	"strings"
	"testing"
)

func TestWrap(t *testing.T) {
	long := strings.Repeat("x", 30)
	for _, test := range []struct {
		text, indent string
		width        int
		want         string
	}{
		{"", "", 20, ""},
		{"one two three four", "", 0, "one two three four"},
		{"one two three four", "", 18, "one two three four"},
		{"one two three four", "", 17, "one two three\nfour"},
		{"one two three four", "  ", 15, "one two three\n  four"},
		{"one two three four", "      ", 15, "one two three four"}, // too narrow
		{"one " + long + " two", "  ", 15, "one\n  " + long + "\n  two"},
		{"データ データ データ", "", 13, "データ データ\nデータ"},
		{"profile a  b of c", "", 80, "profile a  b of c"},
		{"profile a  b of c", "", 10, "profile a \nb of c"},
	} {
		if got := Wrap(test.text, test.indent, test.width); got != test.want {
			t.Errorf("%q, %q, %d: got %q, want %q", test.text, test.indent, test.width, got, test.want)
		}
	}
}
