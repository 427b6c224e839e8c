//go:build unix

package cache

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// openLockFile opens the lock file at path, and creates it if it is missing. It
// opens it for writing, which locks over NFS need. Child processes do not inherit
// it: os.OpenFile sets O_CLOEXEC.
func openLockFile(path string) (*os.File, error) {
	const flags = os.O_RDWR | os.O_CREATE | syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_NOCTTY
	f, err := os.OpenFile(path, flags, 0o600)
	if errors.Is(err, fs.ErrPermission) && restoreMode(path) {
		return os.OpenFile(path, flags, 0o600)
	}
	return f, err
}

// restoreMode gives the user access to a lock file that was created with a umask
// which removes it, such as 0777, and reports whether it did. The creator does the
// same in checkLockFile, but may not have done so yet, or may have died.
func restoreMode(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && checkFile(path, info) == nil && info.Mode().Perm()&0o600 != 0o600 && os.Chmod(path, 0o600) == nil
}

// lockFile tries to lock f. It reports false if the lock is held.
func lockFile(f *os.File) (bool, error) {
	for {
		switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err {
		case nil:
			return true, nil
		case syscall.EWOULDBLOCK:
			return false, nil
		case syscall.EINTR:
		default:
			return false, os.NewSyscallError("flock", err)
		}
	}
}

// unlockFile unlocks and closes f. Closing alone is not enough: a child process
// between fork and exec has a copy of the descriptor, which keeps the lock.
func unlockFile(f *os.File) {
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
	_ = f.Close()
}
