package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/shellinit/ptytest"
)

// An installation is a home directory in which scripts/install runs.
type installation struct {
	home string
	env  []string
}

func newInstallation(t *testing.T) installation {
	home := t.TempDir()
	goEnv, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		t.Fatalf("go env: %v", err)
	}
	folders := strings.Fields(string(goEnv))
	tools, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	return installation{home, []string{
		"HOME=" + home, "PATH=" + filepath.Dir(tools) + ":/usr/bin:/bin", "SHELL=/bin/bash", "TERM=xterm",
		"GOCACHE=" + folders[0], "GOMODCACHE=" + folders[1], "GOPATH=" + folders[2], "GOTELEMETRY=off", "GOTOOLCHAIN=local",
	}}
}

func (i installation) command(words ...string) *exec.Cmd {
	cmd := exec.Command("../../scripts/install", words...)
	cmd.Env = i.env
	return cmd
}

// run runs scripts/install without a terminal, and returns what it prints.
func (i installation) run(t *testing.T, words ...string) (output string, err error) {
	t.Helper()
	out, err := i.command(words...).CombinedOutput()
	return string(out), err
}

// files lists what is under the home directory, except what Go itself keeps there.
func (i installation) files(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(i.home, func(path string, entry fs.DirEntry, err error) error {
		name, _ := filepath.Rel(i.home, path)
		if name == ".config" || name == ".cache" {
			return filepath.SkipDir
		}
		found = append(found, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// scripts/install installs under a prefix with blanks, twice, without a terminal, and
// leaves nothing after --uninstall that was not there before.
func TestInstall(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	prefix := filepath.Join(i.home, "my programs")
	mine := filepath.Join(prefix, "share", "mine")
	if err := os.MkdirAll(mine, 0o755); err != nil {
		t.Fatal(err)
	}
	before := i.files(t)
	for range 2 {
		out, err := i.run(t, prefix)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, want := range []string{
			"installed under ~/my programs:", "  share/bash-completion/completions/ssoenv\n", "~/my programs/bin is not in PATH. Add this line to ~/.bashrc:",
			`/my\ programs/bin:$PATH`, "To set up your shell, run:  ssoenv init bash --install",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is not in\n%s", want, out)
			}
		}
	}
	if out, err := exec.Command(filepath.Join(prefix, "bin", "ssoenv"), "version").CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "ssoenv ") {
		t.Errorf("the installed program: %v, %s", err, out)
	}
	if out, err := exec.Command("bash", "-c", `source "$1" && complete -p ssoenv`, "bash", filepath.Join(prefix, "share/bash-completion/completions/ssoenv")).CombinedOutput(); err != nil {
		t.Errorf("the installed completions: %v, %s", err, out)
	}
	if out, err := i.run(t, "--uninstall", prefix); err != nil || !strings.Contains(out, "removed from ~/my programs") {
		t.Errorf("--uninstall: %v\n%s", err, out)
	}
	if after := i.files(t); !slices.Equal(after, before) {
		t.Errorf("after --uninstall there are\n%q, want\n%q", after, before)
	}
	if out, err := i.run(t, "--uninstall", prefix); err == nil || !strings.Contains(out, "nothing is installed under ~/my programs") {
		t.Errorf("a second --uninstall: %v\n%s", err, out)
	}
}

// A file that has changed since is not removed, and start-up lines are named.
func TestUninstallKeepsWhatIsTheUsers(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	if out, err := i.run(t); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program := filepath.Join(i.home, ".local/bin/ssoenv")
	if err := os.WriteFile(program, []byte("another build"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(i.home, ".bashrc"), []byte("eval \"$(ssoenv init bash)\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := i.run(t, "--uninstall")
	if err != nil || !strings.Contains(out, "changed since, and kept: ~/.local/bin/ssoenv") || !strings.Contains(out, `~/.bashrc still has a line with "ssoenv init": remove it`) {
		t.Errorf("%v\n%s", err, out)
	}
	want := []string{".", ".bashrc", ".local", ".local/bin", ".local/bin/ssoenv"}
	if after := i.files(t); !slices.Equal(after, want) {
		t.Errorf("after --uninstall there are\n%q, want\n%q", after, want)
	}
}

// At a terminal, scripts/install sets up the shell, and --uninstall undoes that too.
func TestInstallAtATerminal(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	for _, run := range []struct{ words, question, says string }{
		{"", `Set up bash now\?.*\[Y/n\]`, `added to ~/.bashrc`},
		{"--uninstall", `Remove the line from bash's start-up file too\?.*\[Y/n\]`, `removed from ~/.local`},
	} {
		terminal := ptytest.Start(t, i.command(strings.Fields(run.words)...), ptytest.Size{Rows: 40, Cols: 120})
		if _, _, ok := terminal.Find(regexp.MustCompile(run.question), 5*time.Minute); !ok {
			t.Fatalf("no question %q in\n%s", run.question, terminal.Shown())
		}
		terminal.TypeLine("")
		terminal.Expect(run.says)
		terminal.Wait(ptytest.Timeout)
	}
	if after := i.files(t); slices.Contains(after, ".local") {
		t.Errorf("after --uninstall there are %q", after)
	}
}
