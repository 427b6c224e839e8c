//go:build !linux

package cache

// PrivateMemory tells whether path is a directory of this user's alone that is
// kept in memory. Only Linux has such a place by convention.
func PrivateMemory(string) bool { return false }
