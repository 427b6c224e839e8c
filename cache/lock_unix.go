//go:build unix

package cache

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// openToLock opens the lock file at path, creating it if it is missing, for
// writing, which a lock over NFS needs. os.OpenFile keeps it from the programs
// that this process starts.
func openToLock(path string) (*os.File, error) {
	const flags = os.O_RDWR | os.O_CREATE | syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_NOCTTY
	f, err := os.OpenFile(path, flags, 0o600)
	if errors.Is(err, fs.ErrPermission) && giveBackMode(path) {
		return os.OpenFile(path, flags, 0o600)
	}
	return f, err
}

// giveBackMode undoes what the umask of the lock file's creator took away from
// us, its owner. The creator does so too, but may not have got there yet, or
// ever.
func giveBackMode(path string) bool {
	fi, err := os.Lstat(path)
	return err == nil && usable(path, fi) == nil && fi.Mode().Perm()&0o600 != 0o600 && os.Chmod(path, 0o600) == nil
}

// lockFile reports whether f is locked now; if not, another holds the lock.
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

// unlockFile does not leave the unlocking to Close: a process that is being
// started has a copy of the descriptor until its program replaces ours.
func unlockFile(f *os.File) {
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
	_ = f.Close()
}
