package browser

import "syscall"

// detached changes nothing: on Windows a child outlives its parent anyway.
func detached() *syscall.SysProcAttr { return nil }
