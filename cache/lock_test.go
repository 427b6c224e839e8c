//go:build unix

package cache_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache"
)

// ended returns a context that has ended, with which Lock tries once.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// wantLocked checks that err names the lock file and its holder.
func wantLocked(t *testing.T, err error, dir string, pid int, reason error) {
	t.Helper()
	var locked *cache.LockedError
	if !errors.As(err, &locked) {
		t.Fatalf("got error %v, want a LockedError", err)
	}
	if want := filepath.Join(dir, "k.lock"); locked.Path != want || locked.PID != pid {
		t.Errorf("got path %q and PID %d, want %q and %d", locked.Path, locked.PID, want, pid)
	}
	if !errors.Is(err, reason) || errors.Is(err, cache.ErrNoLocks) {
		t.Errorf("got error %v, want one that is %v", err, reason)
	}
	wantError(t, err, locked.Path, "held by process "+strconv.Itoa(pid))
}

func TestLockExcludesGoroutines(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "dir"))
	var n atomic.Int32 // incremented in two steps, which the lock protects
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			unlock, err := d.Lock(t.Context(), "k")
			defer unlock()
			if err != nil {
				t.Error(err)
			}
			n.Store(n.Load() + 1)
		})
	}
	all.Wait()
	if n.Load() != 50 {
		t.Errorf("got count %d, want 50", n.Load())
	}
}

func TestLockExcludesProcesses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	var all []*process
	for range 100 {
		all = append(all, start(t, command("count", dir)))
	}
	for _, p := range all {
		p.finish(t)
	}
	n := 0
	if found, err := open(t, dir).Get("n", &n); !found || err != nil || n != 100 {
		t.Errorf("Get = %v, %v; got count %d, want 100", found, err, n)
	}
}

func TestLocksOfTwoKeysAreIndependent(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "dir"))
	for _, key := range []string{"a", "b", "a.expires"} {
		unlock, err := d.Lock(ended(), key)
		must(t, err)
		defer unlock()
	}
}

func TestLockIsFreeAgain(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "dir"))
	for range 3 {
		unlock, err := d.Lock(ended(), "k")
		must(t, err)
		unlock()
		unlock() // A second call does nothing, even if the lock is held again.
	}
}

func TestLockOfAKilledHolderIsFree(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	d := open(t, dir)
	for range 10 {
		p := start(t, command("hold", dir))
		p.line(t)
		_, err := d.Lock(ended(), "k")
		wantLocked(t, err, dir, p.Process.Pid, context.Canceled)
		p.kill(t)
		unlock, err := d.Lock(ended(), "k")
		must(t, err)
		unlock()
	}
}

func TestLockOfAStoppedHolderIsReported(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	d := open(t, dir)
	p := start(t, command("hold", dir))
	p.line(t)
	must(t, p.Process.Signal(syscall.SIGSTOP))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	unlock, err := d.Lock(ctx, "k")
	unlock()
	wantLocked(t, err, dir, p.Process.Pid, context.DeadlineExceeded)
	// Reading and writing need no lock.
	must(t, d.Put("k", 1))
	must(t, p.Process.Signal(syscall.SIGCONT))
	p.finish(t)
	unlock, err = d.Lock(ended(), "k")
	must(t, err)
	unlock()
}

func TestWaiterGetsTheLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	d := open(t, dir)
	p := start(t, command("hold", dir))
	p.line(t)
	got := make(chan error)
	go func() {
		unlock, err := d.Lock(t.Context(), "k")
		unlock()
		got <- err
	}()
	p.finish(t)
	must(t, <-got)
}

func TestChildrenDoNotInheritALock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	p := start(t, command("hold with child", dir))
	child, err := strconv.Atoi(p.line(t))
	must(t, err)
	p.kill(t)
	must(t, syscall.Kill(child, 0)) // the child is alive
	unlock, err := open(t, dir).Lock(ended(), "k")
	must(t, err)
	unlock()
	p.stdin.Close()
}

func TestLockFileNamesItsHolder(t *testing.T) {
	dir := privateDir(t)
	path := filepath.Join(dir, "k.lock")
	must(t, os.WriteFile(path, []byte("pid 1234567890123\nand more\n"), 0o600))
	must(t, os.Chmod(path, 0o666))
	unlock, err := open(t, dir).Lock(ended(), "k")
	must(t, err)
	defer unlock()
	wantContent(t, path, "pid "+strconv.Itoa(os.Getpid())+"\n")
	wantMode(t, path, 0o600)
}

func TestUnknownHolder(t *testing.T) {
	dir := privateDir(t)
	d := open(t, dir)
	unlock, err := d.Lock(t.Context(), "k")
	must(t, err)
	defer unlock()
	for _, text := range []string{"", "pid", "pid ", "1234", "pid x\n", "\x00", "pid 99999999999999999999\n"} {
		must(t, os.WriteFile(filepath.Join(dir, "k.lock"), []byte(text), 0o600))
		_, err := d.Lock(ended(), "k")
		var locked *cache.LockedError
		if !errors.As(err, &locked) || locked.PID != 0 {
			t.Errorf("%q: %v", text, err)
		}
		wantError(t, err, "held by another process")
	}
}

// If a lock file is removed while the lock is held, the next process creates a new
// one, and the processes after it exclude each other.
func TestRemovedLockFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	d := open(t, dir)
	unlock, err := d.Lock(t.Context(), "k")
	must(t, err)
	defer unlock()
	must(t, os.RemoveAll(dir))
	again, err := d.Lock(ended(), "k")
	must(t, err)
	defer again()
	_, err = d.Lock(ended(), "k")
	wantLocked(t, err, dir, os.Getpid(), context.Canceled)
}

// A process that waits for a lock file which is then removed gets the lock of the new one.
func TestWaitForRemovedLockFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	d := open(t, dir)
	unlock, err := d.Lock(t.Context(), "k")
	must(t, err)
	defer unlock()
	locked := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		unlock, err := d.Lock(ctx, "k")
		unlock()
		locked <- err
	}()
	time.Sleep(50 * time.Millisecond) // so that it has the file open, in nearly all runs
	must(t, os.Remove(filepath.Join(dir, "k.lock")))
	if err := <-locked; err != nil {
		t.Errorf("got %v, want the lock", err)
	}
}
