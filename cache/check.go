package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Check proves that the directory can be used, with a file that it makes, locks
// and removes there; where the directory is missing, in the nearest one above,
// in which it would be made. Nothing is left behind. The error is [ErrNoLocks]
// where only the lock was not to be had.
func (d *Dir) Check() error {
	at := d.path
	fi, err := os.Stat(at)
	for errors.Is(err, fs.ErrNotExist) && parent(at) != at {
		at = parent(at)
		fi, err = os.Stat(at)
	}
	switch {
	case err != nil:
		return fmt.Errorf("cache directory %q: %w", d.path, cause(err))
	case at == d.path:
		err = d.checkDir(fi)
	default:
		err = mayCreateIn(at)
	}
	if err != nil {
		return err
	}
	probe, err := os.CreateTemp(at, tempPrefix+"*"+tempSuffix)
	if err != nil {
		return fmt.Errorf("cache directory %q cannot be written to: %w", d.path, cause(err))
	}
	defer os.Remove(probe.Name())
	defer probe.Close()
	if _, err := lockFile(probe); err != nil {
		return fmt.Errorf("%w in cache directory %q: %w", ErrNoLocks, d.path, err)
	}
	return nil
}
