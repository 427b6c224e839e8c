package main

import "os"

// terminalInput is the console that the process was started at.
const terminalInput = "CONIN$"

// hideTyping hides nothing yet.
func hideTyping(*os.File) (undo func()) { return func() {} }

// acceptLongLines has nothing to do: a console gives long lines by itself.
func acceptLongLines(*os.File) (undo func()) { return func() {} }
