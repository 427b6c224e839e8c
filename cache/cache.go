// Package cache stores small private files that several processes share.
//
// It guarantees that:
//
//   - a reader sees the old file or the new one, never a part of one;
//   - after any fault, from a full disk to kill -9, the old file is still there;
//   - at most one process holds a lock;
//   - files have mode 0600 and directories that it creates 0700, for every umask;
//   - file names are built from keys, which cannot contain a path;
//   - files that another user could have created are not read;
//   - nothing is written through a hard link, nor through a symbolic one, but for a link
//     in a shared directory to a place where only the user can write;
//   - a read creates nothing.
//
// A file that is damaged, or is not what the caller expects, is a miss and not an
// error: everything in a cache can be fetched again.
//
// Secrets can be kept off the disk: [PrivateMemory] recognises a directory in
// memory, and [OpenSealed] encrypts files with a secret that the operating system keeps.
//
// [ReplaceFile] replaces a file outside of a cache with the same guarantees
// against faults.
package cache

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// sizeLimit is the largest file that is read or written, in bytes. Tokens and
	// credentials have a few thousand.
	sizeLimit = 1 << 20

	// A file of this name and signature marks a cache directory, which backup
	// programs leave out: https://bford.info/cachedir/.
	tagName = "CACHEDIR.TAG"
	tagText = "Signature: 8a477f597d28d172789f06886806bc55\n" +
		"# Created by ssoenv. The files here can be fetched again, and some are secret.\n"
)

// Dir is a directory of private files. The file of a key is named after it, with
// ".json" added if the key has no dot: "k" is k.json, "k.expires" is k.expires.
// Keys consist of 0-9, a-z, '.' and '-', begin with a letter or digit and do not
// end in "." or ".lock".
//
// The methods may be called from several goroutines and, on the same directory,
// from several processes at the same time.
type Dir struct {
	path      string
	shared    bool
	sealer    sealer // nil unless the files are encrypted
	staleOnce sync.Once
	tagOnce   sync.Once

	leaveModes bool
}

// LeaveModes lets Get leave the modes of files as they are: the warning that other users
// have access to a file comes with each Get, until another process restricts it.
func (d *Dir) LeaveModes() { d.leaveModes = true }

// restrict returns what is done about a file that is open to others.
func (d *Dir) restrict() func(*os.File, fs.FileInfo) error {
	if d.leaveModes {
		return reportMode
	}
	return restrictMode
}

// Open returns the cache directory at path, which must be absolute and may lead
// through symbolic links. It creates nothing: the first write creates the
// directory with mode 0700. It returns an error if the directory exists but does
// not belong to the user of the process, or is writable by others and not sticky.
func Open(path string) (*Dir, error) {
	return open(path, false)
}

// OpenShared returns a directory to which other programs write, such as the AWS
// CLI's sso/cache. It differs from [Open] in two ways.
//
// The other programs truncate a file and then write it. A file that is empty or
// not JSON is therefore read again for up to a second before it is a miss (see
// read.go).
//
// They create the directory with the mode that the umask leaves, often 0775. If
// the directory belongs to the user and is writable by others, it loses that
// permission instead of causing an error. Its mode is not changed otherwise.
//
// A file may be a symbolic link, to the one of another home. It is written where the link
// leads, and locked there; see place.
func OpenShared(path string) (*Dir, error) {
	return open(path, true)
}

func open(path string, shared bool) (*Dir, error) {
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("cache directory %q is not an absolute path", path)
	}
	d := &Dir{path: filepath.Clean(path), shared: shared}
	info, err := os.Stat(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cache directory %q: %w", d.path, cause(err))
	}
	if err := d.checkDir(info); err != nil {
		return nil, err
	}
	return d, nil
}

// checkDir returns an error if the directory that info describes belongs to
// another user or is writable by others. In a shared directory it removes that
// permission first.
func (d *Dir) checkDir(info fs.FileInfo) error {
	if !info.IsDir() {
		return fmt.Errorf("cache directory %q is not a directory", d.path)
	}
	if err := checkOwner(d.path, info); err != nil {
		return fmt.Errorf("cache directory %w", err)
	}
	if !writableByOthers(info) {
		return nil
	}
	if !d.shared {
		return fmt.Errorf("cache directory %q is %w (mode %04o)", d.path, ErrWritableByOthers, info.Mode().Perm())
	}
	if err := os.Chmod(d.path, info.Mode()&^0o022); err != nil {
		return fmt.Errorf("cache directory %q is writable by others (mode %04o): %w", d.path, info.Mode().Perm(), cause(err))
	}
	return nil
}

// ErrWritableByOthers is the error for a directory of the user in which others may
// create files. The user can take that from them.
var ErrWritableByOthers = errors.New("writable by others")

// ensureDir creates the directory if it is missing, and checks it: another user
// may have created it since Open.
func (d *Dir) ensureDir() error {
	if err := makeDir(d.path); err != nil {
		return fmt.Errorf("cache directory %w", err)
	}
	info, err := os.Stat(d.path)
	if err != nil {
		return fmt.Errorf("cache directory %q: %w", d.path, cause(err))
	}
	return d.checkDir(info)
}

// Has reports whether key's file exists. It does not read it.
func (d *Dir) Has(key string) bool {
	path, err := d.file(key)
	if err != nil {
		return false
	}
	_, err = os.Stat(path)
	return err == nil
}

// Put encodes v as JSON and writes it to key's file as [Dir.Write] does.
func (d *Dir) Put(key string, v any) error { return d.PutIf(key, v, nil) }

// PutIf encodes v as JSON and writes it to key's file as [Dir.WriteIf] does.
func (d *Dir) PutIf(key string, v any, check func() error) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("cache key %q: %w", key, err)
	}
	return d.WriteIf(key, data, check)
}

// Write replaces key's file with data, at most 1 MiB, and creates the directory
// if it is missing. A reader sees the old file or the new one, and after an error
// the old one is unchanged. The new file is a regular file of mode 0600. If the
// old one was a symbolic or hard link, the target and the other names of the file
// do not change.
//
// Unless modified is zero, it is the file's modification time from the moment at
// which the file has its name.
func (d *Dir) Write(key string, data []byte, modified time.Time) error {
	return d.write(key, data, attributes{perm: 0o600, modified: modified})
}

// WriteIf is [Dir.Write] for a file that other programs write without a lock. It
// calls check, unless that is nil, immediately before the new file gets its name. If
// check returns an error, WriteIf returns it and the file is unchanged.
func (d *Dir) WriteIf(key string, data []byte, check func() error) error {
	return d.write(key, data, attributes{perm: 0o600, check: check})
}

func (d *Dir) write(key string, data []byte, attrs attributes) error {
	path, err := d.place(key)
	if err != nil {
		return err
	}
	if d.seals(key) {
		data = d.seal(key, data)
	}
	if len(data) > sizeLimit {
		return fmt.Errorf("%q not written: %d bytes, the limit is %d", path, len(data), sizeLimit)
	}
	if err := d.ensureDir(); err != nil {
		return err
	}
	d.staleOnce.Do(func() { removeStaleTemps(d.path) })
	if err := replace(path, data, attrs); err != nil {
		return err
	}
	if !d.shared {
		d.tagOnce.Do(func() { writeCacheTag(d.path) })
	}
	return nil
}

// writeCacheTag creates the CACHEDIR.TAG of dir if it is missing. Errors are
// ignored: the directory is then included in backups.
func writeCacheTag(dir string) {
	path := filepath.Join(dir, tagName)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		_ = replace(path, []byte(tagText), attributes{perm: 0o600})
	}
}

// Delete removes key's file. It returns nil if the file does not exist. A link that
// place follows stays, and leads to nothing.
func (d *Dir) Delete(key string) error {
	path, err := d.file(key)
	if err != nil {
		return err
	}
	if target, err := d.place(key); err == nil {
		path = target
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%q not deleted: %w", path, cause(err))
	}
	return nil
}

// Keys returns the keys that have a file, sorted. Files of other programs whose
// names are not keys are left out. If the directory does not exist, it returns
// no keys and no error.
func (d *Dir) Keys() ([]string, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cache directory %q: %w", d.path, cause(err))
	}
	var keys []string
	for _, entry := range entries {
		key, found := strings.CutSuffix(entry.Name(), ".json")
		if found != strings.Contains(key, ".") && validKey(key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys, nil
}

// Path returns the path of key's file, which need not exist, or "" if key is not
// a valid key.
func (d *Dir) Path(key string) string {
	path, _ := d.file(key)
	return path
}

// file returns the path of key's file, or an error if key is not a valid key.
func (d *Dir) file(key string) (string, error) {
	if !validKey(key) {
		return "", fmt.Errorf("%q is not a cache key", key)
	}
	if !strings.Contains(key, ".") {
		key += ".json"
	}
	return filepath.Join(d.path, key), nil
}

// place returns the path at which key's file is written. In a shared directory, that is
// where a symbolic link leads: to replace the link would leave the other home with an
// old file, such as a token whose refresh token has been used. It is an error if another
// user could have decided where it leads, or could write there.
func (d *Dir) place(key string) (string, error) {
	path, err := d.file(key)
	if err != nil || !d.shared {
		return path, err
	}
	target, err := resolveLinks(path)
	if err == nil && target == path {
		return path, nil
	}
	if err == nil {
		err = checkTarget(path, target)
	}
	if err != nil {
		return "", fmt.Errorf("%q is a symbolic link, through which nothing is written: %w", path, err)
	}
	return target, nil
}

// checkTarget returns an error if another user could have decided that links at path lead
// to target, or can write to target or to its directory.
func checkTarget(path, target string) error {
	dir, err := os.Stat(parent(target))
	if err != nil {
		return cause(err)
	}
	if err := checkOwner(parent(target), dir); err != nil {
		return err
	}
	if mode := dir.Mode().Perm(); renamesOpenFiles && mode&0o022 != 0 {
		return fmt.Errorf("%q is writable by others (mode %04o)", parent(target), mode)
	}
	info, err := os.Lstat(target)
	if link, _ := os.Readlink(path); errors.Is(err, fs.ErrNotExist) && (link == target || filepath.Join(filepath.Dir(path), link) == filepath.Clean(target)) {
		return CheckPrivatePath(parent(target)) // the link, in a directory of the user's, leads there at once
	}
	if err != nil {
		return cause(err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%q is not a regular file (%v)", target, info.Mode())
	}
	if err := checkOwner(target, info); err != nil {
		return err
	}
	return CheckPrivatePath(path)
}

// validKey reports whether key follows the rules given at Dir. They exclude
// paths, temporary files, whose names begin with a dot, and lock files.
// filepath.IsLocal excludes the device names of Windows, such as "nul".
func validKey(key string) bool {
	for i := range len(key) {
		switch c := key[i]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z':
		case (c == '.' || c == '-') && i > 0:
		default:
			return false
		}
	}
	return key != "" && !strings.HasSuffix(key, ".") && !strings.HasSuffix(key, lockSuffix) && filepath.IsLocal(key)
}

// cause returns an error of package os without its path, which may be that of a
// temporary file: `sync: input/output error`.
func cause(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", path.Op, path.Err)
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return fmt.Errorf("%s: %w", link.Op, link.Err)
	}
	return err
}
