// Package picker has a person choose one of many on a terminal.
//
// Its promise: whatever happens, the terminal is left as it was found, in mode,
// screen and cursor; nothing but printable characters and the picker's own
// control sequences is ever written to it, whatever the items contain; and no
// byte is read beyond the key that ends the choice, so that what was typed ahead
// reaches the next one who reads.
//
// The picker draws on the terminal's alternate screen. On a terminal that has
// none it leaves an empty screen.
//
// # Searching
//
// The words of the query, separated by blanks, must all be found in an item, in
// any order and in any column. The letters of a word need not stand together,
// but an item ranks the higher the better they do; items that are equally good
// keep the order in which they were given. Capitals count as soon as the query
// has one.
//
// # Keys
//
//	Enter                            choose
//	Esc, Ctrl-C, Ctrl-G              leave; Ctrl-D too when nothing is typed
//	Up, Ctrl-P, Ctrl-K, Shift-Tab    one up
//	Down, Ctrl-N, Ctrl-J, Tab        one down
//	PageUp, PageDown, Home, End      by the page, to the first, to the last
//	Backspace, Ctrl-H                take back a letter; Ctrl-W a word, Ctrl-U all
//	Ctrl-L                           draw again
//
// The list does not wrap: who holds a key down ends at its end. What is pasted
// is typed into the query, where a new line is a blank and chooses nothing.
package picker

import (
	"context"
	"errors"
	"os"
)

// An Item is one choice. Its text may come from anywhere and contain anything.
type Item struct {
	Columns []string // shown in aligned columns, and searched
	Mark    string   // shown before the columns and not searched, such as "*"
}

// Options are what the picker shows around the items.
type Options struct {
	Prompt string   // what is chosen: "profile", "account", …
	Header []string // column titles; may be empty
	Color  bool     // without it there are no colours and no other attributes
}

var (
	// ErrCancelled says that the person left without choosing.
	ErrCancelled = errors.New("nothing was chosen")
	// ErrNothing says that there is nothing to choose from.
	ErrNothing = errors.New("there is nothing to choose from")
	// ErrNoTerminal says that the file is no terminal, or none that the picker
	// can use.
	ErrNoTerminal = errors.New("no terminal to choose on")
)

// A SignalError says which signal ended the choice. By then the terminal is as
// it was; the caller is expected to end, too.
type SignalError struct{ Signal os.Signal }

func (e SignalError) Error() string { return "the choice was ended by a signal: " + e.Signal.String() }

// Pick lets the person choose on the terminal tty, which is read, written and
// left open. It returns the index of the chosen item.
//
// Otherwise the error is ErrCancelled, ErrNothing, ErrNoTerminal, a SignalError,
// the cause of the end of ctx, or what went wrong in reading or writing.
func Pick(ctx context.Context, tty *os.File, items []Item, o Options) (int, error) {
	if len(items) == 0 {
		return 0, ErrNothing
	}
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	return pick(ctx, tty, items, o)
}
