package main

// forbidDumps does nothing: Windows writes a program's memory to a file only
// where an administrator has asked for it.
func forbidDumps() (allow func()) { return func() {} }
