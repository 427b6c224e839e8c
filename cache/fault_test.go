//go:build linux

package cache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/cache/stracetest"
)

// These tests kill a process at each system call of an operation, or make the call
// fail, and check the files afterwards.

func init() {
	roles["try lock"] = tryLock
	roles["full disk"] = fullDisk
	roles["file size limit"] = fileSizeLimit
}

// operation is an operation of a process, in an empty directory in which prepare
// has created files.
type operation struct {
	role    string
	prepare func(t *testing.T, dir string) (arg string)
	file    string // the file that is written, in dir
	mode    os.FileMode
}

var operations = map[string]operation{
	"put over an old file": {
		role: "put once",
		prepare: func(t *testing.T, dir string) string {
			must(t, os.WriteFile(filepath.Join(dir, "CACHEDIR.TAG"), nil, 0o600))
			must(t, os.WriteFile(filepath.Join(dir, "k.json"), []byte(before), 0o600))
			return dir
		},
		file: "k.json",
		mode: 0o600,
	},
	"put the first file": {
		role:    "put once",
		prepare: func(_ *testing.T, dir string) string { return filepath.Join(dir, "a", "b") },
		file:    "a/b/k.json",
		mode:    0o600,
	},
	"replace through a link": {
		role: "replace once",
		prepare: func(t *testing.T, dir string) string {
			must(t, os.Mkdir(filepath.Join(dir, "dotfiles"), 0o700))
			must(t, os.WriteFile(filepath.Join(dir, "dotfiles", "config"), []byte(before), 0o644))
			must(t, os.Symlink("dotfiles/config", filepath.Join(dir, "config")))
			return filepath.Join(dir, "config")
		},
		file: "dotfiles/config",
		mode: 0o644,
	},
	"replace nothing": {
		role:    "replace once",
		prepare: func(_ *testing.T, dir string) string { return filepath.Join(dir, "a", "config") },
		file:    "a/config",
		mode:    0o640,
	},
	"lock": {
		role:    "lock once",
		prepare: func(_ *testing.T, dir string) string { return filepath.Join(dir, "a") },
	},
}

// fileCalls are the system calls that are made to fail, or at which the process is
// killed. Those that only the scheduler of the Go runtime makes are left out.
var fileCalls = regexp.MustCompile(`^(openat|close|read|pread64|write|pwrite64|fsync|ftruncate|fchmod|fchmodat|fchown|` +
	`utimensat|renameat|mkdirat|unlinkat|readlinkat|newfstatat|fstat|flock|getdents64|fcntl)$`)

// A call is one that an operation makes.
type call struct {
	stracetest.Call
	sync bool // brings the data to the disk
}

// underStrace has strace run cmd, which makes the same calls each time.
func underStrace(t *testing.T, cmd *exec.Cmd, options ...string) *exec.Cmd {
	t.Helper()
	cmd.Env = append(cmd.Env, stracetest.Deterministic()...)
	return stracetest.Wrap(t, cmd, options...)
}

// traced runs cmd under strace, and returns what it prints and how it ends.
func traced(t *testing.T, cmd *exec.Cmd, options ...string) (string, *os.ProcessState) {
	t.Helper()
	cmd = underStrace(t, cmd, options...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if stderr.Len() > 0 {
		t.Errorf("%v: %s", options, &stderr)
	}
	return strings.TrimSpace(stdout.String()), cmd.ProcessState
}

// callsOf returns the file calls of an operation, between its two marks.
func callsOf(t *testing.T, op operation) []call {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	dir := memory(t)
	if got, _ := traced(t, command(op.role, op.prepare(t, dir)), "-o", trace); got != "<nil>" {
		t.Fatalf("without a fault: %s", got)
	}
	var calls []call
	inside := false
	for _, c := range stracetest.Calls(t, trace) {
		switch {
		case strings.Contains(c.Args, `"/begin"`):
			inside = true
		case strings.Contains(c.Args, `"/end"`):
			inside = false
		case inside && fileCalls.MatchString(c.Name):
			calls = append(calls, call{Call: c})
		}
	}
	// The data's comes before the directory's, which is an attempt.
	if i := slices.IndexFunc(calls, func(c call) bool { return c.Name == "fsync" }); i >= 0 {
		calls[i].sync = true
	}
	if len(calls) < 8 {
		t.Fatalf("got only the calls %v", calls)
	}
	return calls
}

// eachCall runs check for every call of every operation and each of kinds.
func eachCall(t *testing.T, kinds []string, check func(t *testing.T, op operation, c call, kind string)) {
	for _, name := range slices.Sorted(maps.Keys(operations)) {
		op := operations[name]
		t.Run(name, func(t *testing.T) {
			for _, c := range callsOf(t, op) {
				for _, kind := range kinds {
					t.Run(c.String()+" "+kind, func(t *testing.T) {
						t.Parallel()
						check(t, op, c, kind)
					})
				}
			}
		})
	}
}

// content returns the content of the operation's file, or "" if it does not exist.
func (op operation) content(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, op.file)
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	must(t, err)
	if info, err := os.Lstat(path); err != nil || info.Mode() != op.mode {
		t.Errorf("mode: got %v, %v, want %v", info.Mode(), err, op.mode)
	}
	return string(data)
}

// temps returns the temporary files below dir.
func temps(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	must(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".tmp") {
			found = append(found, path)
		}
		return err
	}))
	return found
}

func TestKilledAtEveryCall(t *testing.T) {
	var survived sync.Map
	eachCall(t, []string{"KILL"}, func(t *testing.T, op operation, c call, kind string) {
		dir := memory(t)
		arg := op.prepare(t, dir)
		old := ""
		if op.file != "" {
			old = op.content(t, dir)
		}
		_, state := traced(t, command(op.role, arg), slices.Concat([]string{"-o", "/dev/null"}, c.Inject("signal="+kind))...)
		if status := state.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGKILL {
			t.Fatalf("got state %v, want a kill", state)
		}
		if op.file == "" {
			// The kernel released the lock: one attempt succeeds.
			unlock, err := open(t, arg).Lock(ended(), "k")
			must(t, err)
			unlock()
			return
		}
		got := op.content(t, dir)
		if got != old && got != after {
			t.Errorf("got content %q", got)
		}
		survived.Store(got, true)
		// The next write succeeds, and removes the old temporary file.
		for _, temp := range temps(t, dir) {
			must(t, os.Chtimes(temp, time.Time{}, time.Now().Add(-2*time.Hour)))
		}
		out, _ := command(op.role, arg).CombinedOutput()
		if got := op.content(t, dir); got != after || string(out) != "<nil>\n" {
			t.Errorf("next write: got %s, content %q", out, got)
		}
		if left := temps(t, dir); len(left) > 0 {
			t.Errorf("got temporary files %q, want none", left)
		}
	})
	for _, content := range []string{before, after, ""} {
		if _, found := survived.Load(content); !found {
			t.Errorf("got %q after no kill, want it after some", content)
		}
	}
}

func TestErrorAtEveryCall(t *testing.T) {
	kinds := []string{"ENOSPC", "EIO", "EDQUOT", "EROFS", "EACCES", "EMFILE", "EINTR"}
	eachCall(t, kinds, func(t *testing.T, op operation, c call, kind string) {
		dir := memory(t)
		arg := op.prepare(t, dir)
		options := slices.Concat([]string{"-o", "/dev/null"}, c.Inject("error="+kind))
		if op.file == "" {
			got, _ := traced(t, command(op.role, arg), options...)
			if got != "<nil>" && (!strings.HasPrefix(got, "ErrNoLocks no file locks: ") || !strings.Contains(got, `"`+dir)) {
				t.Errorf("got outcome %q", got)
			}
			return
		}
		old := op.content(t, dir)
		got, _ := traced(t, command(op.role, arg), options...)
		switch content := op.content(t, dir); {
		case got == "<nil>" && content != after:
			t.Errorf("got no error, and content %q", content)
		case got == "<nil>" && c.sync && kind != "EINTR":
			t.Error("got no error though fsync failed")
		case got != "<nil>" && content != old:
			t.Errorf("got error %q, and content %q", got, content)
		case got != "<nil>" && !strings.Contains(got, `"`+dir):
			t.Errorf("got error %q, want one with the path", got)
		}
		if left := temps(t, dir); len(left) > 0 {
			t.Errorf("got temporary files %q, want none", left)
		}
	})
}

// Mode, content and time are synced before the rename, and after it the file is
// not changed. The directory's CACHEDIR.TAG may be written after it.
func TestNothingFollowsTheRename(t *testing.T) {
	sequence := regexp.MustCompile(` openat flock newfstatat( fchown)? fchmod write( utimensat)? fsync newfstatat renameat close openat fsync close( newfstatat| newfstatat openat flock newfstatat fchmod write fsync newfstatat renameat close openat fsync close)?$`)
	for name, op := range operations {
		if op.file == "" {
			continue
		}
		var names strings.Builder
		for _, c := range callsOf(t, op) {
			if c.Name != "fcntl" {
				names.WriteString(" " + c.Name)
			}
		}
		if !sequence.MatchString(names.String()) {
			t.Errorf("%s: got calls%s", name, &names)
		}
	}
}

func TestTempThatCannotBeRemovedStays(t *testing.T) {
	dir := memory(t)
	op := operations["put over an old file"]
	arg := op.prepare(t, dir)
	got, _ := traced(t, command(op.role, arg), "-o", "/dev/null", "-e", "trace=fsync,unlinkat",
		"-e", "inject=fsync:error=EIO", "-e", "inject=unlinkat:error=EIO")
	if want := fmt.Sprintf("%q not written: sync: input/output error", filepath.Join(dir, "k.json")); got != want {
		t.Errorf("got outcome %q, want %q", got, want)
	}
	if got := op.content(t, dir); got != before {
		t.Errorf("got content %q", got)
	}
	if left := temps(t, dir); len(left) != 1 {
		t.Errorf("got temporary files %q, want none", left)
	}
}

// If the file system does not support locks, the error is ErrNoLocks and not a
// LockedError.
func TestFileSystemWithoutLocks(t *testing.T) {
	for _, answer := range []string{"ENOLCK", "EOPNOTSUPP", "ENOSYS"} {
		dir := memory(t)
		got, _ := traced(t, command("lock once", dir), "-o", "/dev/null", "-e", "trace=flock", "-e", "inject=flock:error="+answer)
		if want := fmt.Sprintf("ErrNoLocks no file locks: %q not locked: flock: ", filepath.Join(dir, "k.lock")); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got outcome %q, want %q", answer, got, want)
		}
	}
}

func TestWaitingLeaksNothing(t *testing.T) {
	d := open(t, privateDir(t))
	unlock, err := d.Lock(t.Context(), "k")
	must(t, err)
	defer unlock()
	files, goroutines := len(names(t, "/proc/self/fd")), runtime.NumGoroutine()
	for range 100 {
		if _, err := d.Lock(ended(), "k"); err == nil {
			t.Fatal("got the lock twice")
		}
	}
	if n := len(names(t, "/proc/self/fd")); n > files {
		t.Errorf("got %d open files, want %d as before", n, files)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("got %d goroutines, want %d as before", n, goroutines)
	}
}

// tryLock tries to lock once.
func tryLock(args []string) error {
	d, err := cache.Open(args[0])
	if err != nil {
		return err
	}
	_, err = d.Lock(ended(), "k")
	return outcome(err)
}

// locked reports whether a process holds a lock on path, according to /proc/locks.
func locked(t *testing.T, path string) bool {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	locks, err := os.ReadFile("/proc/locks")
	must(t, err)
	return bytes.Contains(locks, fmt.Appendf(nil, ":%d 0 EOF\n", info.Sys().(*syscall.Stat_t).Ino))
}

// A process that opens a lock file and locks it after the file was replaced does
// not have the lock.
func TestLockFileReplacedWhileLocking(t *testing.T) {
	dir := privateDir(t)
	d := open(t, dir)
	cmd := underStrace(t, command("try lock", dir), "-o", "/dev/null", "-e", "trace=flock", "-e", "inject=flock:signal=STOP:when=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p := start(t, cmd)
	for !locked(t, filepath.Join(dir, "k.lock")) {
		runtime.Gosched()
	}
	must(t, os.RemoveAll(dir))
	unlock, err := d.Lock(ended(), "k")
	must(t, err)
	defer unlock()
	must(t, syscall.Kill(-p.Process.Pid, syscall.SIGCONT))
	if got, want := p.line(t), fmt.Sprintf("held by process %d", os.Getpid()); !strings.Contains(got, want) {
		t.Errorf("got outcome %q, want one with %q", got, want)
	}
	p.finish(t)
}

// fullDisk mounts a file system of 64 KiB, fills it, and expects that the old files
// do not change.
func fullDisk(args []string) error {
	dir := args[0]
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return outcome(fmt.Errorf("mount: %w", err))
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k,mode=0700"); err != nil {
		return outcome(fmt.Errorf("mount: %w", err))
	}
	config := filepath.Join(dir, "config")
	d, err := cache.Open(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(d.Put("k", "old"), cache.ReplaceFile(config, []byte("old"), 0o600)); err != nil {
		return err
	}
	filler, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		return err
	}
	for err == nil {
		_, err = filler.Write(make([]byte, 4096))
	}
	if err := filler.Truncate(40 << 10); err != nil {
		return err
	}
	large := strings.Repeat("x", 60<<10)
	return survivors(d, config, large, syscall.ENOSPC)
}

// fileSizeLimit sets RLIMIT_FSIZE, so that a write stops in the middle.
func fileSizeLimit(args []string) error {
	config := filepath.Join(args[0], "config")
	d, err := cache.Open(args[0])
	if err != nil {
		return err
	}
	if err := errors.Join(d.Put("k", "old"), cache.ReplaceFile(config, []byte("old"), 0o600)); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1000, Max: 1000}); err != nil {
		return err
	}
	return survivors(d, config, strings.Repeat("x", 5000), syscall.EFBIG)
}

// survivors writes large, which does not fit, and checks the files afterwards.
func survivors(d *cache.Dir, config, large string, reason error) error {
	if err := d.Put("k", large); !errors.Is(err, reason) || !strings.Contains(err.Error(), d.Path("k")) {
		return fmt.Errorf("put: %v", err)
	}
	if err := cache.ReplaceFile(config, []byte(large), 0o600); !errors.Is(err, reason) || !strings.Contains(err.Error(), config) {
		return fmt.Errorf("replace: %v", err)
	}
	var got string
	if found, err := d.Get("k", &got); !found || err != nil || got != "old" {
		return fmt.Errorf("get: %v, %v, %.10q", found, err, got)
	}
	if got, err := os.ReadFile(config); err != nil || string(got) != "old" {
		return fmt.Errorf("config: %.10q, %v", got, err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(config), ".ssoenv-*"))
	if err != nil || len(left) > 0 {
		return fmt.Errorf("left %q, %v", left, err)
	}
	unlock, err := d.Lock(context.Background(), "k")
	defer unlock()
	return err
}

func TestFullDisk(t *testing.T) {
	cmd := command("full disk", privateDir(t))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if uid := os.Geteuid(); uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{HostID: uid, Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
		}
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, fs.ErrPermission) || bytes.HasPrefix(out, []byte("mount: ")) {
		t.Logf("cannot mount (%v, %s): only TestWriteCutShort runs", err, out)
		return
	}
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestWriteCutShort(t *testing.T) {
	if out, err := command("file size limit", privateDir(t)).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
