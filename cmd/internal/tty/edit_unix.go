//go:build unix

package tty

import (
	"context"
	"errors"
	"os"
)

// hasKeys says that the terminal can be read key by key.
const hasKeys = true

// editLine shows the prompt on out and returns the line that the user types on the
// terminal in, which is the same terminal. initial is the text to begin with. The
// errors are those of [Terminal.Edit], and ErrNoTerminal.
func editLine(ctx context.Context, in, out *os.File, prompt, initial string) (string, error) {
	raw, err := OpenRaw(in, out, RawOptions{SetUp: markPastes, TakeDown: unmarkPastes, Signals: true})
	if err != nil {
		return "", err
	}
	last := "\r\n"
	defer func() { raw.Close(last) }()
	line := NewLine(initial)
	screen := lineScreen{write: raw.Write}
	width, _ := raw.Size()
	if err := screen.begin(prompt, width); err != nil {
		return "", err
	}
	draw := func() error {
		width, _ := raw.Size()
		return screen.draw(&line, width)
	}
	for {
		key, err := raw.Key(ctx, draw)
		if _, ended := errors.AsType[SignalError](err); ended {
			err = context.Canceled
		}
		if err != nil {
			return "", err
		}
		switch key.Act {
		case Redraw:
			screen.redraw()
			continue
		case Continue: // in another row, below what was written meanwhile
			width, _ := raw.Size()
			if err := screen.begin(prompt, width); err != nil {
				return "", err
			}
			continue
		}
		done, err := answerKey(&line, key)
		if !done {
			continue
		}
		if errors.Is(err, ErrBack) {
			width, _ := raw.Size()
			last = screen.erase(width)
			return "", err
		}
		line.Edit(Key{Act: End})
		_ = draw() // the keys may have come faster than the drawing
		if err != nil {
			return "", err
		}
		return line.Text(), nil
	}
}
