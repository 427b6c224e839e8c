package safetext

import (
	"regexp"
	"strings"
	"testing"
)

// joinedEmoji are the texts in which a joiner or a selector may be shown, by their
// ranges, not by the functions that Printable uses.
var joinedEmoji = func() *regexp.Regexp {
	const pictograph = `[\x{2190}-\x{21ff}\x{2300}-\x{23ff}\x{25a0}-\x{27bf}\x{2b00}-\x{2bff}\x{1f300}-\x{1f3fa}\x{1f400}-\x{1faff}]`
	const part = pictograph + `[\x{fe0f}\x{1f3fb}-\x{1f3ff}]?`
	return regexp.MustCompile(part + `(?:\x{200d}` + part + `){1,4}|` + pictograph + `\x{fe0f}|[0-9#*]\x{fe0f}\x{20e3}`)
}()

const (
	family = "👨\u200d👩\u200d👧\u200d👦"
	coder  = "👩🏽\u200d💻"
	heart  = "❤\ufe0f"
	flag   = "🇪🇪"
	one    = "1\ufe0f\u20e3"
)

func TestEmojiSequences(t *testing.T) {
	for _, emoji := range []string{family, coder, heart, flag, one, "👋🏽", "❤\ufe0f\u200d🔥", "🏳\ufe0f\u200d🌈", "👨🏻\u200d❤\ufe0f\u200d💋\u200d👨🏿"} {
		text := "a" + emoji + "b"
		if got := Printable(text); got != text {
			t.Errorf("Printable(%q): got %q", text, got)
		}
		if got := Visible(text); got != text {
			t.Errorf("Visible(%q): got %q", text, got)
		}
		if got := Width(text); got != 4 {
			t.Errorf("Width(%q): got %d, want 4", text, got)
		}
		if got := Cluster(text[1:]); got != len(emoji) {
			t.Errorf("Cluster(%q): got %d, want %d", text[1:], got, len(emoji))
		}
	}
}

// Joiners and selectors that join no emoji are escaped: text could hide in them,
// or names differ in them alone.
func TestStrayJoiners(t *testing.T) {
	for text, want := range map[string]string{
		"pro\u200dd":                      `pro\u200dd`,
		"a\ufe0f":                         `a\ufe0f`,
		"👩\u200d":                         `👩\u200d`,
		"\u200d👩":                         `\u200d👩`,
		"👩\u200d\u200d💻":                  `👩\u200d\u200d💻`,
		"👩\u200dx":                        `👩\u200dx`,
		"👩\ufe0f\ufe0f":                   "👩\ufe0f" + `\ufe0f`,
		"1\ufe0f":                         `1\ufe0f`,
		strings.Repeat("👩\u200d", 20):     strings.Repeat("👩\u200d👩\u200d👩\u200d👩\u200d👩"+`\u200d`, 4),
		"👩\u200d\u202e💻":                  `👩\u200d\u202e💻`,
		"\U0001fffe\u200d\U0001fffe":      `\u1fffe\u200d\u1fffe`,
		"🏴\U000e0067\U000e0062\U000e007f": `🏴\ue0067\ue0062\ue007f`,
	} {
		if got := Printable(text); got != want {
			t.Errorf("Printable(%q): got %q, want %q", text, got, want)
		}
		if got := Visible(text); strings.ContainsFunc(joinedEmoji.ReplaceAllString(got, ""), IsHidden) {
			t.Errorf("Visible(%q): got %q", text, got)
		}
	}
}

func TestCluster(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "a": 1, "ab": 1, "e\u0301x": 3, "日本": 3, "\u1112\u1161\u11ab": 9, "\xffa": 1, "👩\u200d": 7, "\r\n": 1,
	} {
		if got := Cluster(text); got != want {
			t.Errorf("Cluster(%q): got %d, want %d", text, got, want)
		}
	}
}

// What is cut fits, ends in "…", and has whole characters only.
func TestClip(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
		cells int
	}{
		{"", 0, "", 0},
		{"abc", 3, "abc", 3},
		{"abc", 2, "a…", 2},
		{"abc", 1, "…", 1},
		{"abc", 0, "", 0},
		{"abc", -1, "", 0},
		{"日本", 4, "日本", 4},
		{"日本", 3, "日…", 3},
		{"日本", 2, "…", 1},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…", 2},
		{"e\u0301", 1, "e\u0301", 1},
		{"a" + family + "b", 3, "a…", 2},
		{"a" + family + "b", 4, "a" + family + "b", 4},
		{"a" + family + "bc", 4, "a" + family + "…", 4},
		{flag + flag, 3, flag + "…", 3},
		{heart + "ab", 3, heart + "…", 3},
	} {
		if got, cells := Clip(test.text, test.width); got != test.want || cells != test.cells {
			t.Errorf("%q in %d: got %q, %d, want %q, %d", test.text, test.width, got, cells, test.want, test.cells)
		}
	}
	for _, text := range []string{family + coder + heart + flag + one, "x" + family + "日e\u0301" + coder} {
		for width := range 20 {
			got, cells := Clip(text, width)
			if cells != Width(got) || cells > width || Printable(got) != got {
				t.Errorf("%q in %d: got %q, %d", text, width, got, cells)
			}
		}
	}
}
