package cache

// Replacing a file
//
// replace writes the new text to a temporary file in the same directory and
// renames it over the old one. rename(2) is atomic: a reader, or a process that
// continues after a crash, finds the old file or the new one. The order matters:
//
//  1. The temporary file gets its owner, then its mode, before its first byte.
//     It is never accessible to more users than the final file.
//  2. All bytes are written, then fsync. Without it, a file system may write the
//     rename before the data, and a loss of power leaves an empty file.
//  3. check, if there is one, is the last step before the rename.
//  4. rename, then fsync of the directory, which makes the rename itself durable.
//     Errors of that one are ignored: the new file is already in use.
//
// A file that is a mount point, as a single file that a container mounts, cannot be
// replaced. It is written in place.
//
// After an error the temporary file is removed. After kill -9 it remains, and the
// next write to the directory removes it once it is an hour old. RemoveTemps removes
// it at once: the process that writes a temporary file keeps it locked (lock.go)
// until it has its final name.
//
// Not github.com/google/renameio/v2 (v2.0.2): it does not fsync the directory, does
// not keep the owner, replaces a symbolic link instead of its target, and leaves
// the temporary files of killed processes.

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	tempPrefix = ".ssoenv-"
	tempSuffix = ".tmp"

	// tempAge is the age from which a temporary file is one of a killed process.
	tempAge = time.Hour

	// linkLimit is the maximum number of symbolic links to follow, as in Linux.
	linkLimit = 40
)

// ReplaceFile replaces the content of the file name with data atomically: a reader
// sees the old file or the new one, and after an error the old one is unchanged.
//
// If name is a symbolic link, ReplaceFile replaces its target. An existing file
// keeps its permissions, and its owner and group if the process may set them. A
// new file gets perm, for every umask. Missing directories are created with mode
// 0700. It is an error if the file is not a regular file or not writable. Access
// control lists are lost, and other hard links keep the old content.
func ReplaceFile(name string, data []byte, perm fs.FileMode) error {
	return ReplaceFileIf(name, data, perm, nil)
}

// KeepCopy copies data, the content of the file name before a change, to
// NAME.before-ssoenv-last, and returns the path of the copy. With first, it also makes
// the copy NAME.before-ssoenv, unless that exists: it is kept for good. A symbolic link
// of these names is not followed, because it may lead to any file: it is replaced, or, if
// it leads to a file, taken for the first copy. Something else that is no file is an
// error.
func KeepCopy(name string, data []byte, first bool) (path string, err error) {
	kept := name + CopySuffix
	if info, err := os.Stat(kept); first && (err != nil || !info.Mode().IsRegular()) {
		if err := replaceCopy(kept, data); err != nil {
			return "", err
		}
	}
	path = kept + "-last"
	return path, replaceCopy(path, data)
}

func replaceCopy(path string, data []byte) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if err := os.Remove(path); err != nil {
			return writeError(path, err)
		}
	}
	return ReplaceFile(path, data, 0o600)
}

// CopySuffix follows the name of a file in that of its first copy: see [KeepCopy].
const CopySuffix = ".before-ssoenv"

// ReplaceFileIf is [ReplaceFile] for a file that other programs write without a
// lock. It calls check, unless that is nil, immediately before the rename. If
// check returns an error, ReplaceFileIf returns it and the file is unchanged.
func ReplaceFileIf(name string, data []byte, perm fs.FileMode, check func() error) error {
	if err := makeDir(parent(name)); err != nil {
		return fmt.Errorf("directory %w", err)
	}
	target, err := resolveLinks(name)
	if err != nil {
		return err
	}
	attrs := attributes{perm: perm.Perm(), check: check}
	attrs.old, err = replaceable(target)
	if err != nil {
		return err
	}
	if attrs.old != nil {
		attrs.perm = attrs.old.Mode().Perm()
	}
	removeStaleTemps(parent(target))
	return replace(target, data, attrs)
}

// replaceable returns the info of the regular file at path, or nil if path does
// not exist and may be created. It returns an error if the file is not writable: a
// rename over a file needs no permission on the file itself, so replaceable opens
// it for writing.
func replaceable(path string) (fs.FileInfo, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, checkCreateIn(parent(path))
	}
	if err != nil {
		return nil, writeError(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is not a regular file (%v)", path, info.Mode())
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, writeError(path, err)
	}
	_ = f.Close()
	return info, nil
}

// resolveLinks returns the path that the symbolic links at name lead to, which
// need not exist. It does not clean paths: "link/.." is not the parent of link but
// of its target, which only the kernel knows.
func resolveLinks(name string) (string, error) {
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

// parent is like filepath.Dir, but does not clean the path (see resolveLinks).
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

// attributes are the attributes of a new file, and the condition to create it.
type attributes struct {
	perm     fs.FileMode
	modified time.Time    // modification time; zero is now
	old      fs.FileInfo  // file whose owner the new one gets, or nil
	check    func() error // see ReplaceFileIf; may be nil
}

// replace replaces the file at path, or creates it, as described at the top of
// this file. path is not a symbolic link, or one that is to be replaced.
func replace(path string, data []byte, attrs attributes) error {
	temp, err := createTemp(path, attrs)
	if err != nil {
		return err
	}
	return temp.replace(data)
}

// A tempFile is the temporary file that becomes the new file at path.
type tempFile struct {
	*os.File
	name     string // its path now
	path     string
	attrs    attributes
	reserved int // bytes that it has already, see reserve.go
}

// createTemp creates the temporary file for path, with its owner and mode.
func createTemp(path string, attrs attributes) (tempFile, error) {
	f, err := lockedTemp(parent(path))
	if err != nil {
		return tempFile{}, writeError(path, err)
	}
	if attrs.old != nil {
		attrs.perm = keepOwner(f, attrs.old, attrs.perm)
	}
	temp := tempFile{File: f, name: f.Name(), path: path, attrs: attrs}
	// os.CreateTemp creates the file with 0600 less the umask, so this only adds
	// permissions.
	if err := f.Chmod(attrs.perm); err != nil {
		temp.remove()
		return tempFile{}, writeError(path, err)
	}
	return temp, nil
}

// lockedTemp creates a temporary file in dir and locks it, if the file system has
// locks. Before it is locked, RemoveTemps may take it for one of a killed process;
// then another one is created.
func lockedTemp(dir string) (*os.File, error) {
	for {
		f, err := os.CreateTemp(dir, tempPrefix+"*"+tempSuffix)
		if err != nil {
			return nil, err
		}
		locked, err := lockFile(f)
		if err != nil {
			return f, nil
		}
		if locked {
			if _, err := os.Lstat(f.Name()); err == nil {
				return f, nil
			}
		}
		_ = f.Close()
		_ = os.Remove(f.Name())
	}
}

// replace gives the temporary file the data and its final name. The file is closed
// afterwards, and removed if there was an error.
func (t tempFile) replace(data []byte) error {
	err := t.write(data)
	if err == nil && t.attrs.check != nil {
		err = t.attrs.check()
	}
	if err == nil && !renamesOpenFiles {
		err = t.Close()
	}
	if err == nil {
		err = rename(t.name, t.path)
	}
	if errors.Is(err, syscall.EBUSY) {
		// A mount point, as a single file that a container mounts.
		t.remove()
		return writeInPlace(t.path, data)
	}
	if err != nil {
		t.remove()
		return writeError(t.path, err)
	}
	_ = t.Close() // the data are on the disk already
	syncDir(parent(t.path))
	return nil
}

// write writes the data to the disk.
func (t tempFile) write(data []byte) error {
	if _, err := t.Write(data); err != nil {
		return err
	}
	if t.reserved > len(data) {
		if err := t.Truncate(int64(len(data))); err != nil {
			return err
		}
	}
	if !t.attrs.modified.IsZero() {
		if err := os.Chtimes(t.name, time.Time{}, t.attrs.modified); err != nil {
			return err
		}
	}
	return t.Sync()
}

// remove closes and removes the temporary file.
func (t tempFile) remove() {
	_ = t.Close()
	_ = os.Remove(t.name)
}

// writeInPlace writes over the file at path. The file gets shorter only when the
// data are in it: the disk may be full.
func writeInPlace(path string, data []byte) error {
	f, err := openForWriting(path)
	if err != nil {
		return writeError(path, err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Truncate(int64(len(data)))
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return writeError(path, err)
	}
	return nil
}

func writeError(path string, err error) error {
	return fmt.Errorf("%q not written: %w", path, cause(err))
}

// syncDir makes a rename in the directory at path durable. Errors are ignored:
// the file is renamed already, and some file systems cannot sync a directory.
func syncDir(path string) {
	if dir, err := os.Open(path); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
}

// removeStaleTemps removes the temporary files that killed processes of the user
// left in dir an hour ago or more. Errors are ignored.
func removeStaleTemps(dir string) {
	for path, info := range temps(dir) {
		if isStale(info) {
			_ = removeDeadTemp(path, info)
		}
	}
}

// RemoveTemps removes the temporary files that killed processes of the user left in
// the directory. If the file system has no locks, a process may still write to them;
// then only those that are an hour old are removed.
func (d *Dir) RemoveTemps() error {
	var failures []error
	for path, info := range temps(d.path) {
		if err := removeDeadTemp(path, info); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failures = append(failures, fmt.Errorf("%q not deleted: %w", path, cause(err)))
		}
	}
	return errors.Join(failures...)
}

// StaleTemps returns how many temporary files of the directory are an hour old, and
// so from processes that were killed.
func (d *Dir) StaleTemps() int {
	n := 0
	for _, info := range temps(d.path) {
		if isStale(info) {
			n++
		}
	}
	return n
}

// removeDeadTemp removes a temporary file unless a process still writes to it.
func removeDeadTemp(path string, info fs.FileInfo) error {
	dead := isStale(info)
	if renamesOpenFiles {
		f, err := openForWriting(path)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		locked, err := lockFile(f)
		dead = locked || err != nil && dead
	}
	if !dead {
		return nil
	}
	return os.Remove(path)
}

func isStale(temp fs.FileInfo) bool { return time.Since(temp.ModTime()) > tempAge }

// temps yields the paths of the user's temporary files in dir. Errors are ignored.
func temps(dir string) iter.Seq2[string, fs.FileInfo] {
	return func(yield func(string, fs.FileInfo) bool) {
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			name := entry.Name()
			if !strings.HasPrefix(name, tempPrefix) || !strings.HasSuffix(name, tempSuffix) {
				continue
			}
			path := filepath.Join(dir, name)
			if info, err := entry.Info(); err == nil && checkFile(path, info) == nil && !yield(path, info) {
				return
			}
		}
	}
}

// makeDir creates the directory at path and its missing parents, each with mode
// 0700. If path is a symbolic link whose target does not exist, as after a reboot
// if that is on a tmpfs, makeDir creates the target.
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
	target, err := resolveLinks(path)
	if err != nil {
		return err
	}
	if target != path {
		return makeDir(target)
	}
	if err := checkCreateIn(above); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		return fmt.Errorf("%q not created: %w", path, cause(err))
	}
	// The umask may have removed permissions.
	if err := os.Chmod(path, 0o700); err != nil {
		return fmt.Errorf("%q not created: %w", path, cause(err))
	}
	return nil
}
