package picker

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// A key is a key press, as the action that it means.
type key struct {
	act  act
	char rune // the character that insert inserts
}

type act int

const (
	nothing act = iota
	insert
	erase
	eraseWord
	eraseAll
	up
	down
	pageUp
	pageDown
	first
	last
	choose
	leave
	endInput
	redraw
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
func (d *decoder) feed(b byte) key {
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
			d.reset() // Alt with a letter, which does nothing
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
			return key{act: choose}
		}
		return d.controlKey("", b)
	case text:
		if b == bell {
			d.reset()
		} else if b == escape {
			d.begin(escaped) // the \ after it is read as Alt with a letter
		}
	}
	return key{}
}

func (d *decoder) begin(s state) { d.state, d.sequence = s, d.sequence[:0] }
func (d *decoder) reset()        { d.begin(ground) }

// controlKey returns the key of the sequence ESC [ parameters final. In a paste
// only the sequence that ends it has an effect.
func (d *decoder) controlKey(parameters string, final byte) key {
	if final == '~' && parameters == "200" {
		d.pasting = true
		return key{}
	}
	if d.pasting {
		d.pasting = !(final == '~' && parameters == "201")
		return key{}
	}
	number, _, _ := strings.Cut(parameters, ";") // without the modifiers
	switch final {
	case 'A', 'Z': // Z is Shift-Tab
		return key{act: up}
	case 'B':
		return key{act: down}
	case 'H':
		return key{act: first}
	case 'F':
		return key{act: last}
	case '~':
		switch number {
		case "1", "7":
			return key{act: first}
		case "4", "8":
			return key{act: last}
		case "5":
			return key{act: pageUp}
		case "6":
			return key{act: pageDown}
		}
	}
	return key{}
}

// plain returns the key of a byte outside of a sequence.
func (d *decoder) plain(b byte) key {
	if b >= utf8.RuneSelf {
		return d.character(b)
	}
	d.partial = d.partial[:0]
	if b == escape {
		d.begin(escaped)
		return key{}
	}
	if b >= ' ' && b <= '~' {
		return key{insert, rune(b)}
	}
	if d.pasting {
		if b == '\r' || b == '\n' || b == '\t' {
			return key{insert, ' '}
		}
		return key{}
	}
	switch b {
	case '\r':
		return key{act: choose}
	case ctrl('C'), ctrl('G'):
		return key{act: leave}
	case ctrl('D'):
		return key{act: endInput}
	case ctrl('H'), 0x7f:
		return key{act: erase}
	case ctrl('W'):
		return key{act: eraseWord}
	case ctrl('U'):
		return key{act: eraseAll}
	case ctrl('P'), ctrl('K'):
		return key{act: up}
	case ctrl('N'), ctrl('J'), '\t':
		return key{act: down}
	case ctrl('L'):
		return key{act: redraw}
	}
	return key{}
}

// character adds a byte to a character, and returns it once it is complete.
// Bytes that are not UTF-8 and characters that are not visible are dropped.
func (d *decoder) character(b byte) key {
	d.partial = append(d.partial, b)
	for utf8.FullRune(d.partial) && len(d.partial) > 0 {
		r, size := utf8.DecodeRune(d.partial)
		d.partial = append(d.partial[:0], d.partial[size:]...)
		if (r != utf8.RuneError || size > 1) && !safetext.IsHidden(r) {
			return key{insert, r}
		}
	}
	return key{}
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
func (d *decoder) expire() key {
	alone := d.state == escaped && !d.pasting
	d.reset()
	d.pasting = false
	if alone {
		return key{act: leave}
	}
	return key{}
}
