//go:build !unix

package picker

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
)

// pick returns tty.ErrNoTerminal: the picker reads and writes one file, and a Windows
// console has two.
func pick(context.Context, *os.File, []Item, Options) (int, error) {
	return 0, fmt.Errorf("%w: %w", tty.ErrNoTerminal, errors.ErrUnsupported)
}
