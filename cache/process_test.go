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

// The test binary is every process of these tests. The variable roleVariable
// names the function that it runs, whose arguments are in os.Args.
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

// init locks the main goroutine to the first thread, whose system calls fault
// injection counts.
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

// publicBinary returns a copy of the test binary that every user can run. Only the
// user of go test can run the original.
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

// publicDir is the directory of the copy that publicBinary made.
var publicDir string

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// otherUser owns only files that the tests create.
var otherUser = syscall.Credential{Uid: 65534, Gid: 65534}

// command returns a command that runs the function role.
func command(role string, args ...string) *exec.Cmd {
	cmd := exec.Command(publicBinary(), args...)
	// The race detector waits a second at the end of a process by default.
	cmd.Env = append(os.Environ(), roleVariable+"="+role, "GORACE=atexit_sleep_ms=0")
	return cmd
}

// process is a running child. It ends at the end of its standard input.
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
		t.Fatalf("got the end of the process, want a line: %v\n%s", p.ProcessState, &p.stderr)
	}
	return p.stdout.Text()
}

// finish ends the process and expects the exit status 0.
func (p *process) finish(t testing.TB) {
	t.Helper()
	p.stdin.Close()
	if err := p.Wait(); err != nil {
		t.Errorf("%v\n%s", err, &p.stderr)
	}
}

// kill sends SIGKILL.
func (p *process) kill(t testing.TB) {
	t.Helper()
	must(t, p.Process.Kill())
	p.Wait()
}

// unprivileged reports whether the test can run its body. If the user is root, for
// whom permissions have no effect, it runs the test as another user in a child
// process, and reports false.
func unprivileged(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return true
	}
	cmd := exec.Command(publicBinary(), "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "TMPDIR="+home(t, &otherUser), "GORACE=atexit_sleep_ms=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &otherUser}
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("as another user: %v\n%s", err, out)
	}
	return false
}

// home creates a directory whose parents every user can enter. It belongs to
// owner, unless that is nil.
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

// sample is a value with redundancy, so that a reader notices a mixture of two. The
// lengths for consecutive numbers differ.
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

// overwriteForever writes a file as the AWS CLI does: it truncates the file, then
// writes it. It sleeps while the file is complete: a process that never sleeps is
// interrupted by the scheduler of a busy machine, mostly between the two steps.
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

// holdWithChild holds a lock and starts a child that outlives it.
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
		t.Errorf("got %d different values, want more", len(seen))
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("got names %q", got)
	}
}

// memory creates a directory of mode 0700, on a file system in memory if possible.
// A busy disk makes tests slow, and can delay a writer between truncation and write
// for longer than readers wait.
func memory(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "cache-test-")
	if err != nil {
		return privateDir(t)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestReadersWaitForAnInPlaceWriter(t *testing.T) {
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

// before and after are the content of a file before and after one of the
// operations below.
const before, after = `"before"`, `"after"`

// marked runs f between two system calls that mark its calls in a trace.
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
