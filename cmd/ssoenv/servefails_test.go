//go:build linux

package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// What keeps exec --serve from running the command is said, and nothing is left behind.
func TestServeSaysWhyItFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	w.write(t, "notes", "mine\n")
	w.write(t, "script", "#!/no/such/interpreter\n")
	must(t, os.Chmod(filepath.Join(w.home, "script"), 0o700))
	for _, test := range []struct {
		words  []string
		status int
		said   string
	}{
		{[]string{"--token-file", "notes", "dev", "--", "true"}, statusUsage, "exists and is not a token of ssoenv\n"},
		{[]string{"--token-file", "no/such/folder", "dev", "--", "true"}, statusFailed, "no such file or directory\n"},
		{[]string{"dev", "--", "./script"}, statusNotExecutable, "ssoenv: the command \"./script\" cannot be run: no such file or directory\n"},
	} {
		_, said, status := w.runProcess(t, nil, append([]string{"exec", "--serve"}, test.words...)...)
		if status != test.status || !strings.Contains(said, test.said) {
			t.Errorf("%q: got status %d, %q, want %d, %q", test.words, status, said, test.status, test.said)
		}
	}
	token := filepath.Join(w.home, "token")
	full := w.underStrace(t, []string{"-o", "/dev/null", "-P", token, "-e", "inject=write:error=ENOSPC"}, "ssoenv", "exec", "--serve", "--token-file", token, "dev", "--", "true")
	if out, err := full.CombinedOutput(); exitStatus(err) != statusFailed || !strings.Contains(string(out), "ssoenv: --token-file: ") || !strings.Contains(string(out), "no space left on device") {
		t.Errorf("full disk: got %v, %q", err, out)
	}
	if _, err := os.Stat(token); err == nil {
		t.Error("full disk: the token that was not written is left")
	}
	must(t, os.RemoveAll(filepath.Join(w.home, ".cache/ssoenv/roles/serve")))
	w.write(t, ".cache/ssoenv/roles/serve", "a file in place of the folder")
	if _, said, status := w.runProcess(t, nil, "exec", "--serve", "dev", "--", "true"); status != statusFailed || !strings.Contains(said, "/roles/serve") {
		t.Errorf("no folder for the config: got status %d, %q", status, said)
	}
	if _, said, status := w.runProcess(t, []string{"XDG_CACHE_HOME=/proc"}, "exec", "--serve", "dev", "--", "true"); status != statusFailed ||
		!strings.Contains(said, "ssoenv: the config file of the command was not written: ") || !strings.Contains(said, "hint: free some space, or name another folder") {
		t.Errorf("a folder that cannot be made: got status %d, %q", status, said)
	}
}

// That a login is needed is said without waiting for the terminal, which may be stopped.
func TestServeDoesNotWaitForTheTerminal(t *testing.T) {
	t.Parallel()
	reader, terminal, err := os.Pipe()
	must(t, err)
	defer reader.Close()
	defer terminal.Close()
	must(t, terminal.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
	filled, _ := terminal.Write(make([]byte, 1<<20))
	must(t, terminal.SetWriteDeadline(time.Time{}))

	p := newProgram([]string{"ssoenv"}, []string{"HOME=" + t.TempDir()}, nil, nil, terminal)
	keeper := p.newKeeper(switchPlan{client: &session.Client{Store: &store.Store{}}, Plan: offline.Plan{Profile: profile.Profile{Name: "dev", Static: &profile.StaticKeys{}}}})
	said := make(chan struct{})
	go func() {
		defer close(said)
		keeper.Failed(&session.Refusal{Code: codeLoginRequired}, time.Minute)
	}()
	select {
	case <-said:
	case <-time.After(20 * time.Second):
		t.Error("it waits for the terminal")
	}
	_, err = io.CopyN(io.Discard, reader, int64(filled))
	must(t, err)
	const want = `ssoenv: the credentials of "dev" last 1m more; to have them renewed, log in with: ssoenv use dev` + "\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(reader, got); err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}
