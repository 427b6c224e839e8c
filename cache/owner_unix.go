//go:build unix

package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// renamesOpenFiles says that a file keeps its lock until it has its final name.
const renamesOpenFiles = true

// checkOwner returns an error if the file that info describes does not belong to
// the effective user of the process. This includes root, which would otherwise
// act on files that a user put into the user's home directory.
func checkOwner(path string, info fs.FileInfo) error {
	owner, euid := int(info.Sys().(*syscall.Stat_t).Uid), os.Geteuid()
	if owner == euid {
		return nil
	}
	return fmt.Errorf("%q belongs to uid %d, not to uid %d", path, owner, euid)
}

// CheckOwner returns an error if the file at path does not belong to the effective
// user of the process. It returns nil if the file cannot be inspected.
func CheckOwner(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	return checkOwner(path, info)
}

// checkOwnerOrRoot is [checkOwner], but accepts a file of root's too.
func checkOwnerOrRoot(path string, info fs.FileInfo) error {
	if info.Sys().(*syscall.Stat_t).Uid == 0 {
		return nil
	}
	return checkOwner(path, info)
}

// Suspect returns an error that says why another user could have written the file
// at path: it belongs to a user other than root, or its mode allows others to
// write. It returns nil if the file does not exist or cannot be inspected, and for a
// folder or a device such as /dev/null, from which nothing is read.
func Suspect(path string) error {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	if err := checkOwnerOrRoot(path, info); err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Errorf("%q is writable by others (mode %04o)", path, mode)
	}
	return nil
}

// CheckPrivatePath returns an error that says why a user other than this one and
// root could decide what is read at path: the path is relative, or the file, a
// folder above it or a symbolic link on the way belongs to another user, or others
// can write to one of them. In a sticky folder, such as /tmp, others can only write
// what is theirs: it is no reason.
//
// A path through /proc, or through /dev as /dev/fd/3, is one too: where it leads depends
// on the process, as /proc/self/cwd does.
func CheckPrivatePath(path string) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("%q is a relative path", path)
	}
	at, links := "/", 0
	rest := strings.Split(path, "/")
	if err := checkPrivate(at); err != nil {
		return err
	}
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			at = filepath.Dir(at)
			continue
		}
		next := filepath.Join(at, name)
		if err := checkPrivate(next); err != nil {
			return err
		}
		if dependsOnProcess(next) {
			return fmt.Errorf("%q leads through %s, which is another place for each process", path, next)
		}
		target, err := os.Readlink(next)
		if err != nil { // no link
			at = next
			continue
		}
		if links++; links > linkLimit {
			return fmt.Errorf("%q leads through more than %d links", path, linkLimit)
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return nil
}

// checkPrivate is [CheckPrivatePath] for the last part of path.
func checkPrivate(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("%q: %w", path, cause(err))
	}
	if err := checkOwnerOrRoot(path, info); err != nil {
		return err
	}
	isLink, isSticky := info.Mode()&fs.ModeSymlink != 0, info.IsDir() && info.Mode()&fs.ModeSticky != 0
	if !isLink && !isSticky && info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%q is writable by others (mode %04o)", path, info.Mode().Perm())
	}
	return nil
}

// dependsOnProcess reports whether path, a part of a path, is of a file system in which
// links lead to other places for each process. /dev/shm is none.
func dependsOnProcess(path string) bool {
	return path == "/proc" || filepath.Dir(path) == "/dev" && path != "/dev/shm" || isProcFS(path)
}

// checkSingleLink returns an error if the file has more than one hard link: what
// is written to a lock file would change another file.
func checkSingleLink(path string, info fs.FileInfo) error {
	if links := info.Sys().(*syscall.Stat_t).Nlink; links > 1 {
		return fmt.Errorf("%q has %d hard links", path, links)
	}
	return nil
}

// writableByOthers reports whether other users can replace files in the directory
// that info describes. In a sticky one they cannot.
func writableByOthers(info fs.FileInfo) bool {
	return info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0
}

// checkCreateIn returns an error if root would create a file in a directory of
// another user that is not sticky: when that user runs the program later, it could
// neither read nor replace the file. For other users the kernel checks.
func checkCreateIn(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("%q: %w", dir, cause(err))
	}
	if os.Geteuid() != 0 || info.Mode()&fs.ModeSticky != 0 {
		return nil
	}
	return checkOwner(dir, info)
}

// openForReading opens path. It does not wait if that is a FIFO or a device. It
// follows a symbolic link only if the user owns it: in a sticky directory another
// user could create a link to the user's file of another key.
func openForReading(path string) (*os.File, error) {
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

// openForWriting opens an existing file. It does not wait if that is a FIFO or a
// device, and does not follow a symbolic link.
func openForWriting(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
}

// restrictMode removes the permissions of other users from f. It returns an error,
// which is a warning for the user, if there were any. It returns nil if the file
// system ignores the change: a Windows disk mounted on Linux has mode 0777 for
// every file, and modes have no meaning there.
func restrictMode(f *os.File, info fs.FileInfo) error {
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err := f.Chmod(0o600); err != nil {
		return fmt.Errorf("%q is open to others (mode %04o): %w", f.Name(), info.Mode().Perm(), cause(err))
	}
	if now, err := f.Stat(); err != nil || now.Mode() == info.Mode() {
		return nil
	}
	return fmt.Errorf("%q was open to others (mode %04o); it is 0600 now", f.Name(), info.Mode().Perm())
}

// reportMode is restrictMode without the change.
func reportMode(f *os.File, info fs.FileInfo) error {
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return fmt.Errorf("%q is open to others (mode %04o)", f.Name(), info.Mode().Perm())
}

// makePrivate sets the mode of f to 0600 if it is another.
func makePrivate(f *os.File, info fs.FileInfo) error {
	if info.Mode().Perm() == 0o600 {
		return nil
	}
	return f.Chmod(0o600)
}

// keepOwner sets the owner and group of f to those of old, or the group alone if
// the process may not change the owner. It returns the permissions to set: perm,
// without those of the group if the group could not be set.
func keepOwner(f *os.File, old fs.FileInfo, perm fs.FileMode) fs.FileMode {
	stat := old.Sys().(*syscall.Stat_t)
	if f.Chown(int(stat.Uid), int(stat.Gid)) == nil || f.Chown(-1, int(stat.Gid)) == nil {
		return perm
	}
	return perm &^ 0o070
}
