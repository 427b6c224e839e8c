// Package cache keeps small private files that many processes share.
//
// Its promise: a reader never sees a torn file, one process at a time holds a
// lock, files are 0600 and the directories made for them 0700 whatever the
// umask, and the old file survives every fault, from a full disk to kill -9.
//
// Names are made of keys that never form a path. Nothing is read that another
// user could have put there, nothing is written through a symbolic or hard
// link, and a read creates nothing. Bytes that cannot be read as what was asked
// for are a miss, not an error: a cache is there to be lost.
//
// What is secret need not be readable on a disk: [PrivateMemory] finds a place
// that is on none, and [OpenSealed] encrypts with a key that only the kernel
// has.
//
// [ReplaceFile] extends the part about faults to files outside a cache.
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
	// sizeLimit bounds what is read and written, in bytes. A token or a
	// credential takes a few thousand.
	sizeLimit = 1 << 20

	// The file by which programs that make backups know a cache, as
	// https://bford.info/cachedir/ has it.
	tagName = "CACHEDIR.TAG"
	tagText = "Signature: 8a477f597d28d172789f06886806bc55\n" +
		"# Made by ssoenv: nothing here is worth keeping, and some of it is secret.\n"
)

// Dir is a directory of private files. The file of a key is the key with the
// ending ".json"; a key that contains a dot brings its own ending ("K.expires").
// Keys consist of 0-9, a-z, '.' and '-', begin with a letter or digit and do
// not end in ".lock".
//
// The methods may be called by many goroutines and, on the same directory, by
// many processes.
type Dir struct {
	path    string
	shared  bool
	keyName string // of the kernel's key that values are sealed with; may be empty
	swept   sync.Once
	tagged  sync.Once
}

// Open names the directory at path, which must be absolute. It creates
// nothing: the directory comes into being with mode 0700 when it is first
// written to. One that exists must belong to the process's user and, unless it
// is sticky, must not be writable by others. The path may lead through
// symbolic links.
func Open(path string) (*Dir, error) {
	return open(path, false)
}

// OpenShared names a directory that other programs write to as well, as the
// AWS CLI does to its sso/cache. It differs from [Open] in two ways.
//
// The other programs truncate a file and then write it, so a file that is
// empty or not JSON is read again for up to 250 ms before it counts as a miss.
//
// They create the directory with whatever the umask leaves, 0775 where user
// private groups are the rule. A directory of ours that others may write to is
// therefore closed to their writes instead of being refused; otherwise its mode
// is left alone.
func OpenShared(path string) (*Dir, error) {
	return open(path, true)
}

func open(path string, shared bool) (*Dir, error) {
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("cache directory %q is not an absolute path", path)
	}
	d := &Dir{path: filepath.Clean(path), shared: shared}
	fi, err := os.Stat(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cache directory %q: %w", d.path, cause(err))
	}
	if err := d.checkDir(fi); err != nil {
		return nil, err
	}
	return d, nil
}

// checkDir says why the directory that fi describes cannot be trusted.
func (d *Dir) checkDir(fi fs.FileInfo) error {
	if !fi.IsDir() {
		return fmt.Errorf("cache directory %q is not a directory", d.path)
	}
	if err := checkOwner(d.path, fi); err != nil {
		return fmt.Errorf("cache directory %w", err)
	}
	if !openToOthers(fi) {
		return nil
	}
	if !d.shared {
		return fmt.Errorf("cache directory %q is writable by others (mode %04o)", d.path, fi.Mode().Perm())
	}
	if err := os.Chmod(d.path, fi.Mode()&^0o022); err != nil {
		return fmt.Errorf("cache directory %q is writable by others (mode %04o): %w", d.path, fi.Mode().Perm(), cause(err))
	}
	return nil
}

// ensureDir creates the directory if it is missing, and vets it: it may have
// appeared since Open.
func (d *Dir) ensureDir() error {
	if err := makeDir(d.path); err != nil {
		return fmt.Errorf("cache directory %w", err)
	}
	fi, err := os.Stat(d.path)
	if err != nil {
		return fmt.Errorf("cache directory %q: %w", d.path, cause(err))
	}
	return d.checkDir(fi)
}

// Has reports whether key's file is there, whatever is in it.
func (d *Dir) Has(key string) bool {
	path, err := d.file(key)
	if err != nil {
		return false
	}
	_, err = os.Stat(path)
	return err == nil
}

// Put replaces key's file with the JSON of v, in the way of [Dir.Write].
func (d *Dir) Put(key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("cache key %q: %w", key, err)
	}
	return d.Write(key, data, time.Time{})
}

// Write replaces key's file with data, at most 1 MiB of it, and creates the
// directory if it is missing. A reader sees the old file or the new one, and
// after an error the old one stands. The new file is a plain one of mode 0600,
// whatever stood in its place; the target of a symbolic link and the other
// names of a hard link keep what they had.
//
// Unless modified is zero, the file has it as its modification time from the
// moment it can be seen.
func (d *Dir) Write(key string, data []byte, modified time.Time) error {
	path, err := d.file(key)
	if err != nil {
		return err
	}
	if d.seals(key) {
		data = d.seal(key, data)
	}
	if len(data) > sizeLimit {
		return fmt.Errorf("%q not written: %d bytes are more than %d", path, len(data), sizeLimit)
	}
	if err := d.ensureDir(); err != nil {
		return err
	}
	d.swept.Do(func() { sweep(d.path) })
	if err := replace(path, data, attributes{perm: 0o600, modified: modified}); err != nil {
		return err
	}
	if !d.shared {
		d.tagged.Do(func() { tag(d.path) })
	}
	return nil
}

// tag has programs that make backups leave the directory out. Where it cannot,
// the directory is backed up.
func tag(dir string) {
	path := filepath.Join(dir, tagName)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		_ = replace(path, []byte(tagText), attributes{perm: 0o600})
	}
}

// Delete removes key's file. A missing one is fine.
func (d *Dir) Delete(key string) error {
	path, err := d.file(key)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%q not deleted: %w", path, cause(err))
	}
	return nil
}

// Keys returns the keys that have files, sorted. Names that are not keys, as
// other programs give them, are left out, and a missing directory has none.
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

// Path returns the name of key's file, which may not exist, or "" if key is not
// a key.
func (d *Dir) Path(key string) string {
	path, _ := d.file(key)
	return path
}

func (d *Dir) file(key string) (string, error) {
	if !validKey(key) {
		return "", fmt.Errorf("%q is not a cache key", key)
	}
	if !strings.Contains(key, ".") {
		key += ".json"
	}
	return filepath.Join(d.path, key), nil
}

// validKey keeps keys apart from paths, from temporary files, which begin with
// a dot, and from lock files. IsLocal refuses the device names of Windows.
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

// cause drops the path that package os puts into an error, which may be that of
// a temporary file, and keeps the operation: `sync: input/output error`.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("%s: %w", path.Op, path.Err)
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return fmt.Errorf("%s: %w", link.Op, link.Err)
	}
	return err
}
