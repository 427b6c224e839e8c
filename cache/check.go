package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Check tests whether the directory can be used: it creates a file in it, locks it
// and removes it. If the directory does not exist, Check uses the nearest parent
// that does, in which the directory would be created. The error is [ErrNoLocks]
// if only locking failed.
func (d *Dir) Check() error {
	at := d.path
	info, err := os.Stat(at)
	for errors.Is(err, fs.ErrNotExist) && parent(at) != at {
		at = parent(at)
		info, err = os.Stat(at)
	}
	switch {
	case err != nil:
		return fmt.Errorf("cache directory %q: %w", d.path, cause(err))
	case at == d.path:
		err = d.checkDir(info)
	default:
		err = checkCreateIn(at)
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
