package cache

import (
	"os"

	"golang.org/x/sys/unix"
)

// PrivateMemory tells whether path is a directory of this user's alone that is
// kept in memory, as XDG_RUNTIME_DIR is meant to be: what is in it is on no
// disk and in no backup.
func PrivateMemory(path string) bool {
	var fs unix.Statfs_t
	if unix.Statfs(path, &fs) != nil || int64(fs.Type) != unix.TMPFS_MAGIC {
		return false
	}
	fi, err := os.Stat(path)
	return err == nil && fi.IsDir() && fi.Mode().Perm() == 0o700 && checkOwner(path, fi) == nil
}
