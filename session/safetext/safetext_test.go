package safetext

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// A printable text is valid UTF-8 without hidden characters.
func FuzzPrintable(f *testing.F) {
	for _, text := range []string{"", "Müller & Søn 日本", "a\x1b[2Jb\n\x00", "\u202eevil\u200b\ufeff\u061c\u00ad\u180e\ufff9\u3164", "\ufe0f\U000e0100\u2800\u00a0\u3000", "\xff\u009b", strings.Repeat("é", 3000), strings.Repeat("\x1b", 5000), family + coder + heart + flag + one} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		shown := Printable(text)
		switch {
		case !utf8.ValidString(shown), len(shown) > MaxShown, Printable(shown) != shown:
			t.Errorf("%q is shown as %q", text, shown)
		case len(shown) != len(Visible(shown)):
			t.Errorf("%q is shown as %q, and the visible part of that is %q", text, shown, Visible(shown))
		case len(text) <= MaxShown && utf8.ValidString(text) && !strings.ContainsFunc(text, IsHidden) && shown != text:
			t.Errorf("%q is harmless, and shown as %q", text, shown)
		}
		for _, r := range joinedEmoji.ReplaceAllString(shown, "") {
			// The classes by their ranges, not by the tables that IsHidden uses.
			switch {
			case r < ' ', r >= 0x7f && r < 0xa0, r == 0xa0, r == 0xad, r == 0x61c, r >= 0x180b && r <= 0x180f, r >= 0x2000 && r <= 0x200f, r >= 0x2028 && r <= 0x202f,
				r >= 0x205f && r <= 0x206f, r == 0x2800, r == 0x3000, r >= 0xfe00 && r <= 0xfe0f, r == 0xfeff, r >= 0xfff9 && r <= 0xfffb,
				r >= 0xe0000 && r <= 0xe01ef:
				t.Fatalf("%q is shown as %q, with %U", text, shown, r)
			}
		}
	})
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"Müller & Søn 日本":         "Müller & Søn 日本",
		"a\x1b[2Jb\nc\rd\x00":     `a\u001b[2Jb\u000ac\u000dd\u0000`,
		"\u202eevil\u200b\ufeff":  `\u202eevil\u200b\ufeff`,
		"\xff\u009b":              "\ufffd\\u009b",
		"a\u061cb\u00adc\ufff9":   `a\u061cb\u00adc\ufff9`,
		"a\u00a0b\u3000c\u2800":   `a\u00a0b\u3000c\u2800`,
		"x\ufe0fy\U000e0100":      `x\ufe0fy\ue0100`,
		strings.Repeat("x", 5000): strings.Repeat("x", 4093) + "…",
	} {
		if got := Printable(text); got != want {
			t.Errorf("Printable(%q): got %q, want %q", text, got, want)
		}
	}
}

func TestWidth(t *testing.T) {
	for text, want := range map[string]int{
		"":             0,
		"abc":          3,
		"Müller":       6,
		"u\u0308":      1,
		"日本":           4,
		"ﾊﾝｶｸ":         4,
		"ＡＢ":           4,
		"한국":           4,
		"한":            2,
		"😀":            2,
		"…":            1,
		"→ ★":          3,
		"ñandú":        5,
		"Ελλάδα":       6,
		"العربية":      7,
		"\u0e01\u0e34": 1,
	} {
		if got := Width(text); got != want {
			t.Errorf("Width(%q): got %d, want %d", text, got, want)
		}
	}
}
