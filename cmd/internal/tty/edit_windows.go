package tty

import (
	"context"
	"os"
)

// editLine returns ErrNoTerminal: a Windows console edits the line itself.
func editLine(context.Context, *os.File, *os.File, string, string) (string, error) {
	return "", ErrNoTerminal
}
