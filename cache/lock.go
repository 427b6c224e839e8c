package cache

// The lock protocol
//
// A lock is an exclusive flock(2), on Windows LockFileEx, on a file beside the one
// that it protects: programs that share the one share the other. The lock of key K
// is K.lock beside K.json. The operating system releases it when the process dies.
// The file is never removed: a process that waits for the removed file and one that
// creates it again would both hold the lock. If something else removes it, the
// process that has it open notices that the path leads to another one (acquire) and
// starts again.
//
// flock cannot wait for a limited time, so Lock tries every 2 to 20 ms until its
// context ends, with the file open: an attempt is two system calls. There is no queue:
// any waiting process may be next.
//
// The holder writes "pid N" into the file, which LockedError reports. It is only
// information: nothing is decided by it. The file is created with mode 0600, and
// one with another owner, another type or a second hard link is an error, since it
// is written to.
//
// Not github.com/gofrs/flock (v0.13.2): it follows symbolic links, does not check
// the file's owner, type and links, blocks when it opens a FIFO, and does not
// notice that a lock file was removed. It does not report the holder.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	lockSuffix = ".lock"

	// The time between two attempts is lockPause plus up to lockJitter, at
	// random, so that waiting processes do not try at the same moment.
	lockPause  = 2 * time.Millisecond
	lockJitter = 18 * time.Millisecond
)

// ErrNoLocks is returned if locking is not possible: the file system does not
// support locks, the directory is not writable, or the lock file is not a regular
// file of the user. A caller for which two writers at a time are acceptable can
// continue without the lock, since every single write is atomic.
var ErrNoLocks = errors.New("no file locks")

// LockedError is returned if another process, or another goroutine of this one,
// held the lock until the context ended.
type LockedError struct {
	Path string // the lock file
	PID  int    // the process that holds the lock, or 0 if unknown
	Err  error  // the context's error
}

func (e *LockedError) Error() string {
	holder := "another process"
	if e.PID != 0 {
		holder = "process " + strconv.Itoa(e.PID)
	}
	return fmt.Sprintf("%q is held by %s: %v", e.Path, holder, e.Err)
}

func (e *LockedError) Unwrap() error { return e.Err }

// Lock acquires the lock of key. Until unlock is called or the process dies, no
// other call of Lock with this key succeeds, in this process or another. Reading
// and writing key's file do not need the lock and do not wait for it. It orders
// operations on files; variables that goroutines share still need a mutex.
//
// Lock waits until ctx ends and then returns a [*LockedError]. If ctx has ended
// already, it tries once. If locking is not possible, the error is [ErrNoLocks].
// unlock is never nil; after an error it does nothing. The first use creates the
// lock file and the directory. The lock of a file that a link leads to is beside it.
func (d *Dir) Lock(ctx context.Context, key string) (unlock func(), err error) {
	noop := func() {}
	if !validKey(key) {
		return noop, fmt.Errorf("%q is not a cache key", key)
	}
	path := filepath.Join(d.path, key)
	if target, err := d.place(key); err == nil && target != d.Path(key) {
		path = strings.TrimSuffix(target, ".json")
	}
	return lock(ctx, path+lockSuffix, d.ensureDir)
}

// LockFile is [Dir.Lock] for a file outside of a cache. The lock file is beside
// the file that symbolic links at name lead to, with ".lock" added to its name.
func LockFile(ctx context.Context, name string) (unlock func(), err error) {
	path, err := resolveLinks(name)
	if err != nil {
		return func() {}, fmt.Errorf("%w: %w", ErrNoLocks, err)
	}
	return lock(ctx, path+lockSuffix, func() error {
		if err := makeDir(parent(path)); err != nil {
			return err
		}
		return checkCreateIn(parent(path))
	})
}

// lock acquires the lock of the file at path, in the directory that ensureDir
// creates if it is missing.
func lock(ctx context.Context, path string, ensureDir func() error) (unlock func(), err error) {
	noop := func() {}
	for {
		var f *os.File
		var info fs.FileInfo
		err := ensureDir()
		if err == nil {
			f, info, err = openLock(path)
		}
		if err != nil {
			return noop, fmt.Errorf("%w: %w", ErrNoLocks, err)
		}
		held, err := acquire(ctx, f, info, path)
		if held {
			return func() { unlockFile(f) }, nil
		}
		_ = f.Close()
		if err == nil {
			err = pause(ctx, path)
		}
		if err != nil {
			return noop, err
		}
	}
}

// pause waits before the next attempt. It returns a [*LockedError] if ctx ends.
func pause(ctx context.Context, path string) error {
	timer := time.NewTimer(lockPause + rand.N(lockJitter))
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		timer.Stop()
		return &LockedError{Path: path, PID: readHolder(path), Err: ctx.Err()}
	}
}

// openLock opens the lock file at path, creates it if it is missing, and checks it.
func openLock(path string) (*os.File, fs.FileInfo, error) {
	f, err := openLockFile(path)
	if err != nil {
		return nil, nil, lockError(path, err)
	}
	info, err := checkLockFile(f, path)
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

func checkLockFile(f *os.File, path string) (fs.FileInfo, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, lockError(path, err)
	}
	if err := cmp.Or(checkFile(path, info), checkSingleLink(path, info)); err != nil {
		return nil, err
	}
	if err := makePrivate(f, info); err != nil {
		return nil, lockError(path, err)
	}
	return info, nil
}

// acquire tries to lock f, the open file at path, until it is locked or ctx ends. It
// returns false without an error if path leads to another file or to none: the next
// process would create and lock that one. On a file server, the lock of a file that was
// removed can be an error.
func acquire(ctx context.Context, f *os.File, info fs.FileInfo, path string) (bool, error) {
	for {
		locked, err := lockFile(f)
		if now, statErr := os.Lstat(path); statErr != nil || !os.SameFile(info, now) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("%w: %w", ErrNoLocks, lockError(path, err))
		}
		if locked {
			writeHolder(f)
			return true, nil
		}
		if err := pause(ctx, path); err != nil {
			return false, err
		}
	}
}

func lockError(path string, err error) error {
	return fmt.Errorf("%q not locked: %w", path, cause(err))
}

// writeHolder writes the process id into the lock file, as "pid N". A number alone
// would be valid JSON, and some programs parse every file of a shared directory.
// Errors are ignored; the holder is then unknown.
func writeHolder(f *os.File) {
	line := "pid " + strconv.Itoa(os.Getpid()) + "\n"
	if _, err := f.WriteAt([]byte(line), 0); err == nil {
		_ = f.Truncate(int64(len(line)))
	}
}

// readHolder returns the process id in the lock file at path, or 0.
func readHolder(path string) int {
	file, err := read(path, false, restrictMode)
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(file.data), "\n")
	number, found := strings.CutPrefix(line, "pid ")
	pid, err := strconv.Atoi(number)
	if !found || err != nil {
		return 0
	}
	return pid
}
