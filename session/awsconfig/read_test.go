package awsconfig_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

var kinds = []awsconfig.Kind{awsconfig.Profile, awsconfig.SSOSession, awsconfig.Services, awsconfig.Bare}

// dump writes a line for each section of a kind, in the form
//
//	name: key="value" key="value"
func dump(f *awsconfig.File, kind awsconfig.Kind) string {
	var b strings.Builder
	for s := range f.Sections(kind) {
		fmt.Fprintf(&b, "%s:", s.Name())
		for _, key := range s.Keys() {
			value, _ := s.Get(key)
			fmt.Fprintf(&b, " %s=%q", key, value)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestRead(t *testing.T) {
	for _, tt := range readings {
		t.Run(tt.name, func(t *testing.T) {
			kind := tt.kind
			if kind == "" {
				kind = awsconfig.Profile
			}
			f := awsconfig.Parse([]byte(tt.text))
			if got := dump(f, kind); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
			var fatal, mild []string
			for _, p := range f.Problems() {
				text := fmt.Sprintf("%d: %s", p.Line, p.Text)
				if p.Fatal {
					fatal = append(fatal, text)
				} else {
					mild = append(mild, text)
				}
			}
			if (tt.fatal == "") != (fatal == nil) || !anyContains(fatal, tt.fatal) {
				t.Errorf("fatal problems: got %q, want %q", fatal, tt.fatal)
			}
			if !anyContains(mild, tt.warn) {
				t.Errorf("other problems: got %q, want %q", mild, tt.warn)
			}
		})
	}
	for _, tt := range bareReadings {
		t.Run("bare/"+tt.name, func(t *testing.T) {
			if got := dump(awsconfig.Parse([]byte(tt.text)), awsconfig.Bare); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}

func anyContains(lines []string, part string) bool {
	return part == "" || slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, part) })
}

func TestSection(t *testing.T) {
	f := awsconfig.Parse([]byte("\n[profile a]\nRegion = r1\n[sso-session  'my corp']\n\n[profile \"a\"]\nregion = r2\n[it's]\n[profile ]\n"))
	tests := []struct {
		kind awsconfig.Kind
		name string
		line int
	}{
		{awsconfig.Profile, "a", 6},
		{awsconfig.SSOSession, "my corp", 4},
		{awsconfig.Bare, "profile a", 2},
		{awsconfig.Bare, "it's", 8},
	}
	for _, tt := range tests {
		s, ok := f.Section(tt.kind, tt.name)
		if !ok || s.Name() != tt.name || s.Line() != tt.line {
			t.Errorf("%q %q: got %v, name %q, line %d, want line %d", tt.kind, tt.name, ok, s.Name(), s.Line(), tt.line)
		}
	}
	for _, missing := range []struct {
		kind awsconfig.Kind
		name string
	}{
		{awsconfig.Profile, "A"}, {awsconfig.Profile, ""}, {awsconfig.Profile, "my corp"}, {awsconfig.Profile, "a "}, {awsconfig.SSOSession, "a"},
		{awsconfig.Bare, "DEFAULT"}, {awsconfig.Services, "a"}, {"it", "s"}, {awsconfig.Profile, "default"},
	} {
		if s, ok := f.Section(missing.kind, missing.name); ok {
			t.Errorf("%q %q: got a section at line %d, want none", missing.kind, missing.name, s.Line())
		}
	}
	s, _ := f.Section(awsconfig.Profile, "a")
	if v, ok := s.Get("REGION"); v != "r2" || !ok {
		t.Errorf("Get(REGION): got %q, %v, want \"r2\"", v, ok)
	}
	if v, ok := s.Get("output"); v != "" || ok {
		t.Errorf("Get(output): got %q, %v, want none", v, ok)
	}
}

func TestSectionIsASnapshot(t *testing.T) {
	f := awsconfig.Parse([]byte("[profile a]\nregion = r1\n"))
	s, _ := f.Section(awsconfig.Profile, "a")
	if err := setIn(f, awsconfig.Profile, "a", "region", "r2"); err != nil {
		t.Fatal(err)
	}
	if v, _ := s.Get("region"); v != "r1" {
		t.Errorf("section after an edit: got region %q, want r1", v)
	}
}

// An edit writes neither to what Parse was given nor to what Bytes has returned.
func TestArgumentAndResultAreNotWritten(t *testing.T) {
	const text = "[profile a]\nregion = r1\n"
	src := append(make([]byte, 0, 1000), text...)
	f := awsconfig.Parse(src)
	for _, profile := range []string{"new", "a"} {
		if err := setIn(f, awsconfig.Profile, profile, "region", "r2"); err != nil {
			t.Fatal(err)
		}
	}
	if rest := src[len(src):cap(src)]; string(src) != text || bytes.ContainsFunc(rest, func(r rune) bool { return r != 0 }) {
		t.Errorf("argument of Parse: got %q, then %q, want no change", src, rest)
	}
	result := f.Bytes()
	before := string(result)
	if _ = append(result, "[profile b]\n"...); setIn(f, awsconfig.Profile, "a", "region", "r3") != nil {
		t.Error("the second edit failed")
	}
	if got, want := dump(f, awsconfig.Profile), "a: region=\"r3\"\nnew: region=\"r2\"\n"; got != want || string(result) != before {
		t.Errorf("got\n%swant\n%s, and the result before is %q, want %q", got, want, result, before)
	}
}

func TestProblems(t *testing.T) {
	t.Run("in the order of their lines", func(t *testing.T) {
		f := awsconfig.Parse([]byte("[profile a]\nx = 1\n[profile a]\nregion = r # c\n\xff\n"))
		var lines []int
		for _, p := range f.Problems() {
			lines = append(lines, p.Line)
		}
		if want := []int{3, 4, 5, 5}; !slices.Equal(lines, want) {
			t.Errorf("got problems in lines %v, want %v", lines, want)
		}
	})
	t.Run("bounded, and no warning hides a rejection", func(t *testing.T) {
		f := awsconfig.Parse([]byte("[profile a]\n" + strings.Repeat("  [b]\nk = v # c\n", 1000) + "junk\n"))
		fatal := 0
		problems := f.Problems()
		for _, p := range problems {
			if p.Fatal {
				fatal++
			}
		}
		if fatal == 0 || len(problems) > 200 {
			t.Errorf("got %d problems, %d of them fatal, want at most 200 and at least 1", len(problems), fatal)
		}
	})
	t.Run("on one printable line each, without values", func(t *testing.T) {
		secret := "s3cr3t" + strings.Repeat("x", 1000)
		f := awsconfig.Parse([]byte("[a\x1b[31m" + strings.Repeat("b", 1000) + "]\nk\v" + strings.Repeat("é", 1000) + " = " + secret + " # c\nk = \"" + secret + "\"\nk = 1\n" + secret + "\n[" + secret + "\n"))
		problems := f.Problems()
		if len(problems) < 5 {
			t.Fatal("too few problems", problems)
		}
		for _, p := range problems {
			if strings.Contains(p.Text, "s3cr3t") || strings.ContainsAny(p.Text, "\x1b\v\n") || len(p.Text) > 300 {
				t.Errorf("got problem %q, want one short printable line without the value", p.Text)
			}
		}
	})
}

// A header that the AWS CLI ignores is not found under any name.
func TestDroppedHeadersAreNotFound(t *testing.T) {
	for header, name := range map[string]string{"profile  ": " ", "profile it's": "it's", `profile a"b`: `a"b`, `profile a\`: `a\`, "profile a b": "a b"} {
		f := awsconfig.Parse([]byte("[" + header + "]\nregion = r1\n"))
		if _, ok := f.Section(awsconfig.Profile, name); ok {
			t.Errorf("[%s]: got a section under the name %q, want none", header, name)
		}
	}
}
