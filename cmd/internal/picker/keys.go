package picker

import (
	"strings"
	"time"
	"unicode/utf8"
)

// A key is what the person wants done.
type key struct {
	act  act
	char rune // of insert
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

	// escapePatience is how long the rest of a sequence may take to arrive, or an
	// Esc to be one.
	escapePatience = 50 * time.Millisecond
	// pastePatience is how long a paste may rest. One whose end is lost must not
	// take Enter and Ctrl-C from the person for good.
	pastePatience = time.Second

	longestSequence = 16 // bytes; what is longer is none that we know
)

func ctrl(letter byte) byte { return letter & 0x1f }

// A decoder turns what the terminal sends into keys, byte by byte. It keeps no
// more than one sequence. Its zero value is ready.
type decoder struct {
	state    state
	sequence []byte // the parameters of a control sequence
	partial  []byte // of a character in UTF-8
	pasting  bool
}

// A state is what the bytes so far are the beginning of.
type state int

const (
	ground   state = iota
	escaped        // ESC
	control        // ESC [, and parameters
	function       // ESC O, or ESC [ [
	text           // ESC ] and the like: a text up to BEL or ESC \
)

// feed gives the key that b completes, or nothing.
func (d *decoder) feed(b byte) key {
	if d.state == ground {
		return d.plain(b)
	}
	if b == ctrl('C') && !d.pasting {
		d.reset() // whatever it stands in, it is meant
		return d.plain(b)
	}
	switch d.state {
	case escaped:
		switch b {
		case escape: // an Esc held down, or Alt with a key that has a sequence
		case '[':
			d.begin(control)
		case 'O':
			d.begin(function)
		case ']', 'P', 'X', '^', '_':
			d.begin(text)
		default:
			d.reset() // Alt with a letter
		}
	case control:
		switch {
		case b == escape:
			d.begin(escaped)
		case b == '[' && len(d.sequence) == 0:
			d.begin(function) // the Linux console has such
		case b >= 0x40 && b <= 0x7e:
			parameters := string(d.sequence)
			d.reset()
			return d.controlKey(parameters, b)
		case len(d.sequence) < longestSequence:
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
			d.begin(escaped) // and the \ behind it is a letter with Alt
		}
	}
	return key{}
}

func (d *decoder) begin(s state) { d.state, d.sequence = s, d.sequence[:0] }
func (d *decoder) reset()        { d.begin(ground) }

// controlKey is the key of ESC [ parameters final.
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

// plain is the key of a byte that stands in no sequence.
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

// character collects the bytes of one. Bytes that are part of none are dropped,
// and so is a character that would not be seen.
func (d *decoder) character(b byte) key {
	d.partial = append(d.partial, b)
	for utf8.FullRune(d.partial) && len(d.partial) > 0 {
		r, size := utf8.DecodeRune(d.partial)
		d.partial = append(d.partial[:0], d.partial[size:]...)
		if (r != utf8.RuneError || size > 1) && !isHidden(r) {
			return key{insert, r}
		}
	}
	return key{}
}

// patience is how long to wait for the next byte before the decoder is to be
// told that none came, with expire; 0 is for ever.
func (d *decoder) patience() time.Duration {
	switch {
	case d.pasting:
		return pastePatience
	case d.state != ground:
		return escapePatience
	}
	return 0
}

// expire gives the key that the bytes so far were, now that no more came.
func (d *decoder) expire() key {
	alone := d.state == escaped && !d.pasting
	d.reset()
	d.pasting = false
	if alone {
		return key{act: leave}
	}
	return key{}
}
