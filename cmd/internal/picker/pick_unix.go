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

	theme := newTheme(o)
	list := newList(items)
	if o.Query != "" {
		list.setQuery([]rune(o.Query))
	}
	var keys decoder
	var timeout <-chan time.Time // of an unfinished sequence
	early := true                // all bytes so far were typed before the terminal was in raw mode
	now := make(chan struct{})
	close(now)

	for {
		// The screen is drawn only when no input is waiting: it would be out of
		// date at once.
		var typed <-chan struct{} = terminal.typed
		if terminal.hasInput() {
			typed = now
		} else {
			early = false
			width, height := terminal.size()
			if err := terminal.show(theme.draw(list, width, height)); err != nil {
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
				b = undoLineMode(b)
			}
			key, timeout = keys.feed(b), nil
			if wait := keys.timeout(); wait > 0 {
				timeout = time.After(wait)
			}
		case <-timeout:
			key, timeout = keys.expire(), nil
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
			terminal.invalidate()
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}

		switch key.act {
		case choose:
			if i, ok := list.selection(); ok {
				return i, nil
			}
		case leave:
			return 0, ErrCancelled
		case endInput:
			if len(list.query) == 0 {
				return 0, ErrCancelled
			}
		case redraw:
			terminal.invalidate()
		default:
			list.handleKey(key)
		}
	}
}

// undoLineMode returns the byte that the user typed, for a byte b that the
// terminal received in line mode, before the picker switched it to raw mode. Line
// mode turns the carriage return of Enter into a line feed, and Ctrl-D, which
// marks the end of input, is read as 0 after the switch.
func undoLineMode(b byte) byte {
	switch b {
	case '\n':
		return '\r'
	case 0:
		return ctrl('D')
	}
	return b
}
