//go:build !linux

package profile

// readBuffer returns an empty buffer with the capacity for a text of that many bytes.
func readBuffer(size int) []byte { return make([]byte, 0, size) }
