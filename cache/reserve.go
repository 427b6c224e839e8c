package cache

// Reserving the place for a file
//
// Some results must not be lost: a service may give them once, in exchange for
// something that it accepts once. Before the exchange, Reserve does everything that
// can fail: it creates the temporary file that will be renamed, with its owner and
// mode, fills it with as many bytes as the result will have, and syncs it. A
// directory that is read-only, belongs to another user or is on a full disk is
// thus found out before the exchange. Write then writes over the bytes that the
// file has already, and renames it.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// A Reservation is the place for the next content of a key's file. It is used by
// one goroutine, and ends with Write or Release.
type Reservation struct {
	temp tempFile
}

// A ReserveError says why the file of a key cannot be written.
type ReserveError struct {
	Dir string
	Err error
}

func (e *ReserveError) Error() string {
	switch {
	case errors.Is(e.Err, syscall.EROFS), errors.Is(e.Err, fs.ErrPermission):
		return fmt.Sprintf("%s is read-only", e.Dir)
	case e.Full():
		return fmt.Sprintf("the disk of %s is full", e.Dir)
	}
	return e.Err.Error()
}

// Full reports whether space is missing.
func (e *ReserveError) Full() bool {
	return errors.Is(e.Err, syscall.ENOSPC) || errors.Is(e.Err, syscall.EDQUOT)
}

func (e *ReserveError) Unwrap() error { return e.Err }

// Reserve secures the place for size bytes of key's file, which [Dir.Get] reads
// without decryption: the directory is not a sealed one. The file itself does not
// change. An error is a *[ReserveError].
func (d *Dir) Reserve(key string, size int) (*Reservation, error) {
	temp, err := d.reserve(key, size)
	if err != nil {
		dir := d.path
		if path, err := d.place(key); err == nil {
			dir = parent(path)
		}
		return nil, &ReserveError{dir, err}
	}
	return &Reservation{temp}, nil
}

func (d *Dir) reserve(key string, size int) (tempFile, error) {
	path, err := d.place(key)
	if err != nil {
		return tempFile{}, err
	}
	if err := d.ensureDir(); err != nil {
		return tempFile{}, err
	}
	d.staleOnce.Do(func() { removeStaleTemps(d.path) })
	if err := checkReplaceable(path); err != nil {
		return tempFile{}, err
	}
	temp, err := createTemp(path, attributes{perm: 0o600})
	if err != nil {
		return tempFile{}, err
	}
	err = temp.fill(size)
	if err == nil {
		err = temp.proveRename()
	}
	if err != nil {
		temp.remove()
		return tempFile{}, writeError(path, err)
	}
	return temp, nil
}

// checkReplaceable returns an error if the file at path belongs to another user or
// the file system forbids to write to it, as an immutable one. A mode without the
// permission to write does not matter: the file is replaced.
func checkReplaceable(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil
	}
	if err != nil {
		return writeError(path, err)
	}
	if err := checkOwner(path, info); err != nil {
		return err
	}
	f, err := openForWriting(path)
	if err == nil {
		return f.Close()
	}
	if errors.Is(err, syscall.EACCES) {
		return nil
	}
	return writeError(path, err)
}

// fill gives the file size bytes, with blocks of the disk behind them, and goes
// back to its beginning. A file system may keep zeros without blocks.
func (t *tempFile) fill(size int) error {
	if _, err := t.Write(bytes.Repeat([]byte("reserved\n"), size/9+1)[:size]); err != nil {
		return err
	}
	if err := t.Sync(); err != nil {
		return err
	}
	_, err := t.Seek(0, io.SeekStart)
	t.reserved = size
	return err
}

// proveRename gives the temporary file another name of its kind. In a directory in
// which files can only be made, that fails now and not after the exchange. On Windows,
// which renames no open file, it proves nothing.
func (t *tempFile) proveRename() error {
	if !renamesOpenFiles {
		return nil
	}
	name := strings.TrimSuffix(t.name, tempSuffix) + "0" + tempSuffix
	if err := os.Rename(t.name, name); err != nil {
		return err
	}
	t.name = name
	return nil
}

// Write gives key's file the data, as [Dir.Write] does, and ends the reservation.
func (r *Reservation) Write(data []byte) error {
	return r.temp.replace(data)
}

// Release ends the reservation without a change. After Write it does nothing.
func (r *Reservation) Release() { r.temp.remove() }
