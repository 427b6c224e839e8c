package awsconfig_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// TestBotocoreAgrees compares this package with the AWS CLI's own parser, in one
// Python process, for the table of readings, some thousand generated files and an
// edited copy of each. botocore must accept a file exactly if Problems returns no
// fatal problem, and then read the same names, keys and values.
func TestBotocoreAgrees(t *testing.T) {
	var texts []string
	for _, r := range readings {
		texts = append(texts, r.text)
	}
	for _, r := range bareReadings {
		texts = append(texts, r.text)
	}
	g := generator{rand.New(rand.NewPCG(2026, 11))}
	for range 1500 {
		text := g.file()
		texts = append(texts, text, g.edited(t, text))
	}

	accepted := 0
	for i, want := range botocore(t, texts) {
		f := awsconfig.Parse([]byte(texts[i]))
		var fatal []awsconfig.Problem
		for _, p := range f.Problems() {
			if p.Fatal {
				fatal = append(fatal, p)
			}
		}
		if (want == nil) != (fatal != nil) {
			t.Errorf("botocore rejects: %v, fatal problems: %v, in\n%q", want == nil, fatal, texts[i])
		}
		if want == nil {
			continue
		}
		accepted++
		for _, kind := range kinds {
			compare(t, texts[i], f, kind, want[kind])
		}
	}
	t.Logf("%d of %d files accepted by botocore", accepted, len(texts))
	if accepted < len(texts)/3 || accepted > len(texts)*9/10 {
		t.Errorf("%d of %d files accepted by botocore, want about half", accepted, len(texts))
	}
}

// A botocoreFile is the content of a file as botocore reads it: for each kind, the
// names with their keys and values, in order. It is nil if botocore rejects the file.
type botocoreFile map[awsconfig.Kind][]botocoreSection

type botocoreSection struct {
	name string
	keys [][2]string
}

func (s *botocoreSection) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[]any{&s.name, &s.keys})
}

func botocore(t *testing.T, texts []string) []botocoreFile {
	t.Helper()
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import awscli.botocore.configloader").Run(); err != nil {
		t.Fatalf("%s cannot import awscli.botocore: install the Debian package awscli: %v", python, err)
	}
	dir := t.TempDir()
	name := func(i int) string { return fmt.Sprintf("%05d", i) }
	for i, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name(i)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python, "-X", "utf8", filepath.Join("testdata", "botocore.py"), dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var byName map[string]botocoreFile
	if err := json.Unmarshal(out, &byName); err != nil {
		t.Fatal(err)
	}
	files := make([]botocoreFile, len(texts))
	for i := range texts {
		files[i] = byName[name(i)]
	}
	return files
}

func compare(t *testing.T, text string, f *awsconfig.File, kind awsconfig.Kind, want []botocoreSection) {
	t.Helper()
	n := 0
	for range f.Sections(kind) {
		n++
	}
	if n != len(want) {
		t.Errorf("kind %q: got\n%swant as botocore %v in\n%q", kind, dump(f, kind), want, text)
		return
	}
	for _, w := range want {
		s, ok := f.Section(kind, w.name)
		if !ok {
			t.Errorf("kind %q: %q not found in\n%q", kind, w.name, text)
			continue
		}
		var got [][2]string
		for _, key := range s.Keys() {
			value, _ := s.Get(key)
			got = append(got, [2]string{key, value})
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", w.keys) {
			t.Errorf("kind %q, section %q: got\n%q\nwant as botocore\n%q\nin\n%q", kind, w.name, got, w.keys, text)
		}
	}
}

// A generator generates config files. Most are unusual, and many are invalid.
type generator struct{ *rand.Rand }

func (g generator) one(of ...string) string { return of[g.IntN(len(of))] }

func (g generator) percent(n int) bool { return g.IntN(100) < n }

func (g generator) file() string {
	if g.percent(20) {
		return g.noise()
	}
	var b strings.Builder
	if g.percent(2) {
		b.WriteString("\uFEFF")
	}
	odd := g.one("", "", "odd", "odd", "wrong") // the worst that the file may have
	b.WriteString(g.filler())
	if odd == "wrong" && g.percent(10) {
		b.WriteString("region = early\n")
	}
	headers := map[string]bool{}
	for range g.IntN(6) {
		header := g.header(odd)
		if headers[header] && !g.percent(2) {
			continue
		}
		headers[header] = true
		b.WriteString(header)
		b.WriteString(g.body(odd))
	}
	return g.lineEnds(b.String())
}

func (g generator) header(odd string) string {
	name := g.one("a", "b", "c", "dev", "prod-eu", "x.y", "default")
	if odd != "" {
		name = g.one(name, name, `"a"`, `'a'`, `"x y"`, `'x y'`, `x\ y`, `"q\"q"`, `'b\s'`, `"b\s"`, "it's", "d#e", "f]g", "é", "A", "ß", `""`,
			`a b`, `a"b"`, `tail\`, "", "\u00a0", "c\x1fd", "n\x00l", "[z", "#", `a"b c"d'e f'\g`)
	}
	word := g.one("profile", "profile", "profile", "sso-session", "services")
	blank := " "
	if odd != "" {
		word = g.one(word, word, word, word, word, "profiles", "Profile", "sso-sessions", "pro\"file\"", "service", " profile", "services-", "profile\tx")
		blank = g.one(" ", " ", " ", "  ", "\t", " \t ", "", "\u00a0")
	}
	text := word + blank + name
	if g.percent(15) {
		text = g.one("default", "default", "foo", "DEFAULT", "plugins", "profile default", `profile "default"`, "Default", "default ")
	}
	if odd == "" {
		return "[" + text + "]\n"
	}
	return g.indentation(15) + "[" + text + g.one("]", "]", "]", "]", "]", "]", "] # note", "] ; [note]", "]]", "]  ", "]x=y") + "\n"
}

func (g generator) body(odd string) string {
	var b strings.Builder
	keys := []string{"region", "output", "sso_session", "sso_account_id", "sso_role_name", "sso_start_url", "sso_region", "s3", "x"}
	g.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	indent := ""
	if odd != "" && g.percent(20) {
		indent = g.indentation(100)
	}
	for _, key := range keys[:g.IntN(len(keys))] {
		if odd != "" {
			key = g.one(key, key, key, key, strings.ToUpper(key), strings.ToTitle(key[:1])+key[1:], key+" "+key, key+"é", "É"+key, "["+key, key+"]")
		}
		if odd == "wrong" && g.percent(3) {
			key = g.one("region", "output", "x", "REGION", "")
		}
		if odd != "" && g.percent(5) {
			indent = g.indentation(60)
		}
		b.WriteString(indent + key + g.one("=", " = ", " = ", " = ", ":", " : ", "\t=\t", "\u2003=\u00a0") + g.value() + "\n")
		if odd != "" && g.percent(15) {
			b.WriteString(g.further(odd))
		}
		if odd == "wrong" && g.percent(3) {
			b.WriteString(g.one("junk\n", "  junk\n", "[profile open\n", "[]\n", "= x\n", ": x\n", "caf\xe9 = 1\n", "x\xff\n", "[\n", "[]]\n"))
		}
		if g.percent(10) {
			b.WriteString(g.filler())
		}
	}
	if g.percent(50) {
		b.WriteString(g.filler())
	}
	return b.String()
}

func (g generator) value() string {
	v := g.one("", "eu-west-1", "json", "000000000001", "https://corp.awsapps.com/start", "https://x/start/#/", "a=b:c", "é 日", "%(x)s $HOME", "x")
	if g.percent(10) {
		v = g.one(`"quoted"`, "r # home", "r\t; home", "# none", "a\x0bb", "a\u2028b", "a\x85b\u0085c", "\x1cx\x1d", "tail \u3000", "[x]", "\x00", "''", "a\fb")
		v = strings.ToValidUTF8(v, "?")
	}
	return v
}

// further returns further lines of a value, or a nested block.
func (g generator) further(odd string) string {
	var b strings.Builder
	for range 1 + g.IntN(3) {
		b.WriteString(g.indentation(100) + g.one("max_queue_size = 100", "a=b", "A = B # c", "= x", "[profile nested] = ", "[x]=1", "k = v\u2028l = w", "é = 1"))
		if odd == "wrong" && g.percent(20) {
			b.WriteString(g.one("\n"+g.indentation(100)+"plain", "\vplain", "\x1cplain", "\n  [profile a]", "\n  k : v"))
		}
		b.WriteString("\n")
		if g.percent(20) {
			b.WriteString(g.filler())
		}
	}
	return b.String()
}

// filler returns blank lines and comments.
func (g generator) filler() string {
	return g.one("", "", "", "\n", "\n\n", "# comment\n", "; [profile no]\n", "  # x = y\n", " \t\n", "\n#\n\n", "\u00a0\n", "\x1f\n")
}

func (g generator) indentation(percent int) string {
	if !g.percent(percent) {
		return ""
	}
	return g.one(" ", "  ", "  ", "    ", "\t", "\u00a0", "\u2003 ", "\v", "\x1c", "      ")
}

func (g generator) lineEnds(text string) string {
	switch n := g.IntN(10); {
	case n < 6:
	case n < 8:
		text = strings.ReplaceAll(text, "\n", "\r\n")
	case n < 9:
		text = strings.ReplaceAll(text, "\n", "\r")
	default:
		lines := strings.SplitAfter(text, "\n")
		for i, line := range lines {
			if line, ok := strings.CutSuffix(line, "\n"); ok {
				lines[i] = line + g.one("\n", "\r", "\r\n")
			}
		}
		text = strings.Join(lines, "")
	}
	if g.percent(20) {
		text = strings.TrimRight(text, "\r\n")
	}
	return text
}

// noise returns random tokens, some with a header above.
func (g generator) noise() string {
	var b strings.Builder
	if g.percent(90) {
		b.WriteString("[profile a]\n")
	}
	for range g.IntN(20) {
		b.WriteString(g.one("[", "]", "profile ", "profile", "sso-session", "default", "DEFAULT", "=", "=", ":", "\n", "\n", "\n", "\r", "\r\n", " ", "  ", "\t",
			"#", ";", "a", "b", "A", "k = v\n", "k2 = v\n", "  n = v\n", "é", "\u00a0", "\x1c", "\u2028", "\x0b", "\\", "\"", "'", "[profile b]\n", "  [profile c]\n"))
	}
	return b.String()
}

// edited returns text after some edits of existing and new sections and keys.
func (g generator) edited(t *testing.T, text string) string {
	t.Helper()
	f := awsconfig.Parse([]byte(text))
	for range 1 + g.IntN(3) {
		kind := kinds[g.IntN(len(kinds))]
		name := g.one("a", "new", "n.e/w")
		if g.percent(70) {
			for s := range f.Sections(kind) {
				if name = s.Name(); g.percent(40) {
					break
				}
			}
		}
		key := g.one("region", "Region", "output", "sso_session", "s3", "x", "max_queue_size", "brand_new")
		value := g.value()
		if strings.TrimSpace(value) != value || strings.ContainsAny(value, "\x00\x1c") {
			value = "plain"
		}
		if err := setIn(f, kind, name, key, value); err != nil {
			t.Fatalf("set(%q, %q, %q, %q): %v in\n%q", kind, name, key, value, err, text)
		}
		if s, _ := f.Section(kind, name); s.Name() != name {
			t.Fatalf("set(%q, %q, %q, %q): section not found in\n%q", kind, name, key, value, f.Bytes())
		} else if got, ok := s.Get(key); !ok || got != value {
			t.Fatalf("set(%q, %q, %q, %q): got %q in\n%q", kind, name, key, value, got, f.Bytes())
		}
	}
	return string(f.Bytes())
}
