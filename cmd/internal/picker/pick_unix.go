//go:build unix

package picker

import (
	"context"
	"os"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
)

// A terminal shows screens on the alternate screen of a terminal in raw mode.
type terminal struct {
	*tty.Raw
	shown screen // the content of the screen
}

// setUp enters the alternate screen, marks what is pasted (bracketed paste) and
// turns off the wrapping of long lines. takeDown undoes that. It clears the screen
// before it leaves it, for terminals that have no alternate screen.
const (
	setUp    = "\x1b[?1049h\x1b[?2004h\x1b[?7l"
	takeDown = "\x1b[0m\x1b[H\x1b[J\x1b[?7h\x1b[?2004l\x1b[?25h\x1b[?1049l"
)

// open switches the terminal to raw mode and the alternate screen. The caller must
// call Close. The error is tty.ErrNoTerminal if file is not a terminal.
func open(file *os.File) (*terminal, error) {
	raw, err := tty.OpenRaw(file, file, tty.RawOptions{SetUp: setUp, TakeDown: takeDown})
	return &terminal{Raw: raw}, err
}

// invalidate makes the next show draw the whole screen.
func (t *terminal) invalidate() { t.shown = screen{} }

// show draws s. It writes only what has changed.
func (t *terminal) show(s screen) error {
	update := s.update(t.shown)
	t.shown = s
	if update == "" {
		return nil
	}
	return t.Write(update)
}

func pick(ctx context.Context, file *os.File, items []Item, o Options) (int, error) {
	terminal, err := open(file)
	if err != nil {
		return 0, err
	}
	defer terminal.Close("")

	theme := newTheme(o)
	list := newList(items)
	list.setQuery(o.Query)
	list.selectItem(func(i int) bool { return o.Selected != "" && items[i].Columns[0] == o.Selected })
	draw := func() error {
		width, height := terminal.Size()
		return terminal.show(theme.draw(list, width, height))
	}
	for {
		key, err := terminal.Key(ctx, draw)
		if err != nil {
			return 0, err
		}
		switch key.Act {
		case tty.Enter:
			if i, ok := list.selection(); ok {
				return i, nil
			}
		case tty.Escape, tty.Abort:
			return 0, ErrCancelled
		case tty.Interrupt:
			return 0, ErrInterrupted
		case tty.Redraw, tty.Continue:
			terminal.invalidate()
		default:
			if !list.handleKey(key) && key.Act == tty.EndOfInput {
				return 0, ErrCancelled
			}
		}
	}
}
