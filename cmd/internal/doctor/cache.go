package doctor

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/ssoenv/ssoenv/cache"
)

// A Directory is one of the program's caches.
type Directory struct {
	Holds    string // what is stored in it, in the plural
	Path     string
	Open     func(path string) (*cache.Dir, error)
	InMemory bool // it is on no disk

	// Protection describes what protects the values from a reader of the disk.
	// It is nil where nothing has to.
	Protection func(*cache.Dir) string
}

// Caches checks whether values can be stored, and who else could read them.
// cacheHome is the base directory of the user's caches.
func Caches(dirs []Directory, env map[string]string, cacheHome string) []Finding {
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
		case err != nil:
			r.problem(fmt.Sprintf("make %s a directory of your own with mode 0700", d.Path), "%s cannot be stored: %v", d.Holds, err)
		case d.InMemory:
			r.ok("%s are stored in memory: %s", d.Holds, d.Path)
		case d.Protection != nil:
			r.ok("%s are stored on disk, %s: %s", d.Holds, d.Protection(dir), d.Path)
		default:
			r.ok("%s are stored in %s", d.Holds, d.Path)
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
