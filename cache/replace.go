package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	tempPrefix = ".ssoenv-"
	tempSuffix = ".tmp"

	// tempAge is the age from which a temporary file has no living writer.
	tempAge = time.Hour

	// linkLimit is the number of symbolic links that Linux follows, too.
	linkLimit = 40
)

// ReplaceFile puts data in the place of the file's content in one step: a
// reader sees the old file or the new one, and after an error the old one
// stands.
//
// If name is a symbolic link, the file that it leads to is replaced, and the
// link stays. An existing file keeps its permissions, and its owner and group
// as far as the process may give them away; a new one gets perm, whatever the
// umask, and missing directories are created with mode 0700. What is not a
// regular file is refused, as is a file that may not be written. Access control
// lists and the other names of a hard link are not carried over.
func ReplaceFile(name string, data []byte, perm fs.FileMode) error {
	return ReplaceFileIf(name, data, perm, nil)
}

// ReplaceFileIf is [ReplaceFile] for a file that programs which take no locks
// write as well. When nothing is left to be done but the renaming, it calls
// still; an error of that one is returned, and the file stays.
func ReplaceFileIf(name string, data []byte, perm fs.FileMode, still func() error) error {
	if err := makeDir(parent(name)); err != nil {
		return fmt.Errorf("directory %w", err)
	}
	target, err := follow(name)
	if err != nil {
		return err
	}
	attrs := attributes{perm: perm.Perm(), still: still}
	attrs.old, err = replaceable(target)
	if err != nil {
		return err
	}
	if attrs.old != nil {
		attrs.perm = attrs.old.Mode().Perm()
	}
	sweep(parent(target))
	return replace(target, data, attrs)
}

// replaceable describes the regular file at path, or returns nil if there is
// none and one may be created. Renaming over a file takes no permission on it,
// so a file that its owner has protected from writing is found by opening it.
func replaceable(path string) (fs.FileInfo, error) {
	fi, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, mayCreateIn(parent(path))
	}
	if err != nil {
		return nil, notWritten(path, err)
	}
	if !fi.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is not a regular file (%v)", path, fi.Mode())
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, notWritten(path, err)
	}
	_ = f.Close()
	return fi, nil
}

// follow returns the name that the symbolic links at name lead to, whether or
// not there is such a file. Names are put together without cleaning them: what
// ".." means after a link is for the kernel to say.
func follow(name string) (string, error) {
	path := name
	for range linkLimit {
		link, err := os.Readlink(path)
		if err != nil {
			return path, nil
		}
		if !filepath.IsAbs(link) {
			dir, _ := filepath.Split(path)
			link = dir + link
		}
		path = link
	}
	return "", fmt.Errorf("%q: too many symbolic links", name)
}

// parent is filepath.Dir without its cleaning, for the reason given at follow.
func parent(path string) string {
	const separator = string(filepath.Separator)
	dir, _ := filepath.Split(strings.TrimRight(path, separator))
	if dir == "" {
		return "."
	}
	if trimmed := strings.TrimRight(dir, separator); trimmed != filepath.VolumeName(dir) {
		return trimmed
	}
	return dir
}

// attributes are what a new file is given besides its content. modified may be
// zero; old, the file to take the owner from, and still, the last word before
// the rename, may be nil.
type attributes struct {
	perm     fs.FileMode
	modified time.Time
	old      fs.FileInfo
	still    func() error
}

// replace writes data to a temporary file beside path and renames it to path.
// The file has its attributes before it holds a byte and its final name only
// when the disk has every one. No failure leaves the temporary file behind;
// kill -9 may, and sweep removes it later.
func replace(path string, data []byte, attrs attributes) (err error) {
	f, err := os.CreateTemp(parent(path), tempPrefix+"*"+tempSuffix)
	if err != nil {
		return notWritten(path, err)
	}
	temp := f.Name()
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(temp)
			err = notWritten(path, err)
		}
	}()

	if attrs.old != nil {
		attrs.perm = keepOwner(f, attrs.old, attrs.perm)
	}
	// The umask can only have taken bits away, so this never closes a gap.
	if err := f.Chmod(attrs.perm); err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	if !attrs.modified.IsZero() {
		if err := os.Chtimes(temp, time.Time{}, attrs.modified); err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if attrs.still != nil {
		if err := attrs.still(); err != nil {
			return err
		}
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	syncDir(parent(path))
	return nil
}

func notWritten(path string, err error) error {
	return fmt.Errorf("%q not written: %w", path, cause(err))
}

// syncDir makes a rename survive a loss of power. It is an attempt: the new
// file is in its place already, and not every file system can do more.
func syncDir(path string) {
	if dir, err := os.Open(path); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
}

// sweep removes the temporary files that killed processes of ours left in dir.
// What it cannot remove stays.
func sweep(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, tempPrefix) || !strings.HasSuffix(name, tempSuffix) {
			continue
		}
		path := filepath.Join(dir, name)
		fi, err := entry.Info()
		if err == nil && usable(path, fi) == nil && time.Since(fi.ModTime()) > tempAge {
			_ = os.Remove(path)
		}
	}
}

// makeDir creates the directory at path and those above it that are missing,
// each 0700. A symbolic link to a directory that is gone, as after a reboot on
// a tmpfs, has the directory created that it leads to.
func makeDir(path string) error {
	_, err := os.Stat(path)
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%q: %w", path, cause(err))
	}
	above := parent(path)
	if above == path {
		return fmt.Errorf("%q: %w", path, cause(err))
	}
	if err := makeDir(above); err != nil {
		return err
	}
	target, err := follow(path)
	if err != nil {
		return err
	}
	if target != path {
		return makeDir(target)
	}
	if err := mayCreateIn(above); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		return fmt.Errorf("%q not created: %w", path, cause(err))
	}
	// Gives back what the umask took.
	if err := os.Chmod(path, 0o700); err != nil {
		return fmt.Errorf("%q not created: %w", path, cause(err))
	}
	return nil
}
