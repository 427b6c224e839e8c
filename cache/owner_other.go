//go:build !unix

package cache

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// On Windows files have no Unix owner and mode. Access to a file is inherited from
// its directory, and the directories of a user's profile are private. These
// functions therefore check and change nothing.

// renamesOpenFiles is false: Windows renames no file that is open.
const renamesOpenFiles = false

// Suspect returns nil: it is not known who can write to the file at path.
func Suspect(string) error { return nil }

// CheckOwner returns nil: files have no owner that could be compared.
func CheckOwner(string) error { return nil }

// CheckPrivatePath returns nil unless the path is relative: it is not known who
// can write to the file.
func CheckPrivatePath(path string) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("%q is a relative path", path)
	}
	return nil
}

func checkOwner(string, fs.FileInfo) error      { return nil }
func checkSingleLink(string, fs.FileInfo) error { return nil }
func writableByOthers(fs.FileInfo) bool         { return false }
func checkCreateIn(string) error                { return nil }
func restrictMode(*os.File, fs.FileInfo) error  { return nil }
func reportMode(*os.File, fs.FileInfo) error    { return nil }
func makePrivate(*os.File, fs.FileInfo) error   { return nil }

func openForWriting(path string) (*os.File, error) { return os.OpenFile(path, os.O_WRONLY, 0) }

func keepOwner(_ *os.File, _ fs.FileInfo, perm fs.FileMode) fs.FileMode { return perm }
