package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/cache/stracetest"
)

// Code for a shell is written with one system call, in every dialect: no reader gets
// a part of it.
func TestCodeIsWrittenAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	using, err := w.command(t, nil, "bash", "--norc", "--noprofile", "-c", `eval "$(ssoenv use prod)"; environ SSOENV_SAVED SSOENV_PROFILE SSOENV_EXPIRES SSOENV_EXPIRY_FILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN`).Output()
	if err != nil {
		t.Fatal(err)
	}
	var env []string
	for line := range strings.Lines(string(using)) {
		name, quoted, _ := strings.Cut(strings.TrimSpace(line), "=")
		value, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		env = append(env, name+"="+value)
	}
	trace := filepath.Join(w.home, "trace")
	commands := [][]string{{"init", "direnv"}, {"completion", "bash"}, {"completion", "zsh"}, {"completion", "fish"}, {"nosuch"}, {"use", "nosuch"}, {"clear", "x"}}
	for _, shell := range []string{"bash", "zsh", "fish", "sh", "powershell", "nu", "elvish", "xonsh"} {
		commands = append(commands, []string{"use", "dev", "--shell", shell}, []string{"clear", "--shell", shell}, []string{"init", shell})
	}
	commands = append(commands, []string{"logout", "prod"})
	for _, words := range commands {
		c := stracetest.Wrap(t, w.command(t, env, append([]string{"ssoenv"}, words...)...), "-s", "0", "-e", "trace=write,writev,pwrite64,sendto", "-o", trace)
		out, _ := c.Output()
		text, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		// strace may write the end of a call on a line of its own.
		calls := regexp.MustCompile(`(?m)\b(?:write|writev|sendto)\(1, ""\.\.\., (\d+)`).FindAllSubmatch(text, -1)
		if len(calls) != 1 || string(calls[0][1]) != strconv.Itoa(len(out)) || len(out) == 0 {
			t.Errorf("%q: %d calls for %d bytes:\n%s", words, len(calls), len(out), text)
		}
	}
}

// killedAt is a program that runs ssoenv and kills it at its nth write. It makes a
// file if ssoenv was not killed.
const killedAt = `#!/bin/sh
strace -f -qq -o /dev/null -e trace=write -e inject=write:signal=SIGKILL:when=%d %s "$@"
status=$?
[ $status = 137 ] || : >"$HOME/survived"
exit $status
`

// A switch that is killed at any write has happened as a whole or not at all.
func TestSwitchIsAllOrNothing(t *testing.T) {
	t.Parallel()
	look := `environ AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_CREDENTIAL_EXPIRATION AWS_REGION AWS_DEFAULT_REGION AWS_ACCOUNT_ID AWS_SSO_PROFILE SSOENV_EXPIRES SSOENV_SAVED SSOENV_PROFILE`
	posix := `eval "$(cat hook)"; ssoenv use dev 2>/dev/null; ` + look
	for name, words := range map[string][]string{
		"bash": {"bash", "--norc", "--noprofile", "-c", posix},
		"zsh":  {"zsh", "-f", "-c", posix},
		"sh":   {"dash", "-c", posix},
		"fish": {"fish", "--no-config", "-c", `cat hook | source; ssoenv use dev 2>/dev/null; ` + look},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.logIn(t)
			if err := w.command(t, nil, "ssoenv", "use", "dev").Run(); err != nil {
				t.Fatal(err)
			}
			hook, err := w.command(t, nil, "ssoenv", "init", name).Output()
			if err != nil {
				t.Fatal(err)
			}
			real, err := exec.LookPath("ssoenv")
			if err != nil {
				t.Fatal(err)
			}
			wrapper := filepath.Join(w.home, "wrapper")
			w.write(t, "hook", strings.ReplaceAll(string(hook), real, wrapper))
			if !strings.Contains(w.read(t, "hook"), wrapper) {
				t.Fatalf("the hook does not call %s", real)
			}
			state := func() string {
				out, err := w.command(t, []string{"AWS_PROFILE=mine"}, words...).Output()
				if err != nil {
					t.Fatal(err)
				}
				return string(out)
			}
			install := func(text string) {
				w.write(t, "wrapper", text)
				if err := os.Chmod(wrapper, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			install("#!/bin/sh\nexit 1\n")
			old := state()
			install("#!/bin/sh\nexec " + real + ` "$@"` + "\n")
			switched := state()
			if old == switched || !strings.Contains(switched, `SSOENV_PROFILE="dev"`) {
				t.Fatalf("old %s\nnew %s", old, switched)
			}
			kills := 0
			for n := 1; ; n++ {
				install(fmt.Sprintf(killedAt, n, real))
				if got := state(); got != old && got != switched {
					t.Errorf("killed at its write %d: %s", n, got)
				}
				if _, err := os.Stat(filepath.Join(w.home, "survived")); err == nil {
					break
				}
				kills++
			}
			if kills == 0 {
				t.Error("nothing was killed")
			}
			t.Logf("killed at %d writes", kills)
		})
	}
}

// If the output cannot be written, the exit status is not 0.
func TestOutputThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	for _, words := range []string{"use dev", "init bash", "completion zsh", "list", "credential-process dev"} {
		scripts := []string{"ssoenv " + words + " >/dev/full"}
		if words == "init bash" { // the others are short themselves
			scripts = append(scripts, "ulimit -f 1; trap '' XFSZ; ssoenv "+words+" >short")
		}
		for _, script := range scripts {
			if out, err := w.command(t, nil, "bash", "--norc", "--noprofile", "-c", script).CombinedOutput(); err == nil {
				t.Errorf("%s: got status 0, want an error\n%s", script, out)
			}
		}
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		_ = reader.Close()
		c := w.command(t, nil, append([]string{"ssoenv"}, strings.Fields(words)...)...)
		c.Stdout = writer
		if err := c.Run(); err == nil {
			t.Errorf("%s, to a closed pipe: got status 0, want an error", words)
		}
		_ = writer.Close()
	}
}
