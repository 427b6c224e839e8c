//go:build linux

package cache_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ssoenv/ssoenv/cache"
)

// These tests use the kernel's keyring, with keys of their own names.

func init() {
	roles["put sealed"] = putSealed
	roles["get sealed"] = getSealed
	roles["read key"] = readKey
}

// keyName returns the name of a key that is removed at the end of the test.
func keyName(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("ssoenv-test-%d-%s", os.Getpid(), t.Name())
	t.Cleanup(func() {
		if id, err := keyID(name); err == nil {
			_, err := unix.KeyctlInt(unix.KEYCTL_INVALIDATE, id, 0, 0, 0)
			must(t, err)
		}
	})
	return name
}

func sealDir(t testing.TB) string { return t.TempDir() }

func keyID(name string) (int, error) {
	return unix.KeyctlSearch(unix.KEY_SPEC_USER_KEYRING, "user", name, 0)
}

func TestDamagedSealIsAMiss(t *testing.T) {
	d := openSealed(t, filepath.Join(t.TempDir(), "dir"), keyName(t))
	must(t, d.Put("k", 12345))
	whole := []byte(contentOf(t, d.Path("k")))
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 1
		for _, data := range [][]byte{damaged, whole[:i]} {
			must(t, os.WriteFile(d.Path("k"), data, 0o600))
			if found, err := d.Get("k", new(int)); found || err != nil {
				t.Fatalf("byte %d: Get = %v, %v", i, found, err)
			}
		}
	}
}

// After a reboot the key is another one, or does not exist.
func TestLostKeyIsAMissAndReplaced(t *testing.T) {
	name := keyName(t)
	d := openSealed(t, filepath.Join(t.TempDir(), "dir"), name)
	for _, operation := range []int{unix.KEYCTL_REVOKE, unix.KEYCTL_INVALIDATE} {
		must(t, d.Put("k", someToken()))
		wantToken(t, d, "k")
		id, err := keyID(name)
		must(t, err)
		_, err = unix.KeyctlInt(operation, id, 0, 0, 0)
		must(t, err)
		wantMiss(t, d, "k")
		must(t, d.Put("other", 1)) // creates another key
		wantMiss(t, d, "k")
		must(t, d.Put("k", someToken()))
		wantToken(t, d, "k")
	}
}

// putSealed writes the value of the fault tests to the key that is its third
// argument, and prints the protection. With a fourth, it leaves the session first.
func putSealed(args []string) error {
	if err := leaveSession(args, 3); err != nil {
		return err
	}
	d, err := cache.OpenSealed(args[0], args[1])
	if err != nil {
		return err
	}
	err = d.Put(args[2], "after")
	protection, why := d.Protection()
	fmt.Printf("%v: %v, %v\n", err, protection, why)
	return nil
}

// getSealed prints the value of the key that is its third argument.
func getSealed(args []string) error {
	if err := leaveSession(args, 3); err != nil {
		return err
	}
	d, err := cache.OpenSealed(args[0], args[1])
	if err != nil {
		return err
	}
	var v string
	found, err := d.Get(args[2], &v)
	fmt.Printf("%v %v %s\n", found, err, v)
	return nil
}

// leaveSession joins a new session keyring without a link to the user keyring, as
// sessions have on some systems, if args has more than most arguments.
func leaveSession(args []string, most int) error {
	if len(args) <= most {
		return nil
	}
	_, err := unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0)
	return err
}

// readKey tries to read a key by its id.
func readKey(args []string) error {
	id, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	_, err = unix.KeyctlBuffer(unix.KEYCTL_READ, id, make([]byte, 64), 0)
	return outcome(err)
}

// printed runs a process and returns its output.
func printed(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// All processes of the user can use the key, no matter which created it, with or
// without a link from their session keyring to the user keyring.
func TestKeyIsReadInEverySession(t *testing.T) {
	if !unprivileged(t) {
		return
	}
	for _, maker := range [][]string{nil, {"elsewhere"}} {
		dir, name := privateDir(t), fmt.Sprintf("%s-%d", keyName(t), len(maker))
		if got := printed(t, command("put sealed", append([]string{dir, name, "k"}, maker...)...)); got != "<nil>: sealed, <nil>" {
			t.Errorf("put by %v: got %s", maker, got)
		}
		for _, reader := range [][]string{nil, {"elsewhere"}} {
			if got := printed(t, command("get sealed", append([]string{dir, name, "k"}, reader...)...)); got != "true <nil> after" {
				t.Errorf("put by %v, read by %v: got %s", maker, reader, got)
			}
		}
		id, err := keyID(name)
		must(t, err)
		_, err = unix.KeyctlInt(unix.KEYCTL_INVALIDATE, id, 0, 0, 0)
		must(t, err)
	}
}

// Another user cannot read the key, nor the values with an own key of this name.
func TestAnotherUserReadsNothing(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be two users")
	}
	name := keyName(t)
	d := openSealed(t, privateDir(t), name)
	must(t, d.Put("k", "secret"))
	id, err := keyID(name)
	must(t, err)
	cmd := command("read key", strconv.Itoa(id))
	if got := printed(t, cmd); got != "<nil>" {
		t.Fatalf("same user: got %s", got)
	}
	cmd = command("read key", strconv.Itoa(id))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &otherUser}
	if got := printed(t, cmd); got != "permission denied" {
		t.Errorf("other user, key: got %s", got)
	}
	dir := home(t, &otherUser)
	must(t, os.WriteFile(filepath.Join(dir, "k.json"), []byte(contentOf(t, d.Path("k"))), 0o600))
	must(t, os.Chown(filepath.Join(dir, "k.json"), int(otherUser.Uid), int(otherUser.Gid)))
	cmd = command("get sealed", dir, name, "k")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &otherUser}
	if got := printed(t, cmd); got != "false <nil>" {
		t.Errorf("other user, file: got %s", got)
	}
}

// Processes that find no key at the same time use the same key in the end.
func TestConcurrentCreateKey(t *testing.T) {
	dir, name := filepath.Join(privateDir(t), "dir"), keyName(t)
	var all sync.WaitGroup
	for n := range 100 {
		cmd := command("put sealed", dir, name, "k"+strconv.Itoa(n))
		all.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil || string(out) != "<nil>: sealed, <nil>\n" {
				t.Errorf("%v %s", err, out)
			}
		})
	}
	all.Wait()
	d := openSealed(t, dir, name)
	for n := range 100 {
		var got string
		if found, err := d.Get("k"+strconv.Itoa(n), &got); !found || err != nil || got != "after" {
			t.Errorf("k%d: Get = %v, %v, %q", n, found, err, got)
		}
	}
}

// stopped starts cmd and waits until it has been stopped at the call.
func stopped(t *testing.T, cmd *exec.Cmd, call string) *process {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	cmd = underStrace(t, cmd, "-o", trace, "-e", "trace="+call, "-e", "inject="+call+":signal=STOP:when=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p := start(t, cmd)
	for {
		if text, _ := os.ReadFile(trace); bytes.Contains(text, []byte("stopped by SIGSTOP")) {
			return p
		}
		runtime.Gosched()
	}
}

// The worst order: one process has found no key and is about to create it, a second
// has just created it, and a third writes with it.
func TestKeyIsValidBeforeItIsUsed(t *testing.T) {
	dir, name := memory(t), keyName(t)
	late := stopped(t, command("put sealed", dir, name, "late"), "keyctl")
	early := stopped(t, command("put sealed", dir, name, "early"), "add_key")
	if got := printed(t, command("put sealed", dir, name, "between")); got != "<nil>: sealed, <nil>" {
		t.Errorf("third process: got %s", got)
	}
	for _, p := range []*process{late, early} {
		must(t, syscall.Kill(-p.Process.Pid, syscall.SIGCONT))
		if got := p.line(t); got != "<nil>: sealed, <nil>" {
			t.Error(got)
		}
		p.finish(t)
	}
	for _, key := range []string{"late", "early", "between"} {
		if got := printed(t, command("get sealed", dir, name, key)); got != "true <nil> after" {
			t.Errorf("%s: %s", key, got)
		}
	}
}

// If a container or an old kernel has no keyrings, files are plain, and Protection
// reports it.
func TestWithoutKeyring(t *testing.T) {
	for _, c := range []struct{ calls, answer, why string }{
		{"keyctl,add_key", "ENOSYS", "search: function not implemented"},
		{"keyctl,add_key", "EPERM", "search: operation not permitted"},
		{"add_key", "EDQUOT", "add_key: disk quota exceeded"},
	} {
		t.Run(c.calls+" "+c.answer, func(t *testing.T) {
			dir, name := memory(t), keyName(t)
			options := []string{"-o", "/dev/null", "-e", "trace=" + c.calls, "-e", "inject=" + c.calls + ":error=" + c.answer}
			got, _ := traced(t, command("put sealed", dir, name, "k"), options...)
			if want := "<nil>: plain, kernel keyring: " + c.why; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if got := contentOf(t, filepath.Join(dir, "k.json")); got != after {
				t.Errorf("got content %q", got)
			}
			if got, _ := traced(t, command("get sealed", dir, name, "k"), options...); got != "true <nil> after" {
				t.Errorf("got %s", got)
			}
			d := openSealed(t, dir, name)
			must(t, d.Put("other", 1)) // the key exists from now on
			wantMiss(t, d, "k")
		})
	}
}

// A process that is killed while it creates the key does not disturb others.
func TestKilledWhileCreatingTheKey(t *testing.T) {
	dir, name := memory(t), keyName(t)
	killed := 0
	for n := 1; ; n++ {
		if id, err := keyID(name); err == nil {
			_, err := unix.KeyctlInt(unix.KEYCTL_INVALIDATE, id, 0, 0, 0)
			must(t, err)
		}
		_, state := traced(t, command("put sealed", dir, name, "k"), "-o", "/dev/null", "-e", "trace=keyctl",
			"-e", fmt.Sprintf("inject=keyctl:signal=KILL:when=%d", n))
		if !state.Sys().(syscall.WaitStatus).Signaled() {
			break
		}
		killed++
		if got := printed(t, command("put sealed", dir, name, "k")); got != "<nil>: sealed, <nil>" {
			t.Errorf("after a kill at call %d: got %s", n, got)
		}
		if got := printed(t, command("get sealed", dir, name, "k")); got != "true <nil> after" {
			t.Errorf("after a kill at call %d: got %s", n, got)
		}
	}
	if killed < 5 {
		t.Errorf("got %d calls to kill the process at, want more", killed)
	}
}

func TestProtection(t *testing.T) {
	runtimeDir, err := os.MkdirTemp("/dev/shm", "cache-test-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(runtimeDir) })
	d := open(t, filepath.Join(runtimeDir, "dir"))
	wantProtection(t, d, cache.InMemory)
	must(t, d.Put("k", 1))
	wantProtection(t, d, cache.InMemory)
	must(t, os.Chmod(filepath.Dir(d.Path("k")), 0o755))
	must(t, os.Chmod(runtimeDir, 0o755))
	wantProtection(t, d, cache.Plain)
}

func BenchmarkGetSealed(b *testing.B) {
	d := openSealed(b, filepath.Join(b.TempDir(), "dir"), keyName(b))
	must(b, d.Put("k", someToken()))
	b.ReportAllocs()
	for b.Loop() {
		var got token
		if found, err := d.Get("k", &got); !found || err != nil {
			b.Fatal(found, err)
		}
	}
}
