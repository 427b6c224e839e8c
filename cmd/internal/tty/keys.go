package tty

// A Key is a key press.
type Key struct {
	Act  Act
	Char rune // the character of Insert, else 0
}

// An Act is what a key means at a line editor or in a list. Who reads the keys
// decides what those mean that do not edit a line.
type Act int

// The keys, and the bytes that they are known by besides their own sequences.
const (
	NoKey            Act = iota
	Insert               // a visible character, or a space
	Backspace            // Ctrl-H
	Delete               // the key Delete; EndOfInput deletes too where there is text
	DeleteWord           // Ctrl-W: back to a space
	DeleteWordBefore     // Alt-Backspace: back to the start of a word
	DeleteWordAfter      // Alt-D
	DeleteToStart        // Ctrl-U
	DeleteToEnd          // Ctrl-K
	Left                 // Ctrl-B
	Right                // Ctrl-F
	WordLeft             // Ctrl-Left, Alt-B
	WordRight            // Ctrl-Right, Alt-F
	Home                 // Ctrl-A
	End                  // Ctrl-E
	Up                   // Ctrl-P
	Down                 // Ctrl-N
	PageUp               // Alt-V
	PageDown             // Ctrl-V
	Top                  // Ctrl-Home, Alt-<
	Bottom               // Ctrl-End, Alt->
	Tab
	BackTab    // Shift-Tab
	Enter      // carriage return
	LineFeed   // Ctrl-J, and Enter if it was typed before the terminal was in raw mode
	Escape     // Esc alone
	Interrupt  // Ctrl-C, if the terminal does not send a signal for it
	Abort      // Ctrl-G
	EndOfInput // Ctrl-D
	Redraw     // Ctrl-L
	Continue   // no key: the process goes on after a stop
)

// escape is the byte that the key Esc sends, and that begins a control sequence.
const escape = 0x1b
