package shellinit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// record appends the name of the called command, or all words of one with --within, to the file that CALLS names.
func record(args []string) {
	name := os.Getenv("CALLS")
	if name == "" || len(args) == 0 {
		return
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	call := args[0]
	if slices.Contains(args, "--within") {
		call = strings.Join(args, " ")
	}
	_, _ = fmt.Fprintln(file, call)
}

// A hookRun is what a shell with a hook did at its first prompts.
type hookRun struct {
	screen string
	log    string // the file of the program's calls
}

// calls returns how often the hook called the command. It waits up to 5 s for the
// first call if there is to be one, and a moment if there is not.
func (r hookRun) calls(name string, wanted bool) int {
	deadline := time.Now().Add(200 * time.Millisecond)
	if wanted {
		deadline = time.Now().Add(5 * time.Second)
	}
	for {
		data, _ := os.ReadFile(r.log) // missing: no calls
		n := strings.Count("\n"+string(data), "\n"+name+"\n")
		if n > 0 || time.Now().After(deadline) {
			return n
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// eachHook runs a test with each shell that has a hook and can be run here. The
// function that it passes starts the shell with the profile dev and more
// variables, loads the hook with s.home as the directory of its files, and waits
// for a few prompts.
func eachHook(t *testing.T, test func(t *testing.T, s stage, run func(env ...string) hookRun)) {
	t.Helper()
	runs := 0
	base := func(s stage) (env []string, log string) {
		log = fmt.Sprintf("%s/calls%d", s.home, runs)
		runs++
		return []string{"SSOENV_PROFILE=dev", "NO_COLOR=1", "CALLS=" + log}, log
	}
	eachJudge(t, plain, func(t *testing.T, s stage, j judge) {
		test(t, s, func(env ...string) hookRun {
			more, log := base(s)
			p := bare(t, s, j, append(more, env...)...)
			if j.dialect == Bash {
				p.line("shopt -u promptvars") // no PS0: reports are at the prompt
			}
			screen := p.load(j) + p.line("true") + p.line("true")
			return hookRun{screen, log}
		})
	})
	eachReader(t, func(t *testing.T, s stage, shell Shell, program string) {
		exe := s.home + "/program"
		script := `#!/bin/sh
[ "$2" = --within ] && echo "$*" >>"$CALLS" || echo "$1" >>"$CALLS"
[ "$1" != adopt ] || [ -n "$NO_ADOPT" ] || echo '["SSOENV_EXPIRES=` + inSeconds(7200) + `"]'
`
		if err := os.WriteFile(exe, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		test(t, s, func(env ...string) hookRun {
			more, log := base(s)
			env = append(append(more, "PATH=/usr/bin:/bin"), env...)
			return hookRun{s.converse(t, shell, program, exe, env, "/bin/sleep 0.1"), log}
		})
	})
}

// Credentials are due at SSOENV_RENEW_AT, or 15 minutes before they expire if that
// is not a time before they do.
func TestHookRenewsWhenDue(t *testing.T) {
	eachHook(t, func(t *testing.T, s stage, run func(env ...string) hookRun) {
		for _, c := range []struct {
			expires int
			renewAt string
			want    bool
		}{
			{7200, inSeconds(-5), true},
			{7200, inSeconds(60), false},
			{600, inSeconds(60), false},
			{600, "", true},
			{1000, "", false},
			{600, "a[$(touch x)]", true},
			{1000, "1000000000000", false}, // 13 digits
			{1000, inSeconds(5000), false},
		} {
			env := []string{"SSOENV_EXPIRES=" + inSeconds(c.expires)}
			if c.renewAt != "" {
				env = append(env, "SSOENV_RENEW_AT="+c.renewAt)
			}
			r := run(env...)
			if got := r.calls("refresh", c.want); (got == 1) != c.want || got > 1 {
				t.Errorf("expires in %d s, renewal at %q: %d renewals, want one: %v\n%s", c.expires, c.renewAt, got, c.want, r.screen)
			}
		}
		if r := run("SSOENV_EXPIRES="+inSeconds(600), "SSOENV_NO_REFRESH=1"); r.calls("refresh", false) != 0 {
			t.Error("renewed although SSOENV_NO_REFRESH is set")
		}
	})
}

// An expiry file directly in one of the hook's directories is read, and newer
// credentials are adopted if it has a later time. Of a file of any size only the
// beginning is read, and nothing from a link, a pipe or a folder there. A file
// elsewhere is not read: the program, which knows the path, is asked.
func TestHookReadsExpiryFilesOfItsDirectories(t *testing.T) {
	eachHook(t, func(t *testing.T, s stage, run func(env ...string) hookRun) {
		expires := "SSOENV_EXPIRES=" + inSeconds(600)
		elsewhere := filepath.Join(s.home, "below")
		if err := os.Mkdir(elsewhere, 0o700); err != nil {
			t.Fatal(err)
		}
		pipe := s.home + "/pipe.expires"
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
		// A file of 64 GiB that needs no space, and links.
		vast := s.home + "/vast.expires"
		if err := errors.Join(os.WriteFile(vast, nil, 0o600), os.Truncate(vast, 64<<30), os.Mkdir(s.home+"/folder.expires", 0o700),
			os.Symlink("later.expires", s.home+"/link.expires"), os.Symlink(vast, s.home+"/tovast.expires"),
			os.Symlink(pipe, s.home+"/topipe.expires"), os.Symlink("/dev/zero", s.home+"/tozero.expires")); err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{
			s.home + "/later.expires":    inSeconds(3600) + "\n",
			s.home + "/same.expires":     inSeconds(600) + "\n",
			s.home + "/earlier.expires":  inSeconds(60) + "\n",
			s.home + "/code.expires":     "a[$(touch x)]\n",
			s.home + "/long.expires":     strings.Repeat("9", 1<<20),
			elsewhere + "/later.expires": inSeconds(3600) + "\n",
			elsewhere + "/same.expires":  inSeconds(10) + "\n",
		} {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			file string
			want bool
		}{
			{s.home + "/later.expires", true},
			{s.home + "/earlier.expires", false},
			{s.home + "/code.expires", false},
			{s.home + "/long.expires", false},
			{s.home + "/absent.expires", false},
			{pipe, false},
			{vast, false},
			{s.home + "/folder.expires", false},
			{s.home + "/link.expires", false},
			{s.home + "/tovast.expires", false},
			{s.home + "/topipe.expires", false},
			{s.home + "/tozero.expires", false},
			{"", false},
			{elsewhere + "/later.expires", true},
			{elsewhere + "/same.expires", true},
			{s.home + "/below/../later.expires", true},
			{"/dev/zero", true},
		} {
			r := run(expires, "SSOENV_EXPIRY_FILE="+c.file)
			if got := r.calls("adopt", c.want); (got > 0) != c.want || got > 2 {
				t.Errorf("expiry file %q: adopted %d times, want: %v\n%s", c.file, got, c.want, r.screen)
			}
		}
	})
}
