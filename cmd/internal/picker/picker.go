// Package picker lets the user choose one of many items on a terminal.
//
// It guarantees that:
//
//   - the terminal's mode, screen and cursor are restored, also after a signal,
//     an error or a panic;
//   - only printable characters (see safetext.IsHidden) and the picker's own
//     control sequences are written to the terminal, for any text that the items
//     contain;
//   - no byte after the key that ends the choice is read, so that the next
//     program reads what the user typed ahead.
//
// The picker draws on the terminal's alternate screen. A terminal without one is
// left cleared.
//
// # Searching
//
// An item matches if all words of the query match it, in any order and in any
// column. Words are separated by spaces. A word matches if its letters and numbers
// occur in order; the closer they are together, the higher the item ranks. A number
// matches in one piece. Items that match equally well keep their order. Accents are
// ignored; so is case, unless the query has a capital letter.
//
// # Keys
//
//	Enter                            choose
//	Esc, Ctrl-C, Ctrl-G              leave; Ctrl-D too if the query is empty
//	Up, Ctrl-P, Shift-Tab            one item up
//	Down, Ctrl-N, Ctrl-J, Tab        one item down
//	PageUp, PageDown, Alt-V, Ctrl-V  one page
//	Ctrl-Home, Ctrl-End              to the first item, to the last; Alt-<, Alt-> too
//	Ctrl-L                           redraw
//
// The other keys edit the query as in a shell: Left, Right, Home, End, Backspace,
// Delete, Ctrl-A, Ctrl-B, Ctrl-D, Ctrl-E, Ctrl-F, Ctrl-K, Ctrl-U, Ctrl-W, and words
// with Alt-B, Alt-D, Alt-F.
//
// The selection does not wrap around at the ends of the list. Pasted text is
// inserted into the query; its line ends become spaces and choose nothing.
//
// [Ask] does without a screen: it writes a numbered list and asks a question.
package picker

// Not charm.land/bubbletea/v2 with github.com/sahilm/fuzzy: a program that links
// them (2.1.1, 0.1.3) is 2.1 MB larger than an empty one, its package-level tables
// take 52 kB at every start, and it starts 1.4 ms later. This package adds 0.5 MB,
// 2 kB and 0.6 ms (stripped, linux/amd64, CPU time, best of 400 runs). match.go
// says how the order of hits differs.

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// An Item is one choice. Its texts may be any bytes: what is not printable is
// written as \uXXXX, and at most 512 bytes of each text are used.
type Item struct {
	Columns []string // shown in aligned columns, and searched
	Mark    string   // shown before the columns, at most 4 cells; not searched
}

// Options are the texts around the items, and their style.
type Options struct {
	Prompt string   // what is chosen: "profile", "account", …
	Header []string // column titles; may be empty
	Marked string   // what the mark of an item means: "* in use"; may be empty
	Query  string   // the query to begin with, which the user can edit
	Color  bool     // use colours, bold, faint and reverse video
	Back   bool     // Esc leads back to the question before; else it cancels

	// Selected is the first column of the item that is selected at first, if the query
	// matches it. It may be empty.
	Selected string
}

var (
	// ErrCancelled is returned when the user leaves the picker without choosing.
	ErrCancelled = errors.New("cancelled")
	// ErrInterrupted is an ErrCancelled by Ctrl-C, which ends more than the choice.
	ErrInterrupted = fmt.Errorf("%w", ErrCancelled)
	// ErrNoItems is returned when there are no items.
	ErrNoItems = errors.New("nothing to choose from")
)

// Matches reports whether the query matches one of the items.
func Matches(items []Item, query string) bool {
	list := newList(items)
	list.setQuery(query)
	return len(list.ranked) > 0
}

// Pick lets the user choose an item on the terminal tty, which it reads, writes
// and leaves open. It returns the index of the item.
//
// The error is ErrCancelled, ErrNoItems, a tty.SignalError, the cause of the cancelled
// ctx, an error of reading or writing the terminal, or tty.ErrNoTerminal: the file is
// not a terminal, or not one that Pick can use. On Windows there is none.
func Pick(ctx context.Context, tty *os.File, items []Item, o Options) (int, error) {
	if len(items) == 0 {
		return 0, ErrNoItems
	}
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	return pick(ctx, tty, items, o)
}
