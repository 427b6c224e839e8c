//go:build unix && !linux

package cache

// isProcFS reports whether path is on a procfs, of which only the usual place is known
// here.
func isProcFS(string) bool { return false }
