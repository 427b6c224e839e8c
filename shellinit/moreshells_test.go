package shellinit

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/ssoenv/ssoenv/shellinit/ptytest"
)

// The shells that read data and can be installed here. PowerShell cannot: the tests
// of its text follow its documentation.
var readers = []struct {
	shell   Shell
	install string
}{
	{Nu, "npm install nushell, with nu in PATH (scripts/test does so)"},
	{Elvish, "apt-get install elvish"},
	{Xonsh, "apt-get install xonsh"},
}

func eachReader(t *testing.T, test func(t *testing.T, s stage, shell Shell, program string)) {
	for _, r := range readers {
		t.Run(r.shell.String(), func(t *testing.T) {
			t.Parallel()
			program, err := exec.LookPath(r.shell.String())
			if err != nil {
				t.Fatalf("%s is not installed: %s", r.shell, r.install)
			}
			test(t, newStage(t), r.shell, program)
		})
	}
}

func TestRenderData(t *testing.T) {
	env := Env{{Name: "GONE", Unset: true}, {Name: "B_2", Value: `it's "$x"\` + "\n\u00e9\U0001f511"}, {Name: "C", Value: ""}}
	want := `["GONE","B_2=it\u0027s \u0022\u0024x\u0022\u005c\u000a\u00e9\ud83d\udd11","C="]` + "\n"
	for _, s := range []Shell{PowerShell, Nu, Elvish, Xonsh} {
		if got, err := s.Render(env); err != nil || got != want {
			t.Errorf("%v: got %s, %v\nwant %s", s, got, err, want)
		}
		if got, err := s.Render(nil); err != nil || got != "" {
			t.Errorf("%v: nothing to change is %q, %v", s, got, err)
		}
		for _, name := range []string{"", "1A", "A-B", "A=B", `A"`, "a[$(id)]", "A\n"} {
			if got, err := s.Render(Env{{Name: "GOOD", Value: "1"}, {Name: name, Unset: true}}); err == nil || got != "" {
				t.Errorf("%v: name %q: %q, %v", s, name, got, err)
			}
		}
		got, err := s.Render(Env{{Name: "V", Value: "\xffsecret"}})
		if s == Xonsh && (err != nil || got != `["V=\udcffsecret"]`+"\n") {
			t.Errorf("%v: %q, %v", s, got, err)
		}
		if s != Xonsh && (err == nil || got != "" || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%v: %q, %v", s, got, err)
		}
		if _, err := s.Render(Env{{Name: "V", Value: "a\x00"}}); err == nil {
			t.Errorf("%v: got no error for a NUL byte", s)
		}
	}
}

// For any value, JSON decodes to the value. PowerShell's ConvertFrom-Json would convert
// a string that is only a date.
func TestRenderDataIsJSON(t *testing.T) {
	for _, word := range append(samples(5, 5000), "2026-01-02T03:04:05Z", "/Date(1)/") {
		word = strings.ToValidUTF8(word, "\ufffd")
		text, err := PowerShell.Render(Env{{Name: "V", Value: word}})
		if err != nil {
			t.Fatal(err)
		}
		var entries []string
		if err := json.Unmarshal([]byte(text), &entries); err != nil || !slices.Equal(entries, []string{"V=" + word}) {
			t.Fatalf("%q is written %s, and read %q, %v", word, text, entries, err)
		}
		if strings.ContainsFunc(strings.TrimSuffix(text, "\n"), func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("%q is written %q", word, text)
		}
	}
}

// Data for these shells, evaluated by another shell, runs nothing.
func TestDataIsInertInEveryShell(t *testing.T) {
	text, err := Xonsh.Render(envOf(append(samples(77, 1200)[4:4+len(tokens)], samples(78, 1400)[1200:]...)))
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range judges {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			script := `(eval "$TEXT") 2>/dev/null; echo "all of it"`
			if j.isFish() {
				script = `eval $TEXT 2>/dev/null; echo "all of it"`
			}
			cmd := s.command(t, j, script)
			cmd.Env = append(cmd.Env, "TEXT="+text)
			if out, err := cmd.Output(); err != nil || !strings.HasSuffix(string(out), "all of it\n") {
				t.Errorf("%v: %.300q", err, out)
			}
			s.untouched(t)
		})
	}
}

// envOf returns one variable for each word.
func envOf(words []string) Env {
	var env Env
	for i, w := range words {
		env = append(env, Var{Name: fmt.Sprintf("V%d", i), Value: w})
	}
	return env
}

// The package's promise: what Render writes, the function reads back byte for byte,
// nothing runs, and the environment has nothing else.
func TestReadersReadBackWhatRenderWrites(t *testing.T) {
	const batches, each = 3, 3500
	eachReader(t, func(t *testing.T, s stage, shell Shell, program string) {
		before := s.environOfReader(t, shell, program, nil)
		for batch := range batches {
			words := samples(uint64(40+batch), each)
			if shell != Xonsh {
				for i, w := range words {
					words[i] = strings.ToValidUTF8(w, "\ufffd")
				}
			}
			env := envOf(words)
			after := s.environOfReader(t, shell, program, env)
			wrong := 0
			for _, v := range env {
				got, ok := after[v.Name]
				if !ok || got != v.Value {
					if wrong++; wrong <= 5 {
						t.Errorf("read %q, %v\nfrom %q", got, ok, v.Value)
					}
				}
				delete(after, v.Name)
			}
			if wrong > 5 {
				t.Errorf("%d of %d words wrong", wrong, len(env))
			}
			for name, value := range after {
				if _, ok := before[name]; !ok {
					t.Errorf("%s=%q came into the environment", name, value)
				}
			}
			s.untouched(t)
		}
	})
}

// environOfReader returns the environment of a child of the shell after the function
// has applied env. The program that it calls prints what Render wrote.
func (s stage) environOfReader(t *testing.T, shell Shell, program string, env Env) map[string]string {
	t.Helper()
	text, err := shell.Render(env)
	if err != nil {
		t.Fatal(err)
	}
	answer, out, exe := s.home+"/answer", s.home+"/out", s.home+"/answers"
	for name, text := range map[string]string{answer: text, exe: "#!/bin/sh\nexec /bin/cat '" + answer + "'\n"} {
		if err := os.WriteFile(name, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	use := map[Shell]string{
		Nu:     "ssoenv use dev; ^$env.ENVIRON o> $env.OUT",
		Elvish: "ssoenv use dev; (external $E:ENVIRON) > $E:OUT",
		Xonsh:  "ssoenv use dev && @(__xonsh__.env['ENVIRON']) > @(__xonsh__.env['OUT'])",
	}
	os.Remove(out)
	s.converse(t, shell, program, exe, []string{"OUT=" + out}, use[shell])
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return environOf(t, data)
}

// converse types a line in an interactive shell whose function calls the program at
// exe, and returns all that the shell wrote on the terminal.
func (s stage) converse(t *testing.T, shell Shell, program, exe string, env []string, line string) string {
	t.Helper()
	rc := filepath.Join(s.home, "rc")
	prompt := map[Shell]string{
		Nu:     "\n$env.PROMPT_COMMAND = {|| 'READY' }; $env.PROMPT_COMMAND_RIGHT = ''; $env.config.show_banner = false\n",
		Elvish: "\nset edit:prompt = { put 'READY> ' }; set edit:rprompt = { }\n",
		Xonsh:  "\n$PROMPT = 'READY> '\n",
	}
	if err := os.WriteFile(rc, []byte(shell.Hook(exe, s.home)+prompt[shell]), 0o600); err != nil {
		t.Fatal(err)
	}
	if shell == Elvish {
		// As in a user's rc.elv: what the hook declares is not visible outside.
		text := "eval (slurp < " + Elvish.Quote(rc) + ")" + prompt[shell]
		rc += ".elv"
		if err := os.WriteFile(rc, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := map[Shell][]string{
		Nu:     {"--no-history", "--no-std-lib", "--config", rc},
		Elvish: {"-rc", rc},
		Xonsh:  {"--rc", rc, "--shell-type", "readline"},
	}
	cmd := exec.Command(program, args[shell]...)
	cmd.Dir = s.dir
	cmd.Env = append(s.env("TERM=xterm", "XDG_DATA_HOME="+s.home, "XDG_STATE_HOME="+s.home, "XDG_CONFIG_HOME="+s.home), env...)
	terminal := ptytest.Start(t, cmd, ptytest.Size{Cols: 120, Rows: 24})
	terminal.Expect("READY")
	terminal.TypeLine(line)
	terminal.TypeLine("exit")
	shown, _ := terminal.Wait(time.Minute)
	return shown
}

// A quoted word is read as that word by the shell that it is quoted for.
func TestQuoteForReaders(t *testing.T) {
	eachReader(t, func(t *testing.T, s stage, shell Shell, program string) {
		var words []string
		for _, w := range samples(9, 3000) {
			words = append(words, strings.ToValidUTF8(w, "\ufffd"))
		}
		var quoted []string
		for _, w := range words {
			quoted = append(quoted, shell.Quote(w))
		}
		form := map[Shell][3]string{
			Nu:     {"[", ", ", "] | to json --raw | save --force --raw $env.OUT"},
			Elvish: {"put [", " ", "] | to-json > $E:OUT"},
			Xonsh:  {"import json\nwith open($OUT, 'w') as f: json.dump([", ",", "], f)\n"},
		}[shell]
		script, out := s.home+"/script", s.home+"/out"
		if err := os.WriteFile(script, []byte(form[0]+strings.Join(quoted, form[1])+form[2]), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, script)
		if shell == Xonsh {
			cmd.Args = slices.Insert(cmd.Args, 1, "--no-rc")
		}
		cmd.Dir, cmd.Env = s.dir, s.env("OUT="+out, "XDG_DATA_HOME="+s.home, "XDG_CONFIG_HOME="+s.home)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %.500s", err, text)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if err := json.Unmarshal(data, &got); err != nil || len(got) != len(words) {
			t.Fatalf("%d words: %v", len(got), err)
		}
		for i, w := range words {
			if got[i] != w {
				t.Errorf("%s is read as %q, not %q", quoted[i], got[i], w)
			}
		}
		s.untouched(t)
	})
}

// No part of the program's path is evaluated.
func TestProgramAnywhereForReaders(t *testing.T) {
	eachReader(t, func(t *testing.T, s stage, shell Shell, program string) {
		dir := s.home + "/it's $(touch x) \"`touch x`\" \\ é\u2019\U0001f511"
		if shell != Nu {
			dir += "\xff"
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		exe := dir + "/ssoenv"
		if err := os.WriteFile(exe, []byte("#!/bin/sh\nprintf '%s\\n' \"$*\" >\""+`$OUT"`+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		screen := s.converse(t, shell, program, exe, []string{"OUT=" + s.home + "/out"}, "ssoenv args 'a  b' --shell")
		got, err := os.ReadFile(s.home + "/out")
		if err != nil || string(got) != "args a  b --shell\n" {
			t.Errorf("%q, %v\n%s", got, err, screen)
		}
		s.untouched(t)
	})
}

// PowerShell cannot be run here. By its documentation, any of five quote characters
// ends a word in single quotes, and a doubled one is that character. Quote writes
// ASCII, which has only one of them, and numbers.
func TestQuoteForPowerShell(t *testing.T) {
	for word, want := range map[string]string{
		"":                    `''`,
		`C:\Program Files\s`:  `'C:\Program Files\s'`,
		"it's $x `n \"q\"":    "'it''s $x `n \"q\"'",
		"\u2019":              `(''+[char]0x2019)`,
		"é\u2018;x":           `(''+[char]0x00e9+[char]0x2018+';x')`,
		"a\U0001f511'":        `('a'+[char]0xd83d+[char]0xdd11+'''')`,
		"\n":                  `(''+[char]0x000a)`,
		"/home/\u00fc/ssoenv": `('/home/'+[char]0x00fc+'/ssoenv')`,
	} {
		if got := PowerShell.Quote(word); got != want {
			t.Errorf("Quote(%q) = %s, want %s", word, got, want)
		}
	}
	for _, word := range samples(11, 5000) {
		word = strings.ToValidUTF8(word, "\ufffd")
		if got := readPowerShell(t, PowerShell.Quote(word)); got != word {
			t.Fatalf("Quote(%q) = %s, which is %q", word, PowerShell.Quote(word), got)
		}
	}
}

// readPowerShell reads a sum of quoted strings and characters by number.
func readPowerShell(t *testing.T, text string) string {
	t.Helper()
	rest, sum := strings.CutPrefix(text, "(")
	if sum {
		rest = strings.TrimSuffix(rest, ")")
	}
	var units []uint16
	for first := true; rest != ""; first = false {
		if !first {
			var ok bool
			if rest, ok = strings.CutPrefix(rest, "+"); !ok || !sum {
				t.Fatalf("no sum: %s", text)
			}
		}
		var unit uint16
		if n, _ := fmt.Sscanf(rest, "[char]0x%4x", &unit); n == 1 && !first {
			units, rest = append(units, unit), rest[len("[char]0x0000"):]
			continue
		}
		var ok bool
		if rest, ok = strings.CutPrefix(rest, "'"); !ok {
			t.Fatalf("no string: %s", text)
		}
		for {
			before, after, ok := strings.Cut(rest, "'")
			if !ok || strings.ContainsFunc(before, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Fatalf("no string: %s", text)
			}
			for _, c := range []byte(before) {
				units = append(units, uint16(c))
			}
			if rest = after; !strings.HasPrefix(rest, "'") {
				break
			}
			units, rest = append(units, '\''), rest[1:]
		}
	}
	return string(utf16.Decode(units))
}

// The hook for PowerShell is ASCII, which every version and code page reads alike,
// and its brackets match.
func TestPowerShellHookIsPlain(t *testing.T) {
	text := PowerShell.Hook("/bin/ssoenv")
	if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }) {
		t.Error("not ASCII")
	}
	for _, pair := range []string{"{}", "()", "[]"} {
		if open, closed := strings.Count(text, pair[:1]), strings.Count(text, pair[1:]); open != closed {
			t.Errorf("%d %c and %d %c", open, pair[0], closed, pair[1])
		}
	}
}
