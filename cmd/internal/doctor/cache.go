package doctor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/ssoenv/ssoenv/cache"
)

// A Directory is one of the program's caches.
type Directory struct {
	Holds    string // what is stored in it, in the plural
	Path     string
	Open     func(path string) (*cache.Dir, error)
	InMemory bool // it is on no disk

	// Protection returns what protects the values from a reader of the disk, or why
	// nothing does. It is nil where nothing has to.
	Protection func(*cache.Dir) (cache.Protection, error)
}

// Caches checks whether values can be stored, and who else could read them.
// cacheHome is the base directory of the user's caches.
func Caches(dirs []Directory, env map[string]string, cacheHome string, f Formatter) []Finding {
	r := results{check: "cache"}
	inMemory := false
	for _, d := range dirs {
		inMemory = inMemory || d.InMemory
		dir, err := d.Open(d.Path)
		if err == nil {
			err = dir.Check()
		}
		switch {
		case errors.Is(err, cache.ErrNoLocks):
			r.warning("move it to a local disk", "%v: two shells may renew at the same time", err)
		case isFull(err):
			r.problem("free space on that disk", "%s cannot be stored: %v", d.Holds, err)
		case errors.Is(err, syscall.EROFS):
			r.problem(fmt.Sprintf("have the file system of %s mounted writable", d.Path), "%s cannot be stored: %v", d.Holds, err)
		case errors.Is(err, cache.ErrWritableByOthers) && openToOthers(d.Path):
			r.problem("$ chmod 700 "+f.ShellWord(d.Path), "%s cannot be stored: %v", d.Holds, err)
			r.repair(func() error { return os.Chmod(d.Path, 0o700) }) //nolint:gosec // a directory
		case err != nil:
			r.problem(fmt.Sprintf("make %s a directory of your own with mode 0700", d.Path), "%s cannot be stored: %v", d.Holds, err)
		case d.InMemory:
			r.ok("%s are stored in memory: %s", d.Holds, d.Path)
		case d.Protection != nil:
			r.protection(d, dir)
		default:
			r.ok("%s are stored in %s", d.Holds, d.Path)
		}
		if err == nil {
			r.files(d, dir, f)
		}
	}
	if folder := env["XDG_RUNTIME_DIR"]; folder != "" && !inMemory {
		r.warning("make it a directory of your own (mode 0700) on a tmpfs, or unset XDG_RUNTIME_DIR",
			"XDG_RUNTIME_DIR is %q, which is not in memory or is open to others: role credentials are not stored there", folder)
	}
	if folder := env["XDG_CACHE_HOME"]; folder != "" && !filepath.IsAbs(folder) {
		r.warning("make it an absolute path", "XDG_CACHE_HOME is %q, a relative path, and is ignored: %s is used", folder, cacheHome)
	}
	return r.findings
}

// protection checks that values on a disk are encrypted.
func (r *results) protection(d Directory, dir *cache.Dir) {
	how, err := d.Protection(dir)
	if how != cache.Plain {
		key := ""
		if place := dir.KeyPlace(); place != "" {
			key = " (the key is " + place + ")"
		}
		r.ok("%s are stored on disk, %s%s: %s", d.Holds, how, key, d.Path)
		return
	}
	fix := "encrypt the disk"
	if runtime.GOOS == "linux" {
		fix = "give XDG_RUNTIME_DIR a directory of your own (mode 0700) on a tmpfs, or encrypt the disk"
	}
	r.warning(fix, "%s are stored on disk, not encrypted (%v): %s", d.Holds, err, d.Path)
}

// isFull reports whether err is that space is missing.
func isFull(err error) bool {
	full, ok := errors.AsType[*cache.ReserveError](err)
	return ok && full.Full()
}

// openToOthers reports whether the directory at path belongs to the user, so that
// the user can take it from others, who may use it.
func openToOthers(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir() && info.Mode().Perm()&0o077 != 0 && cache.CheckOwner(path) == nil
}

// files checks the files of a cache: those that killed processes left, and those of
// another user, which are not read.
func (r *results) files(d Directory, dir *cache.Dir, f Formatter) {
	if stale := dir.StaleTemps(); stale > 0 {
		r.warning("$ ssoenv doctor --fix", "%s of processes that were killed in %s", f.Count(stale, "temporary file"), d.Path)
		r.repair(dir.RemoveTemps)
	}
	const most = 3
	names, _ := filepath.Glob(filepath.Join(d.Path, "*.json"))
	others := 0
	for _, name := range names {
		if cache.CheckOwner(name) == nil {
			continue
		}
		if others++; others <= most {
			r.warning(`$ sudo chown "$(id -un)" `+f.ShellWord(name), "%s belongs to another user, and is not read", name)
		}
	}
}
