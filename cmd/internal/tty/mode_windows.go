package tty

import "os"

// device is the name of the input of the process's console.
const device = "CONIN$"

// hideInput does nothing: on Windows the console shows what is typed.
func hideInput(*os.File) (undo func()) { return func() {} }

// AcceptLongLines does nothing: a console does not cut long lines.
func AcceptLongLines(*os.File) (undo func()) { return func() {} }
