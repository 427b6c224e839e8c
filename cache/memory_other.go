//go:build !linux

package cache

// PrivateMemory reports whether path is a private directory in memory. Only Linux
// has one by convention; elsewhere it returns false.
func PrivateMemory(string) bool { return false }
