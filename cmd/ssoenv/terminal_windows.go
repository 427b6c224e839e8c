package main

import (
	"os"
	"syscall"
)

func detached() *syscall.SysProcAttr { return nil }

// acceptLongLines has nothing to do: a console gives long lines by itself.
func acceptLongLines(*os.File) (undo func()) { return func() {} }
