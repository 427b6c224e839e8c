//go:build !unix

package picker

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// pick needs a terminal that is one file, which a Windows console is not.
func pick(context.Context, *os.File, []Item, Options) (int, error) {
	return 0, fmt.Errorf("%w: %w", ErrNoTerminal, errors.ErrUnsupported)
}
