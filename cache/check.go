package cache

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Check tests whether the directory can be used: it creates a file in it, locks it
// and removes it. If the directory does not exist, Check uses the nearest parent
// that does, in which the directory would be created. It writes as much as an entry may
// have, so that a full disk is found. The error is [ErrNoLocks] if only locking failed,
// [ErrWritableByOthers], or a *[ReserveError] if space is missing.
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
	if err := fillProbe(probe); err != nil {
		return &ReserveError{d.path, err}
	}
	if _, err := lockFile(probe); err != nil {
		return fmt.Errorf("%w in cache directory %q: %w", ErrNoLocks, d.path, err)
	}
	return nil
}

// fillProbe writes the size of a large entry, and syncs it: some file systems notice
// only then that they are full.
func fillProbe(probe *os.File) error {
	const size = 16 << 10
	_, err := probe.Write(bytes.Repeat([]byte("probe\n"), size/6))
	if err != nil {
		return err
	}
	return probe.Sync()
}
