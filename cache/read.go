package cache

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"time"
)

const (
	// tornPatience is how long a file of a shared directory may stay
	// unparsable before it counts as damaged. In that time it is looked at
	// tornLooks times in a row, then again after tornPause, and so on: one
	// writer takes a fraction of a millisecond, but one that writes in a loop
	// leaves the file whole only for a few microseconds at a time.
	tornPatience = 250 * time.Millisecond
	tornLooks    = 16
	tornPause    = time.Millisecond

	// tornAge is the age from which an unparsable file is not one that is
	// being written. It is wide because a file server's clock may be off.
	tornAge = time.Minute
)

// Get decodes the JSON of key's file into v, a pointer, and reports whether it
// did. A file that is missing, damaged, larger than 1 MiB or of another shape
// than v is a miss, and leaves v as it was.
//
// Whether there is a value is said by the boolean alone. An error is for the
// user to see, and comes with a miss when something stands in the file's place
// that is not used: it belongs to another user, which root respects too, or is
// not a regular file. It may come with a value, too: others could read the
// file, whose mode is 0600 from then on.
//
// A symbolic link in the file's place is followed if it and the file it leads
// to are ours.
func (d *Dir) Get(key string, v any) (bool, error) {
	path, err := d.file(key)
	if err != nil {
		return false, err
	}
	into := reflect.ValueOf(v)
	if into.Kind() != reflect.Pointer || into.IsNil() {
		return false, fmt.Errorf("cache key %q: cannot decode into %T", key, v)
	}
	var remark error
	start := time.Now()
	for look := 1; ; look++ {
		file, err := read(path, d.shared)
		if err != nil {
			return false, err
		}
		if file.remark != nil {
			remark = file.remark
		}
		if file.data != nil && d.seals(key) {
			file.data = d.unseal(key, file.data)
		}
		if file.data == nil {
			return false, remark
		}
		fresh := reflect.New(into.Type().Elem())
		err = json.Unmarshal(file.data, fresh.Interface())
		if err == nil {
			into.Elem().Set(fresh.Elem())
			return true, remark
		}
		if !d.shared || !notJSON(err) || time.Since(start) > tornPatience || time.Since(file.modified) > tornAge {
			return false, remark
		}
		if look%tornLooks == 0 {
			time.Sleep(tornPause)
		}
	}
}

// notJSON tells a text cut short from one that holds something else.
func notJSON(err error) bool {
	var syntax *json.SyntaxError
	return errors.As(err, &syntax)
}

// content is what read found. data is nil, not empty, when there is no file or
// one that is too large.
type content struct {
	data     []byte
	modified time.Time
	remark   error
}

// read returns the bytes of path if it is a regular file of ours. It neither
// waits for the writer of a FIFO nor allocates more than sizeLimit.
//
// If the file may be written in place, it is read twice. A read that overlaps a
// write can return the beginning of one text and the end of another, which may
// well be JSON; it does not do so twice in the same way. What differs counts as
// no text yet.
func read(path string, inPlace bool) (content, error) {
	f, err := openToRead(path)
	if errors.Is(err, fs.ErrNotExist) {
		return content{}, nil
	}
	if err != nil {
		return content{}, unreadable(path, err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return content{}, unreadable(path, err)
	}
	if err := usable(path, fi); err != nil {
		return content{}, err
	}
	c := content{modified: fi.ModTime(), remark: restrictMode(f, fi)}
	if fi.Size() > sizeLimit {
		return c, nil
	}
	data, err := readAll(f, fi.Size())
	if err == nil && inPlace {
		var again []byte
		again, err = readAll(f, fi.Size())
		if !bytes.Equal(data, again) {
			data = data[:0]
		}
	}
	if err != nil {
		return content{}, unreadable(path, err)
	}
	if len(data) <= sizeLimit {
		c.data = data
	}
	return c, nil
}

// usable says why the file that fi describes is not one of this package's:
// only a regular file of our own is read, or locked.
func usable(path string, fi fs.FileInfo) error {
	if err := checkOwner(path, fi); err != nil {
		return err
	}
	if !fi.Mode().IsRegular() {
		return fmt.Errorf("%q is not a regular file (%v)", path, fi.Mode())
	}
	return nil
}

// unreadable says why path was not read; that it is another user's explains
// more than "permission denied".
func unreadable(path string, err error) error {
	if fi, statErr := os.Lstat(path); statErr == nil {
		if foreign := checkOwner(path, fi); foreign != nil {
			return foreign
		}
	}
	return fmt.Errorf("%q not read: %w", path, cause(err))
}

// readAll reads f from its beginning to its end, but not far beyond sizeLimit.
// size is the length to expect.
func readAll(f *os.File, size int64) ([]byte, error) {
	buf := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	_, err := buf.ReadFrom(io.NewSectionReader(f, 0, sizeLimit+1))
	return buf.Bytes(), err
}
