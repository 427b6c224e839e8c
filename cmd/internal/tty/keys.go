package tty

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/safetext"
)

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

const (
	escape = 0x1b
	bell   = 0x07

	// escapeTimeout is how long the decoder waits for the next byte of an escape
	// sequence. An ESC without one is the key Esc.
	escapeTimeout = 50 * time.Millisecond
	// pasteTimeout ends a paste in which no byte arrives for so long. If the
	// sequence that ends a paste is lost, Enter and Ctrl-C work again after it.
	pasteTimeout = time.Second

	// maxSequence bounds the parameters of a control sequence, in bytes. Further
	// bytes are dropped.
	maxSequence = 16
)

// ctrl returns the byte that Ctrl with letter sends.
func ctrl(letter byte) byte { return letter & 0x1f }

// A decoder turns the bytes that a terminal sends into keys. It keeps at most one
// escape sequence or character. The zero value is ready to use.
type decoder struct {
	state    state
	sequence []byte // parameters of a control sequence
	partial  []byte // first bytes of a character in UTF-8
	pasting  bool   // between the sequences that begin and end a paste
}

// A state is the kind of sequence that the bytes so far began.
type state int

const (
	ground   state = iota
	escaped        // ESC
	control        // ESC [, and parameters
	function       // ESC O, or ESC [ [
	text           // ESC ], P, X, ^ or _: a string that ends with BEL or ESC \
)

// feed returns the key that b completes, or the zero key.
func (d *decoder) feed(b byte) Key {
	if d.state == ground {
		return d.plain(b)
	}
	if b == ctrl('C') && !d.pasting {
		d.reset() // Ctrl-C works even inside a sequence
		return d.plain(b)
	}
	switch d.state {
	case escaped:
		switch b {
		case escape: // Esc held down, or Alt with a key that sends a sequence
		case '[':
			d.begin(control)
		case 'O':
			d.begin(function)
		case ']', 'P', 'X', '^', '_':
			d.begin(text)
		default:
			d.reset()
			if !d.pasting {
				return altKey(b)
			}
		}
	case control:
		switch {
		case b == escape:
			d.begin(escaped)
		case b == '[' && len(d.sequence) == 0:
			d.begin(function) // function keys of the Linux console
		case b >= 0x40 && b <= 0x7e:
			parameters := string(d.sequence)
			d.reset()
			return d.controlKey(parameters, b)
		case len(d.sequence) < maxSequence:
			d.sequence = append(d.sequence, b)
		}
	case function:
		d.reset()
		if b == 'M' && !d.pasting { // Enter on the number pad
			return Key{Act: Enter}
		}
		return d.controlKey("", b)
	case text:
		if b == bell {
			d.reset()
		} else if b == escape {
			d.begin(escaped) // the \ after it is read as Alt with a letter
		}
	}
	return Key{}
}

func (d *decoder) begin(s state) { d.state, d.sequence = s, d.sequence[:0] }
func (d *decoder) reset()        { d.begin(ground) }

// altKey returns the key of Alt with b.
func altKey(b byte) Key {
	switch b {
	case 'b', 'B':
		return Key{Act: WordLeft}
	case 'f', 'F':
		return Key{Act: WordRight}
	case 'd', 'D':
		return Key{Act: DeleteWordAfter}
	case ctrl('H'), 0x7f:
		return Key{Act: DeleteWordBefore}
	case 'v', 'V':
		return Key{Act: PageUp}
	case '<':
		return Key{Act: Top}
	case '>':
		return Key{Act: Bottom}
	}
	return Key{}
}

// controlKey returns the key of the sequence ESC [ parameters final. In a paste
// only the sequence that ends it has an effect.
func (d *decoder) controlKey(parameters string, final byte) Key {
	if final == '~' && parameters == "200" {
		d.pasting = true
		return Key{}
	}
	if d.pasting {
		d.pasting = !(final == '~' && parameters == "201")
		return Key{}
	}
	number, modifier, _ := strings.Cut(parameters, ";")
	act := NoKey
	switch final {
	case 'A':
		act = Up
	case 'B':
		act = Down
	case 'C':
		act = Right
	case 'D':
		act = Left
	case 'H':
		act = Home
	case 'F':
		act = End
	case 'Z':
		act = BackTab
	case '~':
		switch number {
		case "1", "7":
			act = Home
		case "4", "8":
			act = End
		case "3":
			act = Delete
		case "5":
			act = PageUp
		case "6":
			act = PageDown
		}
	}
	if modifier != "" && modifier != "2" { // Alt or Ctrl; 2 is Shift
		act = modified(act)
	}
	return Key{Act: act}
}

// modified returns what the key means together with Ctrl or Alt.
func modified(act Act) Act {
	switch act {
	case Left:
		return WordLeft
	case Right:
		return WordRight
	case Home:
		return Top
	case End:
		return Bottom
	case Delete:
		return DeleteWordAfter
	}
	return act
}

// plain returns the key of a byte outside of a sequence.
func (d *decoder) plain(b byte) Key {
	if b >= utf8.RuneSelf {
		return d.character(b)
	}
	d.partial = d.partial[:0]
	if b == escape {
		d.begin(escaped)
		return Key{}
	}
	if b >= ' ' && b <= '~' {
		return Key{Insert, rune(b)}
	}
	if d.pasting {
		if b == '\r' || b == '\n' || b == '\t' {
			return Key{Insert, ' '}
		}
		return Key{}
	}
	return Key{Act: controlAct(b)}
}

// controlAct returns the meaning of a control character.
func controlAct(b byte) Act {
	switch b {
	case '\r':
		return Enter
	case '\n':
		return LineFeed
	case '\t':
		return Tab
	case ctrl('H'), 0x7f:
		return Backspace
	case ctrl('A'):
		return Home
	case ctrl('B'):
		return Left
	case ctrl('C'):
		return Interrupt
	case ctrl('D'):
		return EndOfInput
	case ctrl('E'):
		return End
	case ctrl('F'):
		return Right
	case ctrl('G'):
		return Abort
	case ctrl('K'):
		return DeleteToEnd
	case ctrl('L'):
		return Redraw
	case ctrl('N'):
		return Down
	case ctrl('P'):
		return Up
	case ctrl('U'):
		return DeleteToStart
	case ctrl('V'):
		return PageDown
	case ctrl('W'):
		return DeleteWord
	}
	return NoKey
}

// character adds a byte to a character, and returns it once it is complete.
// Bytes that are not UTF-8 and characters that are not visible are dropped, except
// for those that join an emoji, which a Line drops unless they do.
func (d *decoder) character(b byte) Key {
	d.partial = append(d.partial, b)
	for utf8.FullRune(d.partial) && len(d.partial) > 0 {
		r, size := utf8.DecodeRune(d.partial)
		d.partial = append(d.partial[:0], d.partial[size:]...)
		if (r != utf8.RuneError || size > 1) && (!safetext.IsHidden(r) || safetext.JoinsEmoji(r)) {
			return Key{Insert, r}
		}
	}
	return Key{}
}

// timeout returns how long to wait for the next byte before calling expire. 0
// means that the wait has no limit.
func (d *decoder) timeout() time.Duration {
	switch {
	case d.pasting:
		return pasteTimeout
	case d.state != ground:
		return escapeTimeout
	}
	return 0
}

// expire returns the key of an unfinished sequence after which no byte arrived:
// Esc, or the zero key. It ends a paste.
func (d *decoder) expire() Key {
	alone := d.state == escaped && !d.pasting
	d.reset()
	d.pasting = false
	if alone {
		return Key{Act: Escape}
	}
	return Key{}
}
