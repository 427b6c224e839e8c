//go:build unix

package picker

import (
	"context"
	"os"
	"syscall"
	"time"
)

func pick(ctx context.Context, tty *os.File, items []Item, o Options) (int, error) {
	terminal, err := open(tty)
	if err != nil {
		return 0, err
	}
	defer terminal.close()

	look := newTheme(o)
	list := newList(items)
	var keys decoder
	var patience <-chan time.Time // with the sequence that has begun
	early := true                 // all that was read so far was typed before we came
	now := make(chan struct{})
	close(now)

	for {
		// While keys are waiting, the next frame is out of date already.
		var typed <-chan struct{} = terminal.typed
		if terminal.waiting() {
			typed = now
		} else {
			early = false
			width, height := terminal.size()
			if err := terminal.show(look.draw(list, width, height)); err != nil {
				return 0, err
			}
		}

		var key key
		select {
		case <-typed:
			b, ok, err := terminal.read()
			if err != nil {
				return 0, err
			}
			if !ok {
				continue
			}
			if early {
				b = typedEarly(b)
			}
			key, patience = keys.feed(b), nil
			if wait := keys.patience(); wait > 0 {
				patience = time.After(wait)
			}
		case <-patience:
			key, patience = keys.expire(), nil
		case signal := <-terminal.signals:
			switch signal {
			case syscall.SIGWINCH:
			case syscall.SIGCONT:
				if err := terminal.enter(); err != nil {
					return 0, err
				}
			default:
				return 0, SignalError{signal}
			}
			terminal.forget()
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}

		switch key.act {
		case choose:
			if i, ok := list.chosen(); ok {
				return i, nil
			}
		case leave:
			return 0, ErrCancelled
		case endInput:
			if len(list.query) == 0 {
				return 0, ErrCancelled
			}
		case redraw:
			terminal.forget()
		default:
			list.handleKey(key)
		}
	}
}

// typedEarly undoes what the terminal did to a byte that it took before it was
// switched: Enter became a line feed, and Ctrl-D the null that marks an end.
func typedEarly(b byte) byte {
	switch b {
	case '\n':
		return '\r'
	case 0:
		return ctrl('D')
	}
	return b
}
