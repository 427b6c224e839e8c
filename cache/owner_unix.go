//go:build unix

package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// checkOwner says whose the file that fi describes is if it is not the process's
// user's. Root is held to it as well: it would otherwise act on what a user has
// put into the user's own home.
func checkOwner(path string, fi fs.FileInfo) error {
	owner, me := int(fi.Sys().(*syscall.Stat_t).Uid), os.Geteuid()
	if owner == me {
		return nil
	}
	return fmt.Errorf("%q belongs to uid %d, not to uid %d", path, owner, me)
}

// Suspect says why somebody else could have written the file at path: it belongs
// to another user, other than root, or others may write to it. It is nil for
// what cannot be looked at.
func Suspect(path string) error {
	fi, err := os.Stat(path)
	if err != nil {
		return nil
	}
	if fi.Sys().(*syscall.Stat_t).Uid != 0 {
		if err := checkOwner(path, fi); err != nil {
			return err
		}
	}
	if mode := fi.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Errorf("%q is writable by others (mode %04o)", path, mode)
	}
	return nil
}

// checkSingleLink refuses a file that has other names: what is written to a lock file
// would be written to another file as well.
func checkSingleLink(path string, fi fs.FileInfo) error {
	if links := fi.Sys().(*syscall.Stat_t).Nlink; links > 1 {
		return fmt.Errorf("%q has %d hard links", path, links)
	}
	return nil
}

// openToOthers reports whether other users may put files into the directory
// that fi describes, and take ours away.
func openToOthers(fi fs.FileInfo) bool {
	return fi.Mode().Perm()&0o022 != 0 && fi.Mode()&fs.ModeSticky == 0
}

// mayCreateIn keeps root from leaving files in a user's directory that the
// user, for whom the program runs the next time, could neither read nor
// replace. Where others are concerned the kernel decides.
func mayCreateIn(dir string) error {
	fi, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("%q: %w", dir, cause(err))
	}
	if os.Geteuid() != 0 || fi.Mode()&fs.ModeSticky != 0 {
		return nil
	}
	return checkOwner(dir, fi)
}

// openToRead opens path without waiting for what is not a regular file. A
// symbolic link is followed only if it is ours: in a sticky directory another
// user could have pointed it at a file of ours that belongs to another key.
func openToRead(path string) (*os.File, error) {
	const flags = os.O_RDONLY | syscall.O_NONBLOCK | syscall.O_NOCTTY
	f, err := os.OpenFile(path, flags|syscall.O_NOFOLLOW, 0)
	if !errors.Is(err, syscall.ELOOP) {
		return f, err
	}
	link, linkErr := os.Lstat(path)
	if linkErr != nil || checkOwner(path, link) != nil {
		return nil, err
	}
	return os.OpenFile(path, flags, 0)
}

// restrictMode takes the permissions of others from f, and remarks on it. Where
// nothing changes by that, modes mean nothing: a Windows disk under Linux shows
// every file as 0777.
func restrictMode(f *os.File, fi fs.FileInfo) error {
	if fi.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err := f.Chmod(0o600); err != nil {
		return fmt.Errorf("%q is open to others (mode %04o): %w", f.Name(), fi.Mode().Perm(), cause(err))
	}
	if now, err := f.Stat(); err != nil || now.Mode() == fi.Mode() {
		return nil
	}
	return fmt.Errorf("%q was open to others (mode %04o); it is 0600 now", f.Name(), fi.Mode().Perm())
}

// makePrivate gives f the mode 0600 if it has another.
func makePrivate(f *os.File, fi fs.FileInfo) error {
	if fi.Mode().Perm() == 0o600 {
		return nil
	}
	return f.Chmod(0o600)
}

// keepOwner gives f the owner and group of old, or the group alone, and returns
// perm, without the group's part if not even that is possible: another group
// has no claim to it.
func keepOwner(f *os.File, old fs.FileInfo, perm fs.FileMode) fs.FileMode {
	stat := old.Sys().(*syscall.Stat_t)
	if f.Chown(int(stat.Uid), int(stat.Gid)) == nil || f.Chown(-1, int(stat.Gid)) == nil {
		return perm
	}
	return perm &^ 0o070
}
