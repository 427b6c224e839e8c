package cache

// Reading files that other programs rewrite in place
//
// The AWS CLI truncates a token file and then writes it, without a lock (2.x:
// JSONFileCache of its botocore; botocore 1.43 replaces the file). A
// reader at that moment sees an empty file or the beginning of
// the new text. A read that overlaps both steps returns the beginning of one text
// and the end of another, which may even be valid JSON: one token's text with the
// expiry of another.
//
// Get handles this in a shared directory (see [OpenShared]) without changing the
// other programs:
//
//   - read reads the file twice. If the two texts differ, a write is in progress
//     and the text counts as incomplete. A mixture of two texts is not read twice
//     in the same way.
//   - A text that is not JSON, an empty one included, may be incomplete too. Get
//     reads again for up to 250 ms, or a second if it was begun just now.
//   - JSON of another shape is complete. It is a miss at once.
//   - A file that was last modified more than a minute ago is not being written.
//     If it is not JSON, it is damaged, and a miss at once.
//
// The writes of this package need none of this: they replace files (replace.go).

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"syscall"
	"time"
)

const (
	// tornTimeout is how long Get reads a file of a shared directory again that
	// is not JSON. It reads tornReads times in a row, then pauses for tornPause.
	// A single write takes a fraction of a millisecond, but a program that writes
	// in a loop leaves the file complete for a few microseconds at a time.
	tornTimeout = 250 * time.Millisecond
	tornReads   = 16
	tornPause   = time.Millisecond

	// writeTimeout is the timeout for a file that was begun so recently. On a machine
	// under load the writer may have to wait half way.
	writeTimeout = time.Second

	// tornAge is the age of a file from which it is damaged, and not being
	// written. It allows for the clock of a file server.
	tornAge = time.Minute
)

// Get decodes the JSON of key's file into v, a pointer, and reports whether it
// did. A file that is missing, damaged, larger than 1 MiB or of another shape
// than v is a miss, which does not change v.
//
// Only the boolean says whether v has a value; the error is for the user. It says
// why an existing file was not used: it belongs to another user (root reads only
// its own files, too), is not a regular file, or cannot be read. Or it is a
// warning, with either boolean: other users had access to the file, which has
// mode 0600 now.
//
// Get follows a symbolic link if both the link and its target belong to the user.
func (d *Dir) Get(key string, v any) (bool, error) {
	path, err := d.file(key)
	if err != nil {
		return false, err
	}
	into := reflect.ValueOf(v)
	if into.Kind() != reflect.Pointer || into.IsNil() {
		return false, fmt.Errorf("cache key %q: cannot decode into %T", key, v)
	}
	var warning error
	start := time.Now()
	for reads := 1; ; reads++ {
		file, err := read(path, d.shared, d.restrict())
		if err != nil {
			return false, err
		}
		if file.warning != nil {
			warning = file.warning
		}
		if file.data != nil && d.seals(key) {
			file.data = d.unseal(key, file.data)
		}
		if file.data == nil {
			return false, warning
		}
		fresh := reflect.New(into.Type().Elem())
		err = json.Unmarshal(file.data, fresh.Interface())
		if err == nil {
			into.Elem().Set(fresh.Elem())
			return true, warning
		}
		age, waited := time.Since(file.modified), time.Since(start)
		isWritten := age < tornAge && (waited < tornTimeout || age < writeTimeout && waited < writeTimeout)
		if !d.shared || !notJSON(err) || !isWritten {
			return false, warning
		}
		if reads%tornReads == 0 {
			time.Sleep(tornPause)
		}
	}
}

// notJSON reports whether err, of json.Unmarshal, says that the text is not JSON,
// as an incomplete one is, and not that it is JSON of another shape.
func notJSON(err error) bool {
	_, ok := errors.AsType[*json.SyntaxError](err)
	return ok
}

// content is the result of read. data is nil, not empty, if the file does not
// exist or is larger than sizeLimit.
type content struct {
	data     []byte
	modified time.Time
	warning  error // other users had access to the file
}

// read returns the content of path, which must be a regular file of the user. It
// does not wait if path is a FIFO, and allocates not much more than sizeLimit.
//
// With inPlace, it reads the file twice and returns empty data if the two texts
// differ. restrict is [restrictMode] or [reportMode].
func read(path string, inPlace bool, restrict func(*os.File, fs.FileInfo) error) (content, error) {
	f, err := openForReading(path)
	if errors.Is(err, fs.ErrNotExist) {
		return content{}, nil
	}
	if err != nil {
		return content{}, readError(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return content{}, readError(path, err)
	}
	if err := checkFile(path, info); err != nil {
		return content{}, err
	}
	c := content{modified: info.ModTime(), warning: restrict(f, info)}
	if info.Size() > sizeLimit {
		return c, nil
	}
	data, err := readAll(f, info.Size())
	if err == nil && inPlace {
		var again []byte
		again, err = readAll(f, info.Size())
		if !bytes.Equal(data, again) {
			data = data[:0]
		}
	}
	if err != nil {
		return content{}, readError(path, err)
	}
	if len(data) <= sizeLimit {
		c.data = data
	}
	return c, nil
}

// checkFile returns an error unless info describes a regular file of the user.
// Other files are neither read nor locked.
func checkFile(path string, info fs.FileInfo) error {
	if err := checkOwner(path, info); err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%q is not a regular file (%v)", path, info.Mode())
	}
	return nil
}

// readError returns the error for a path that could not be read. If the file
// belongs to another user, it says that instead of "permission denied".
func readError(path string, err error) error {
	if info, statErr := os.Lstat(path); statErr == nil {
		if foreign := checkOwner(path, info); foreign != nil {
			return foreign
		}
	}
	return fmt.Errorf("%q not read: %w", path, cause(err))
}

// readAll reads f from its beginning to its end, at most sizeLimit+1 bytes. size
// is the expected length.
func readAll(f *os.File, size int64) ([]byte, error) {
	buf := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	_, err := buf.ReadFrom(io.NewSectionReader(f, 0, sizeLimit+1))
	return buf.Bytes(), err
}

// OpenToRead opens a file, through symbolic links, and describes it. It does not wait
// if that is a pipe or a device: the caller looks at the mode before it reads.
func OpenToRead(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}
