package awsconfig_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

const (
	begin = "# >>> ssoenv sync corp >>>\n"
	note  = "# Written by ssoenv sync, which changes only the lines between these two markers. Put your own profiles outside of them.\n"
	end   = "# <<< ssoenv sync corp <<<\n"
)

func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

func TestSetBlock(t *testing.T) {
	const a = "[profile a]\nx = 1\n"
	for _, tt := range []struct {
		name        string
		text, inner string
		want        string
	}{
		{"into an empty file", "", a, begin + note + a + end},
		{"at the end of a file", "[profile z]\n", a, "[profile z]\n\n" + begin + note + a + end},
		{"behind a blank line", "[profile z]\n \n", a, "[profile z]\n \n" + begin + note + a + end},
		{"behind no newline", "[profile z]\nx = 1", "[profile a]\nx = 1", "[profile z]\nx = 1\n\n" + begin + note + a + end},
		{"with the file's line ends", "# mine\r\n", a, crlf("# mine\n\n" + begin + note + a + end)},
		{"with line ends of both kinds, as they are", crlf("# mine\n"), "[profile a]\r\nx = 1\n", crlf("# mine\n\n"+begin+note) + "[profile a]\r\nx = 1\n" + crlf(end)},
		{"in place of another", "[profile y]\n" + begin + note + "# c\n[profile b]\n" + end + "# c\n[profile z]", a, "[profile y]\n" + begin + note + a + end + "# c\n[profile z]"},
		{"in place of another, in its indented marks", "  " + begin + "\t" + note + "\t" + end, a, "  " + begin + "\t" + note + a + "\t" + end},
		{"with the explanation, if it is gone", begin + "[profile b]\n" + end, a, begin + note + a + end},
		{"without a byte order mark", "\uFEFF", "\uFEFF" + a, "\uFEFF" + begin + note + a + end},
		{"of comments", "", "# c", begin + note + "# c\n" + end},
		{"under another one", strings.ReplaceAll(begin+a+end, "corp", "b"), "[profile c]\n", strings.ReplaceAll(begin+a+end, "corp", "b") + "\n" + begin + note + "[profile c]\n" + end},
		{"of keys behind it, as long as they are the same section's", begin + note + "[profile b]\nx = 1\n" + a + end + "y = 2\n", "[profile b]\nx = 2\n" + a, begin + note + "[profile b]\nx = 2\n" + a + end + "y = 2\n"},
		{"that is the same, in a file with a problem", "[profile a]\n" + begin + a + end + "  y = 2\n", a, "[profile a]\n" + begin + a + end + "  y = 2\n"},

		{"nothing, where nothing is", "[profile z]\n", "\n \n", "[profile z]\n"},
		{"nothing at the end", "[profile z]\n\n" + begin + note + a + end, "\n", "[profile z]\n"},
		{"nothing at the end, without a newline", "[profile z]\n\n" + begin + note + a + strings.TrimSpace(end), "", "[profile z]"},
		{"nothing in the middle", "[profile y]\n\n" + begin + note + a + end + "\n[profile z]\n", "", "[profile y]\n\n[profile z]\n"},
		{"nothing in the middle, close by", "[profile y]\n\n" + begin + note + a + end + "[profile z]\n", "", "[profile y]\n\n[profile z]\n"},
		{"nothing within a value", "[profile y]\nx = 1\n" + begin + end + "  2\n", "", "[profile y]\nx = 1\n  2\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := awsconfig.Parse([]byte(tt.text))
			if err := f.SetBlock("corp", awsconfig.Parse([]byte(tt.inner))); err != nil {
				t.Fatal(err)
			}
			if got := string(f.Bytes()); got != tt.want {
				t.Errorf("got\n%q\nwant\n%q", got, tt.want)
			}
		})
	}
}

func TestSetBlockErrors(t *testing.T) {
	const a = "[profile a]\nx = 1\n"
	other := strings.ReplaceAll(begin, "corp", "b")
	for _, tt := range []struct {
		name        string
		text, inner string
		want        string
	}{
		{"a block that does not end", "\n" + begin, a, `line 2: block "corp" has no last marker`},
		{"another block that does not end", begin + end + other, a, `line 3: block "b" has no last marker`},
		{"a block that does not begin", end, a, `line 1: block "corp" has no first marker`},
		{"a block in another", begin + other, a, `line 2: block "b" begins inside block "corp" of line 1`},
		{"a block that begins twice", begin + begin + end, a, `line 2: block "corp" begins inside block "corp" of line 1`},
		{"crossed blocks", begin + strings.ReplaceAll(end, "corp", "b"), a, `line 2: block "b" ends inside block "corp" of line 1`},
		{"two blocks of a label", begin + end + "\n" + begin + end, a, `line 4: block "corp" repeated from line 1`},

		{"a marker in the block", "", a + end, `line 3 of the block: marker of block "corp"`},
		{"keys above the first header of the block", "", "# c\nx = 1\n" + a, `line 2 of the block: text before its first section header`},
		{"a section twice in the block", "", a + a, `section [profile a] is repeated in the block`},
		{"a section outside of the block", "\n" + a, a, `section [profile a] is also outside of the block, on line 2`},
		{"a section outside of the block, written otherwise", begin + end + "[profile 'a']\n", a, `section [profile 'a'] is also outside of the block, on line 3`},
		{"the default profile outside of the block", "[profile default]\n", "[default]\n", `section [profile default] is also outside of the block, on line 1`},

		{"keys at the top of the old block", "[profile z]\n" + begin + note + "x = 1\n" + end, a, `line 4: this line above the first header of block "corp" belongs`},
		{"a value's further lines in the old block", "[profile z]\nx = 1\n" + begin + "  2\n" + end, "", `line 4: this line above the first header`},
		{"keys behind the block", begin + note + "[profile b]\n" + end + "\n# c\ny = 2\n[profile z]\n", a, `line 7: this line after block "corp" has no section header of its own`},
		{"keys behind the block, which goes", begin + note + "[profile b]\n" + end + "y = 2\n", "", `line 5: this line after block "corp"`},
		{"keys behind an empty block", "[profile z]\n" + begin + end + "y = 2\n", a, `line 4: this line after block "corp"`},
		{"a block in a value", "[profile z]\nx = 1\n" + begin + end + "  2\n", a, `line 5: this line after block "corp"`},
		{"a further line behind the block", begin + note + a + end + "  2\n", "[profile a]\nx = 2\n", `line 6: this line after block "corp"`},
		{"a header that would be a value in the block", "[profile z]\nx = 1\n", "  " + a, `section header [profile a] is indented so far`},
		{"a header that would be a value behind the block", begin + note + "[profile b]\n" + end + "  [profile z]\n", a, `section header [profile z] is indented so far`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := awsconfig.Parse([]byte(tt.text))
			err := f.SetBlock("corp", awsconfig.Parse([]byte(tt.inner)))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want %q", err, tt.want)
			}
			if got := string(f.Bytes()); got != tt.text {
				t.Errorf("got an error and the changed text %q", got)
			}
		})
	}
	for _, label := range []string{"", "my corp", "corp >>>", "é", "a\n"} {
		if err := awsconfig.Parse(nil).SetBlock(label, awsconfig.Parse([]byte(a))); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("label %q: got error %v, want one line", label, err)
		}
	}
}

func TestBlock(t *testing.T) {
	for _, tt := range []struct {
		name           string
		text           string
		inner, outside string
	}{
		{"none", "[profile z]\n", "", "[profile z]\n"},
		{"none of this label", strings.ReplaceAll(begin+"[profile a]\n"+end, "corp", "b"), "", strings.ReplaceAll(begin+"[profile a]\n"+end, "corp", "b")},
		{"without its explanation", "\n" + begin + note + "[profile a]\n" + end + "[profile z]\n", "[profile a]\n", "\n[profile z]\n"},
		{"at the end, without a newline", "[profile z]\n" + begin + "[profile a]\n" + strings.TrimSpace(end), "[profile a]\n", "[profile z]\n"},
		{"CRLF", crlf("[profile z]\n" + begin + note + "[profile a]\n" + end), "[profile a]\r\n", "[profile z]\r\n"},
		{"with keys behind it", "[profile y]\nx = 1\n" + begin + "[profile a]\n" + end + "  y = 2\n# c\n  [profile z]\n", "[profile a]\n", "[profile y]\nx = 1\n[profile z]\n"},
		{"without sections", "[profile y]\n" + begin + "# c\n" + end + "y = 2\n", "# c\n", "[profile y]\n" + begin + "# c\n" + end + "y = 2\n"},
		{"no marker but nearly", "# >>> ssoenv sync my corp >>>\n# >>> ssoenv sync corp >>> .\n#>>> ssoenv sync corp >>>\nx = # >>> ssoenv sync corp >>>\n", "", "# >>> ssoenv sync my corp >>>\n# >>> ssoenv sync corp >>> .\n#>>> ssoenv sync corp >>>\nx = # >>> ssoenv sync corp >>>\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := awsconfig.Parse([]byte(tt.text))
			inner, err := f.Block("corp")
			if err != nil {
				t.Fatal(err)
			}
			if got := string(inner.Bytes()); got != tt.inner {
				t.Errorf("Block: got %q, want %q", got, tt.inner)
			}
			outside, err := f.Outside("corp")
			if err != nil {
				t.Fatal(err)
			}
			if got := string(outside.Bytes()); got != tt.outside {
				t.Errorf("Outside: got %q, want %q", got, tt.outside)
			}
		})
	}
	for _, text := range []string{begin, end, begin + begin + end} {
		f := awsconfig.Parse([]byte(text))
		if inner, err := f.Block("corp"); err == nil {
			t.Errorf("%q: block %q", text, inner.Bytes())
		}
		if outside, err := f.Outside("corp"); err == nil {
			t.Errorf("%q: outside %q", text, outside.Bytes())
		}
	}
}

// TestBlockComesAndGoes writes, prunes and removes a block as `ssoenv sync` does,
// while the user edits the file.
func TestBlockComesAndGoes(t *testing.T) {
	const mine = "[profile mine]\r\nregion = eu-west-1 # home\r\n"
	f := awsconfig.Parse([]byte(mine))
	sync := func(changes ...awsconfig.Change) {
		t.Helper()
		inner, err := f.Block("corp")
		if err != nil {
			t.Fatal(err)
		}
		if err := inner.Apply(changes...); err != nil {
			t.Fatal(err)
		}
		if err := f.SetBlock("corp", inner); err != nil {
			t.Fatal(err)
		}
	}
	wantText := func(want string) {
		t.Helper()
		if got := string(f.Bytes()); got != want {
			t.Fatalf("got\n%q\nwant\n%q", got, want)
		}
	}
	sync(setKey("a", "x", "1"), setKey("b", "x", "1"), setKey("c", "x", "1"))
	wantText(mine + crlf("\n"+begin+note+"[profile a]\nx = 1\n\n[profile b]\nx = 1\n\n[profile c]\nx = 1\n"+end))
	// By hand: a comment, a section and a key in the block, a section after it.
	text := string(f.Bytes())
	text = strings.Replace(text, "[profile b]\r\n", "# ask Bob\r\n[profile b]\r\nregion = r\r\n", 1) + "[profile last]\r\n"
	text = strings.Replace(text, crlf(end), crlf("\n[profile hand]\ny = 1\n"+end), 1)
	f = awsconfig.Parse([]byte(text))
	sync(remove("a", ""), setKey("b", "x", "2"), remove("c", ""), setKey("d", "x", "1"))
	wantText(mine + crlf("\n"+begin+note+"# ask Bob\n[profile b]\nregion = r\nx = 2\n\n[profile hand]\ny = 1\n\n[profile d]\nx = 1\n"+end+"[profile last]\n"))
	sync(remove("b", ""), remove("d", ""))
	wantText(mine + crlf("\n"+begin+note+"# ask Bob\n[profile hand]\ny = 1\n"+end+"[profile last]\n"))
	sync(remove("hand", ""))
	wantText(mine + crlf("\n"+begin+note+"# ask Bob\n"+end+"[profile last]\n"))
}

// FuzzBlock checks SetBlock: Block returns the text, no byte outside of it changes,
// and every other section reads as before.
func FuzzBlock(f *testing.F) {
	for i, r := range readings {
		inner := readings[(i*7+3)%len(readings)].text
		f.Add([]byte(r.text), []byte("[profile n]\nx = 1\n"))
		f.Add([]byte(r.text+begin+"[profile o]\nx = 1\n"+end+"# c\n"), []byte(inner))
		f.Add([]byte("[profile y]\n"+begin+inner+end+"[profile z]"), []byte("[profile n]\nx = 1"))
		f.Add([]byte(begin+inner+end+r.text), []byte("\n"))
	}
	f.Fuzz(func(t *testing.T, src, inner []byte) {
		file := awsconfig.Parse(src)
		old, err := file.Block("corp")
		if err != nil {
			if file.SetBlock("corp", awsconfig.Parse(inner)) == nil {
				t.Fatalf("%q: got error %v of Block and none of SetBlock", src, err)
			}
			return
		}
		outside, _ := file.Outside("corp")
		own := awsconfig.Parse(inner)
		if err := file.SetBlock("corp", own); err != nil {
			if !bytes.Equal(file.Bytes(), src) {
				t.Fatalf("got error %v and the changed text %q of %q", err, file.Bytes(), src)
			}
			return
		}
		text := file.Bytes()
		got, err := file.Block("corp")
		if err != nil {
			t.Fatalf("%q within %q: %v in %q", inner, src, err, text)
		}
		empty := len(bytes.TrimFunc(bytes.TrimPrefix(inner, []byte("\uFEFF")), func(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f })) == 0
		gotLines, innerLines := splitLines(got.Bytes()), splitLines(bytes.TrimPrefix(inner, []byte("\uFEFF")))
		if innerLines[len(innerLines)-1] != "" {
			innerLines = append(innerLines, "")
		}
		if !empty && !slices.Equal(gotLines, innerLines) {
			t.Fatalf("%q in %q: got block %q in %q", inner, src, got.Bytes(), text)
		}

		// Outside of the block.
		above, below := around(src)
		if len(got.Bytes()) == 0 {
			blank := func(line string) bool { return strings.TrimSpace(line) == "" }
			was, is := slices.DeleteFunc(splitLines([]byte(above+below)), blank), slices.DeleteFunc(splitLines(text), blank)
			if !slices.Equal(was, is) {
				t.Errorf("%q in %q: got changes outside of the block in %q", inner, src, text)
			}
		} else if !bytes.HasPrefix(text, []byte(above)) || !bytes.HasSuffix(text, []byte(below)) {
			t.Errorf("%q in %q: got changes outside of the block in %q", inner, src, text)
		}

		// All keys: in the block those of inner, outside those of before.
		now := says(file)
		rest, err := file.Outside("corp")
		if err != nil {
			t.Fatal(err)
		}
		if !maps.EqualFunc(says(rest), says(outside), maps.Equal) {
			t.Errorf("%q in %q: got changed keys outside of the block in %q", inner, src, text)
		}
		if bytes.Contains(src, []byte("[DEFAULT]")) || bytes.Contains(inner, []byte("[DEFAULT]")) {
			return
		}
		want := says(outside)
		maps.Copy(want, says(got))
		hand := bytes.Equal(old.Bytes(), got.Bytes()) // the block did not change
		if !hand && len(now) != len(want) {
			t.Errorf("%q in %q: got %q, which reads %q", inner, src, text, now)
		}
	})
}

// around returns the text above and below the block of corp.
func around(text []byte) (above, below string) {
	s := string(text)
	start, next := len(s), len(s)
	for pos := 0; pos < len(s); {
		line := s[pos:]
		after := len(s)
		if i := strings.IndexAny(line, "\r\n"); i >= 0 {
			after = pos + i + 1
			if strings.HasPrefix(line[i:], "\r\n") {
				after++
			}
			line = line[:i]
		}
		switch blanks := " \t\v\f\x1c\x1d\x1e\x1f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"; strings.Trim(line, blanks) {
		case strings.TrimSpace(begin), "\uFEFF" + strings.TrimSpace(begin):
			start = pos + len(line) - len(strings.TrimPrefix(line, "\uFEFF"))
		case strings.TrimSpace(end):
			next = after
		}
		pos = after
	}
	return s[:start], s[next:]
}
