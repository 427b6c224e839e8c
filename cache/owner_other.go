//go:build !unix

package cache

import (
	"io/fs"
	"os"
)

// Where files have no Unix owner and mode, who may do what with a file follows
// from the directory it is in, and a user's own directories are private.

// Suspect says why somebody else could have written the file at path, where
// that can be known.
func Suspect(string) error { return nil }

func checkOwner(string, fs.FileInfo) error      { return nil }
func checkSingleLink(string, fs.FileInfo) error { return nil }
func openToOthers(fs.FileInfo) bool             { return false }
func mayCreateIn(string) error                  { return nil }
func restrictMode(*os.File, fs.FileInfo) error  { return nil }
func makePrivate(*os.File, fs.FileInfo) error   { return nil }
func openToRead(path string) (*os.File, error)  { return os.Open(path) }

func keepOwner(_ *os.File, _ fs.FileInfo, perm fs.FileMode) fs.FileMode { return perm }
