package cache

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// Windows replaces no file that a process has open, and opens none that is being
// replaced. That lasts for as long as another ssoenv, a virus scanner or an indexer reads
// the file: for milliseconds.

// sharingTimeout is how long rename and openForReading try.
const sharingTimeout = 2 * time.Second

func rename(from, to string) error {
	return retryShared(func() error { return os.Rename(from, to) })
}

func openForReading(path string) (f *os.File, err error) {
	err = retryShared(func() (err error) {
		f, err = os.Open(path)
		return err
	})
	return f, err
}

// retryShared calls use until its error is another one than that another process has the
// file open, at most for sharingTimeout.
func retryShared(use func() error) error {
	end := time.Now().Add(sharingTimeout)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		err := use()
		if !isShared(err) || time.Now().After(end) {
			return err
		}
		time.Sleep(pause)
	}
}

// isShared reports whether err may be that a process has a file open. To replace one, or
// one that is about to be deleted, is ERROR_ACCESS_DENIED, as without the permission.
func isShared(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
}
