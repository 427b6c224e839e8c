//go:build unix

package cache_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache"
)

// The test binary plays every process of these tests. roleVariable names the
// part, its arguments are in os.Args.
const roleVariable = "CACHE_TEST_ROLE"

var roles = map[string]func(args []string) error{
	"put forever":       putForever,
	"overwrite forever": overwriteForever,
	"hold":              hold,
	"hold with child":   holdWithChild,
	"wait":              waitForEOF,
	"count":             count,
	"get":               get,
	"put once":          putOnce,
	"lock once":         lockOnce,
	"replace once":      replaceOnce,
}

// init keeps the main goroutine on the first thread, where fault injection
// counts its system calls.
func init() {
	if os.Getenv(roleVariable) != "" {
		runtime.LockOSThread()
	}
}

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := roles[role](os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	status := m.Run()
	if publicDir != "" {
		os.RemoveAll(publicDir)
	}
	os.Exit(status)
}

// publicBinary returns a copy of the test binary that every user may run; go
// test puts the original where only its own user can.
var publicBinary = sync.OnceValue(func() string {
	self, err := os.Executable()
	check(err)
	binary, err := os.ReadFile(self)
	check(err)
	publicDir, err = os.MkdirTemp("", "cache-test-")
	check(err)
	path := filepath.Join(publicDir, "cache.test")
	check(os.WriteFile(path, binary, 0o700))
	check(os.Chmod(path, 0o755))
	check(os.Chmod(publicDir, 0o755))
	return path
})

// publicDir is where publicBinary has put the copy.
var publicDir string

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// nobody owns no file that was not made for a test.
var nobody = syscall.Credential{Uid: 65534, Gid: 65534}

// command prepares a process that plays role.
func command(role string, args ...string) *exec.Cmd {
	cmd := exec.Command(publicBinary(), args...)
	// The race detector waits a second at the end of a process unless told not to.
	cmd.Env = append(os.Environ(), roleVariable+"="+role, "GORACE=atexit_sleep_ms=0")
	return cmd
}

// process is a running child. It ends when its standard input does.
type process struct {
	*exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Scanner
	stderr bytes.Buffer
}

func start(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{Cmd: cmd}
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	p.stdin, p.stdout = stdin, bufio.NewScanner(stdout)
	cmd.Stderr = &p.stderr
	must(t, cmd.Start())
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	return p
}

// line waits for the next line that the process prints.
func (p *process) line(t testing.TB) string {
	t.Helper()
	if !p.stdout.Scan() {
		p.Wait()
		t.Fatalf("process ended: %v\n%s", p.ProcessState, &p.stderr)
	}
	return p.stdout.Text()
}

// finish lets the process end and expects it to have nothing to complain of.
func (p *process) finish(t testing.TB) {
	t.Helper()
	p.stdin.Close()
	if err := p.Wait(); err != nil {
		t.Errorf("%v\n%s", err, &p.stderr)
	}
}

// kill is kill -9.
func (p *process) kill(t testing.TB) {
	t.Helper()
	must(t, p.Process.Kill())
	p.Wait()
}

// unprivileged runs the calling test again as nobody if the user is root, for
// whom permissions mean nothing, and then reports false. The test runs its body
// where it reports true.
func unprivileged(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return true
	}
	cmd := exec.Command(publicBinary(), "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "TMPDIR="+home(t, &nobody), "GORACE=atexit_sleep_ms=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &nobody}
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
	return false
}

// home makes a directory that everyone can reach and owner, if not nil, owns.
func home(t testing.TB, owner *syscall.Credential) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cache-test-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	if owner != nil {
		must(t, os.Chown(dir, int(owner.Uid), int(owner.Gid)))
	}
	return dir
}

// sample is a value that can be checked by itself, so that a reader notices a
// mixture of two. Its length is different for neighbouring numbers.
type sample struct {
	N    int
	Text string
	End  int
}

func sampleOf(n int) sample {
	return sample{N: n, Text: strings.Repeat(string(rune('a'+n%26)), n*997%9000), End: n}
}

func (s sample) whole() bool { return s == sampleOf(s.N) }

func waitForEOF([]string) error {
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// untilEOF repeats step until standard input ends.
func untilEOF(step func(n int) error) error {
	ended := make(chan error, 1)
	go func() { ended <- waitForEOF(nil) }()
	fmt.Println("running")
	for n := 1; ; n++ {
		select {
		case err := <-ended:
			return err
		default:
			if err := step(n); err != nil {
				return err
			}
		}
	}
}

func putForever(args []string) error {
	d, err := cache.Open(args[0])
	if err != nil {
		return err
	}
	return untilEOF(func(n int) error { return d.Put("k", sampleOf(n)) })
}

// overwriteForever writes a file in the way of the AWS CLI: it truncates the
// file, and then writes it. It rests while the file is whole: on a busy machine
// a process that never rests is made to, and then mostly in between.
func overwriteForever(args []string) error {
	return untilEOF(func(n int) error {
		f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		if err := f.Truncate(0); err != nil {
			return err
		}
		err = errors.Join(json.NewEncoder(f).Encode(sampleOf(n)), f.Close())
		time.Sleep(100 * time.Microsecond)
		return err
	})
}

func hold(args []string) error {
	d, err := cache.Open(args[0])
	if err != nil {
		return err
	}
	unlock, err := d.Lock(context.Background(), "k")
	if err != nil {
		return err
	}
	defer unlock()
	fmt.Println("locked")
	return waitForEOF(nil)
}

// holdWithChild holds a lock and has a child that outlives it.
func holdWithChild(args []string) error {
	d, err := cache.Open(args[0])
	if err != nil {
		return err
	}
	unlock, err := d.Lock(context.Background(), "k")
	if err != nil {
		return err
	}
	defer unlock()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), roleVariable+"=wait")
	child.Stdin = os.Stdin
	if err := child.Start(); err != nil {
		return err
	}
	fmt.Println(child.Process.Pid)
	select {}
}

// count adds one to a number under the lock.
func count(args []string) error {
	d, err := cache.Open(args[0])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	unlock, err := d.Lock(ctx, "n")
	if err != nil {
		return err
	}
	defer unlock()
	n := 0
	if _, err := d.Get("n", &n); err != nil {
		return err
	}
	return d.Put("n", n+1)
}

// get prints what Get returns for the key "k".
func get(args []string) error {
	d, err := cache.Open(args[0])
	if err != nil {
		return err
	}
	var v json.RawMessage
	found, err := d.Get("k", &v)
	fmt.Printf("%v %v %s\n", found, err, v)
	return nil
}

func TestReadersNeverSeeATornFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	d := open(t, dir)
	must(t, d.Put("k", sampleOf(0)))
	var writers []*process
	for range 3 {
		p := start(t, command("put forever", dir))
		p.line(t)
		writers = append(writers, p)
	}
	seen := map[int]bool{}
	for range 5000 {
		var got sample
		found, err := d.Get("k", &got)
		if !found || err != nil || !got.whole() {
			t.Fatalf("Get = %v, %v, whole %v", found, err, got.whole())
		}
		seen[got.N] = true
	}
	for _, p := range writers {
		p.finish(t)
	}
	if len(seen) < 10 {
		t.Errorf("only %d values were there to see", len(seen))
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("directory holds %q", got)
	}
}

// memory makes a directory, 0700, on a file system in memory where there is one.
// A disk that is busy with something else makes tests slow, and can hold a
// writer up between truncation and write for longer than any reader waits.
func memory(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "cache-test-")
	if err != nil {
		return privateDir(t)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestReadersOutwaitAnInPlaceWriter(t *testing.T) {
	d, err := cache.OpenShared(filepath.Join(memory(t), "dir"))
	must(t, err)
	must(t, d.Put("k", sampleOf(0)))
	p := start(t, command("overwrite forever", d.Path("k")))
	p.line(t)
	torn := 0
	for n := 0; n < 10_000 || torn == 0; n++ {
		if data, err := os.ReadFile(d.Path("k")); err == nil && !json.Valid(data) {
			torn++
		}
		var got sample
		found, err := d.Get("k", &got)
		if !found || err != nil || !got.whole() {
			t.Fatalf("Get = %v, %v, whole %v", found, err, got.whole())
		}
	}
	p.finish(t)
	t.Logf("a plain read found no JSON %d times", torn)
}

// before is what a file holds before one of the operations below, after what
// it holds when the operation is done.
const before, after = `"before"`, `"after"`

// marked runs f between two system calls that a trace shows.
func marked(f func() error) error {
	os.Stat("/begin")
	err := f()
	os.Stat("/end")
	return err
}

// outcome prints err for the process that started this one.
func outcome(err error) error {
	_, printErr := fmt.Printf("%v\n", err)
	return printErr
}

func putOnce(args []string) error {
	return outcome(marked(func() error {
		d, err := cache.Open(args[0])
		if err != nil {
			return err
		}
		return d.Write("k", []byte(after), time.Unix(1893553445, 0))
	}))
}

func replaceOnce(args []string) error {
	return outcome(marked(func() error { return cache.ReplaceFile(args[0], []byte(after), 0o640) }))
}

func lockOnce(args []string) error {
	d, err := cache.Open(args[0])
	if err != nil {
		return err
	}
	var unlock func()
	err = marked(func() error {
		unlock, err = d.Lock(context.Background(), "k")
		return err
	})
	if errors.Is(err, cache.ErrNoLocks) {
		unlock()
		fmt.Print("ErrNoLocks ")
	}
	return outcome(err)
}
