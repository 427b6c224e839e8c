package awsconfig_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// TestBombs reads and edits large files. If a function needed more than linear time,
// go test would run into its time limit.
func TestBombs(t *testing.T) {
	const size = 2 << 20
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	numbered := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	bombs := map[string]string{
		"brackets":                     fill("["),
		"lines of brackets":            fill("[\n"),
		"indented brackets":            "[profile a]\nx = 1\n" + fill("  [\n"),
		"one header":                   fill("[a]\n"),
		"one header, CR":               fill("[a]\r"),
		"one profile":                  fill("[profile a]\nx = 1\n"),
		"one name, two headers":        fill("[profile a]\n[profile 'a']\n"),
		"one name, many headers":       "[profile a]\n[profile" + strings.ReplaceAll(fill("x y]\n[profile"), "x y", "  a") + " a]",
		"headers that are values":      "[profile a]\nx = 1\n" + fill("  [profile b]\n"),
		"headers that are not values":  "[profile a]\n  x = 1\n" + fill("  [profile b]\n  x = 1\n"),
		"many profiles":                numbered("[profile p%d]\n"),
		"many keys":                    "[profile a]\n" + numbered("k%d=\n"),
		"one key":                      "[profile a]\n" + fill("k=\n"),
		"magic sections":               "[profile a]\n" + fill("[DEFAULT]\nx=1\n"),
		"nested block":                 "[profile a]\ns3=\n" + fill(" a=b\n"),
		"nested blocks in DEFAULT":     "[profile a]\n[DEFAULT]\n" + numbered("k%d=\n x\n"),
		"quotes":                       "[profile " + fill("'") + "]",
		"backslashes":                  "[profile " + fill("\\") + "]",
		"words":                        "[profile " + fill("a ") + "]",
		"closing brackets":             "[profile " + fill("]"),
		"long name":                    "[profile " + fill("a") + "]\nx = 1\n",
		"long key":                     "[profile a]\n" + fill("a") + " = 1\n",
		"long value":                   "[profile a]\nx = " + fill("a"),
		"comment signs":                "[profile a]\nx = " + fill("#"),
		"blanks before a bracket":      fill(" ") + "[profile a]",
		"wide blanks before a bracket": fill("\u2003") + "[profile a]",
		"delimiters":                   "[profile a]\n" + fill("="),
		"NUL":                          fill("\x00"),
		"not UTF-8":                    fill("\xff"),
		"LF":                           fill("\n"),
		"CR":                           fill("\r"),
		"CRLF":                         fill("\r\n"),
		"LF, then CR":                  strings.Repeat("\n", size/2) + strings.Repeat("\r", size/2),
		"comments":                     "\n" + fill("# c\n") + "[profile a]\n",
		"comments above many profiles": numbered("\n# c\n# c\n[profile p%d]\n"),
		"blocks":                       numbered("# >>> ssoenv sync %[1]d >>>\n[profile %[1]d]\n# <<< ssoenv sync %[1]d <<<\n"),
		"markers":                      "[profile a]\n" + fill("# >>> ssoenv sync a >>>\n") + "x = 1\n",
		"words of markers":             fill(" ssoenv sync "),
		"mentions":                     fill("SSOENV_CONFIRM\n"),
		"mentions in one profile":      fill("[profile a]\nSSOENV_CONFIRM=1\n"),
		"mentions in other sections":   numbered("[x%d]\nssoenv_confirm=1\n"),
	}
	for name, text := range bombs {
		t.Run(name, func(t *testing.T) {
			f := awsconfig.Parse([]byte(text))
			for _, kind := range []awsconfig.Kind{awsconfig.Profile, awsconfig.Bare} {
				last := awsconfig.Section{}
				for s := range f.Sections(kind) {
					last = s
				}
				last.Get("x")
				last.Keys()
			}
			_ = f.Mentioned("ssoenv_confirm", "ssoenv_other")
			for s := range f.Mentioning(awsconfig.Profile, "ssoenv_confirm", "ssoenv_other") {
				s.Get("x")
			}
			if n := len(f.Problems()); n > 200 {
				t.Errorf("%d problems", n)
			}
			for _, name := range []string{"a", "new"} {
				if err := setIn(f, awsconfig.Profile, name, "x", "2"); err != nil {
					t.Fatal(err)
				}
				s, _ := f.Section(awsconfig.Profile, name)
				if v, _ := s.Get("x"); v != "2" {
					t.Errorf("x of %s: got %q", name, v)
				}
			}

			inner := awsconfig.Parse([]byte("[profile b]\nx = 1\n"))
			_, _ = f.Block("b")
			_, _ = f.Outside("b")
			_ = f.SetBlock("b", inner)                                // may return an error
			_ = awsconfig.Parse(nil).SetBlock("b", f)                 // may return an error
			_ = awsconfig.Parse([]byte(text)).SetBlock("corp", inner) // may return an error

			var changes []awsconfig.Change
			for s := range f.Sections(awsconfig.Bare) {
				changes = append(changes, awsconfig.Change{Name: s.Name(), Remove: true})
			}
			a, _ := f.Section(awsconfig.Profile, "a")
			for _, key := range a.Keys() {
				changes = append(changes, setKey("a", "x", "1"), remove("a", key), setKey("new", "x", "1"), remove("new", ""))
			}
			slices.Reverse(changes)
			if f.Apply(changes...) == nil {
				for s := range f.Sections(awsconfig.Bare) {
					t.Errorf("got the removed section %q", s.Name())
				}
			}
		})
	}
}
