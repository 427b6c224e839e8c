package tty

import "os"

// device is the console that the process was started at.
const device = "CONIN$"

// hideInput hides nothing yet.
func hideInput(*os.File) (undo func()) { return func() {} }

// AcceptLongLines has nothing to do: a console gives long lines by itself.
func AcceptLongLines(*os.File) (undo func()) { return func() {} }
