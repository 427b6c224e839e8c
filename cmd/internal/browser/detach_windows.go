package browser

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// detached starts a child without the console of this process: it outlives the console
// and does not get its Ctrl-C.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}
