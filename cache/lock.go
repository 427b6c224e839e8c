package cache

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	lockSuffix = ".lock"

	// Two attempts at a lock are between lockPause and lockPause+lockJitter
	// apart, so that those who wait do not try in step.
	lockPause  = 2 * time.Millisecond
	lockJitter = 18 * time.Millisecond
)

// ErrNoLocks says that a lock can be neither had nor waited for: the file
// system has no locks, the directory cannot be written to, or something stands
// in the lock file's place that is not ours. A caller that can bear two writers
// goes on without, since every single write is whole.
var ErrNoLocks = errors.New("no file locks")

// LockedError says that another process, or another goroutine of this one, held
// the lock until the context ended.
type LockedError struct {
	Path string // the lock file
	PID  int    // the holder, or 0 if it is not known
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

// Lock keeps every other process and goroutine from holding the lock of the
// same key until unlock is called or the process dies. Only those who call
// Lock are kept out: readers and writers are not. It puts what is done to files
// in order; variables that goroutines share need a mutex all the same.
//
// It waits until ctx ends, and then returns a [*LockedError]; with a context
// that has ended already it tries once. Where there are no locks the error is
// [ErrNoLocks]. unlock is never nil, and after an error it does nothing.
//
// The lock is one of the operating system on a file of its own, "K.lock", which
// is created on first use with the directory and stays, because removing it
// would let two processes in.
func (d *Dir) Lock(ctx context.Context, key string) (unlock func(), err error) {
	none := func() {}
	if !validKey(key) {
		return none, fmt.Errorf("%q is not a cache key", key)
	}
	path := filepath.Join(d.path, key+lockSuffix)
	for {
		var f *os.File
		err := d.ensureDir()
		if err == nil {
			f, err = tryLock(path)
		}
		if err != nil {
			return none, fmt.Errorf("%w: %w", ErrNoLocks, err)
		}
		if f != nil {
			return func() { unlockFile(f) }, nil
		}
		pause := time.NewTimer(lockPause + rand.N(lockJitter))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return none, &LockedError{Path: path, PID: readHolder(path), Err: ctx.Err()}
		}
	}
}

// tryLock returns the locked file, or nil if another holds the lock.
func tryLock(path string) (*os.File, error) {
	f, err := openToLock(path)
	if err != nil {
		return nil, unlockable(path, err)
	}
	held := false
	defer func() {
		if !held {
			_ = f.Close()
		}
	}()
	fi, err := f.Stat()
	if err != nil {
		return nil, unlockable(path, err)
	}
	if err := usable(path, fi); err != nil {
		return nil, err
	}
	if err := checkSingleLink(path, fi); err != nil {
		return nil, err
	}
	if err := makePrivate(f, fi); err != nil {
		return nil, unlockable(path, err)
	}
	locked, err := lockFile(f)
	if err != nil {
		return nil, unlockable(path, err)
	}
	if !locked {
		return nil, nil
	}
	// Someone may have emptied the directory since the file was opened. Then
	// the next process locks another file of this name.
	now, err := os.Lstat(path)
	if err != nil || !os.SameFile(fi, now) {
		return nil, nil
	}
	held = true
	sign(f)
	return f, nil
}

func unlockable(path string, err error) error {
	return fmt.Errorf("%q not locked: %w", path, cause(err))
}

// sign writes down who holds the lock. The word before the number keeps the
// file from being JSON: programs that look at every file of a shared directory
// take a bare number for a document. A full disk leaves the holder unnamed.
func sign(f *os.File) {
	line := "pid " + strconv.Itoa(os.Getpid()) + "\n"
	if _, err := f.WriteAt([]byte(line), 0); err == nil {
		_ = f.Truncate(int64(len(line)))
	}
}

// readHolder reads what sign wrote, and returns 0 if it cannot.
func readHolder(path string) int {
	file, err := read(path, false)
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
