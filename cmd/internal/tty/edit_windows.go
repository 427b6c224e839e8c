package tty

import (
	"context"
	"os"
)

// hasKeys says that the terminal can be read key by key.
const hasKeys = false

// editLine returns ErrNoTerminal: a Windows console edits the line itself.
func editLine(context.Context, *os.File, *os.File, string, string) (string, error) {
	return "", ErrNoTerminal
}
