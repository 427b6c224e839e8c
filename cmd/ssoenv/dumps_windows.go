package main

// forbidDumps does nothing: Windows writes the memory of a process to a file only
// if an administrator has configured that.
func forbidDumps() (allow func()) { return func() {} }
