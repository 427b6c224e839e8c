package shellinit

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The test binary is also every program that the shells under test start, selected by
// the name that it is called by.
func TestMain(m *testing.M) {
	switch name := filepath.Base(os.Args[0]); {
	case name == "ssoenv":
		os.Exit(stub(os.Args[1:]))
	case name == "environ":
		os.Exit(environ(os.Args[1:]))
	case slices.Contains(canaries, name):
		// No shell may start one of these. It records that one did.
		os.WriteFile("started-"+name, nil, 0o600)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// canaries are the only programs on the PATH of a shell under test.
var canaries = []string{"touch", "id", "ls", "cat", "env", "echoes", "x", "TEAM", "dev"}

// environ prints the whole environment, with a NUL after each variable, or a line for
// each variable that names has.
func environ(names []string) int {
	if len(names) == 0 {
		fmt.Print(strings.Join(os.Environ(), "\x00") + "\x00")
	}
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			fmt.Printf("%s=%q\n", name, value)
		} else {
			fmt.Printf("%s unset\n", name)
		}
	}
	return 0
}

// A judge is a real shell, with options, by which a text is tested.
type judge struct {
	name    string
	dialect Shell
	argv    []string // a script and its arguments follow
	debian  string   // the package to install
}

// hostileOptions are the options of zsh that change how text is read or what
// a parameter means.
var hostileOptions = []string{
	"ksharrays", "shwordsplit", "globsubst", "nounset", "rcquotes", "ignorebraces", "cshjunkiequotes",
	"cshjunkieloops", "posixbuiltins", "posixidentifiers", "allexport", "shglob", "kshglob", "extendedglob", "nullglob",
	"nobareglobqual", "magicequalsubst", "rcexpandparam", "noglobalexport", "kshtypeset", "shfileexpansion",
	"warncreateglobal", "promptsubst", "interactivecomments", "noclobber", "pipefail", "braceccl",
}

func zshWith(options ...string) []string {
	argv := []string{"zsh", "-f"}
	for _, o := range options {
		argv = append(argv, "-o", o)
	}
	return append(argv, "-c")
}

var judges = []judge{
	{"bash", Bash, []string{"bash", "--norc", "--noprofile", "-c"}, "bash"},
	{"bash --posix", Bash, []string{"bash", "--posix", "--norc", "--noprofile", "-c"}, "bash"},
	{"bash strict", Bash, []string{"bash", "--norc", "--noprofile", "-u", "-o", "pipefail", "-o", "noclobber", "-o", "functrace", "-O", "extglob", "-O", "nullglob", "-O", "expand_aliases", "-O", "xpg_echo", "-c"}, "bash"},
	{"zsh", Zsh, zshWith(), "zsh"},
	{"zsh hostile", Zsh, zshWith(hostileOptions...), "zsh"},
	{"zsh emulate sh", Zsh, []string{"zsh", "--emulate", "sh", "-f", "-c"}, "zsh"},
	{"zsh emulate ksh", Zsh, []string{"zsh", "--emulate", "ksh", "-f", "-c"}, "zsh"},
	{"zsh emulate csh", Zsh, []string{"zsh", "--emulate", "csh", "-f", "-c"}, "zsh"},
	{"fish", Fish, []string{"fish", "--no-config", "-c"}, "fish"},
	{"dash", POSIX, []string{"dash", "-c"}, "dash"},
	{"ksh93", POSIX, []string{"ksh93", "-c"}, "ksh"},
	{"mksh", POSIX, []string{"mksh", "-c"}, "mksh"},
	{"busybox", POSIX, []string{"busybox", "sh", "-c"}, "busybox"},
	{"bash reads sh", POSIX, []string{"bash", "--norc", "--noprofile", "-c"}, "bash"},
	{"zsh reads sh", POSIX, zshWith(), "zsh"},
	{"fish reads sh", POSIX, []string{"fish", "--no-config", "-c"}, "fish"},
}

func (j judge) isFish() bool { return j.argv[0] == "fish" }

// A stage is the surroundings of a shell under test: an empty working directory, a PATH
// with only canaries, and the two programs that it may start by absolute path.
type stage struct {
	dir, path, home string
	ssoenv, environ string
}

func newStage(t testing.TB) stage {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	s := stage{dir: root + "/cwd", path: root + "/path", home: root + "/home", ssoenv: root + "/ssoenv", environ: root + "/environ"}
	for _, dir := range []string{s.dir, s.path, s.home} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	links := []string{s.ssoenv, s.environ}
	for _, name := range canaries {
		links = append(links, filepath.Join(s.path, name))
	}
	for _, link := range links {
		if err := os.Symlink(self, link); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// env returns the environment of a shell, and extra.
func (s stage) env(extra ...string) []string {
	return append([]string{
		"PATH=" + s.path, "HOME=" + s.home, "TERM=dumb", "LC_ALL=C.UTF-8",
		"SSOENV=" + s.ssoenv, "ENVIRON=" + s.environ, "GORACE=atexit_sleep_ms=0",
	}, extra...)
}

// command returns the command by which the judge runs script in this stage.
func (s stage) command(t testing.TB, j judge, script string, args ...string) *exec.Cmd {
	t.Helper()
	shell, err := exec.LookPath(j.argv[0])
	if err != nil {
		t.Fatalf("%s is not installed: apt-get install %s", j.argv[0], j.debian)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, shell, slices.Concat(j.argv[1:], []string{script}, args)...)
	cmd.Dir = s.dir
	cmd.Env = s.env()
	return cmd
}

// untouched fails the test if the working directory is not empty.
func (s stage) untouched(t testing.TB) {
	t.Helper()
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Errorf("something ran: %q is new", e.Name())
	}
}

func TestRenderWritesAStatementALine(t *testing.T) {
	env := Env{{Name: "B_2", Value: "it's $HOME"}, {Name: "_a", Unset: true}, {Name: "C", Value: ""}}
	for shell, want := range map[Shell]string{
		Bash:  `export B_2='it'\''s $HOME';` + "\nunset -v _a;\nexport C='';\n",
		Zsh:   `export B_2='it'\''s $HOME';` + "\nunset -v _a;\nexport C='';\n",
		POSIX: `export B_2='it'\''s $HOME';` + "\nunset -v _a;\nexport C='';\n",
		Fish:  `set --global --export B_2 'it'\''s $HOME';` + "\nset --erase --global _a;\nset --global --export C '';\n",
	} {
		got, err := shell.Render(env)
		if err != nil || got != want {
			t.Errorf("%v: got %q, %v\nwant %q", shell, got, err, want)
		}
	}
}

func TestRenderRefusesWhatNoShellCanHold(t *testing.T) {
	names := []string{"", "1A", "A-B", "A B", "A=B", "A;id", "a[$(id)]", "É", "A\n", "A\x00", "$(id)", ".", "-v"}
	for _, s := range []Shell{Bash, Zsh, Fish, POSIX} {
		for _, name := range names {
			for _, unset := range []bool{false, true} {
				text, err := s.Render(Env{{Name: "GOOD", Value: "1"}, {Name: name, Value: "2", Unset: unset}})
				if err == nil || text != "" {
					t.Errorf("%v: name %q: got %q, %v", s, name, text, err)
				}
			}
		}
		text, err := s.Render(Env{{Name: "GOOD", Value: "1"}, {Name: "BAD", Value: "sec\x00ret"}})
		if err == nil || text != "" {
			t.Errorf("%v: NUL: got %q, %v", s, text, err)
		}
		if err != nil && (!strings.Contains(err.Error(), `"BAD"`) || strings.Contains(err.Error(), "sec")) {
			t.Errorf("%v: the error must name the variable and not show the value: %v", s, err)
		}
	}
}

func TestNamed(t *testing.T) {
	for _, name := range Names() {
		if s, ok := Named(name); !ok || s.String() != name {
			t.Errorf("Named(%q) = %v, %v", name, s, ok)
		}
	}
	for _, name := range []string{"ash", "busybox", "dash", "ksh", "mksh"} {
		if s, ok := Named(name); !ok || s != POSIX {
			t.Errorf("Named(%q) = %v, %v", name, s, ok)
		}
	}
	for _, name := range []string{"", "BASH", "csh", "/bin/bash", "-bash"} {
		if s, ok := Named(name); ok {
			t.Errorf("Named(%q) = %v", name, s)
		}
	}
}

// Every shell unsets a variable that is set and accepts one that is not, and keeps a
// function of the same name.
func TestUnset(t *testing.T) {
	for _, j := range judges {
		t.Run(j.name, func(t *testing.T) {
			s := newStage(t)
			text, err := j.dialect.Render(Env{{Name: "WAS", Unset: true}, {Name: "WASNOT", Unset: true}, {Name: "AFTER", Value: "1"}})
			if err != nil {
				t.Fatal(err)
			}
			script := `set -eu; WASNOT() { "$ENVIRON" WAS WASNOT AFTER; }; eval "$TEXT"; WASNOT`
			if j.isFish() {
				script = `eval $TEXT; $ENVIRON WAS WASNOT AFTER`
			}
			cmd := s.command(t, j, script)
			cmd.Env = append(cmd.Env, "WAS=1", "TEXT="+text)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			want := "WAS unset\nWASNOT unset\nAFTER=\"1\"\n"
			if j.name == "fish reads sh" {
				// fish has no unset; it goes on to the assignments.
				want = "WAS=\"1\"\nWASNOT unset\nAFTER=\"1\"\n"
				stderr.Reset()
			}
			if err != nil || string(out) != want || stderr.Len() > 0 {
				t.Errorf("got %s%s%v, want %s", out, &stderr, err, want)
			}
		})
	}
}

// environOf decodes the output of environ.
func environOf(t testing.TB, out []byte) map[string]string {
	t.Helper()
	env := map[string]string{}
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		name, value, ok := strings.Cut(entry, "=")
		if !ok {
			t.Fatalf("not an environment: %.200q", out)
		}
		env[name] = value
	}
	return env
}

// The mark is that of what the shell reads: without comments, and in zsh with the clock in
// place of its calls.
func TestMark(t *testing.T) {
	if calls := strings.Count(Zsh.common, "\t__ssoenv_clock\n"); calls < 3 || strings.Count(Zsh.hookCode(), "__ssoenv_now=${(%)__ssoenv_seconds}\n") < calls {
		t.Errorf("zsh: got %d calls of the clock, want some, and each replaced", calls)
	}
	for _, shell := range []Shell{Bash, Zsh, Fish} {
		same, other := shell, shell
		same.hook += "# a comment\n"
		other.hook += "true\n"
		if same.Mark() != shell.Mark() || other.Mark() == shell.Mark() {
			t.Errorf("%v: got the marks %s, with a comment %s, with another command %s", shell, shell.Mark(), same.Mark(), other.Mark())
		}
	}
	unclocked := Zsh
	unclocked.name = "other"
	if strings.TrimPrefix(unclocked.Mark(), "other:") == strings.TrimPrefix(Zsh.Mark(), "zsh:") {
		t.Error("zsh: the mark is not that of the text with the clock in place")
	}
}
