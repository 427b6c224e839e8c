package cache

import (
	"os"

	"golang.org/x/sys/unix"
)

// PrivateMemory reports whether path is a directory on a tmpfs that belongs to the
// user and has mode 0700, as XDG_RUNTIME_DIR should. Files in it are in no backup
// and, except in swap, on no disk.
func PrivateMemory(path string) bool {
	var fs unix.Statfs_t
	if unix.Statfs(path, &fs) != nil || int64(fs.Type) != unix.TMPFS_MAGIC {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir() && info.Mode().Perm() == 0o700 && checkOwner(path, info) == nil
}

// isProcFS reports whether path is on a procfs.
func isProcFS(path string) bool {
	var fs unix.Statfs_t
	return unix.Statfs(path, &fs) == nil && int64(fs.Type) == unix.PROC_SUPER_MAGIC
}
