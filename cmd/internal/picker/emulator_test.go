package picker

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A emulator is a terminal of the plainest kind, as far as the picker and the tests
// need one: what it does not know it keeps.
type emulator struct {
	width, height int
	x, y          int
	cells         [][]string
	wraps, pastes bool
	cursorShown   bool
	main          *emulator // while the alternate screen is shown
	alternates    int       // how often it was entered
	unknown       []string
	rest          string // the beginning of a sequence or character
}

func newEmulator(width, height int) *emulator {
	s := &emulator{width: width, height: height, wraps: true, cursorShown: true}
	s.clear()
	return s
}

func (s *emulator) clear() {
	s.cells = make([][]string, s.height)
	for i := range s.cells {
		s.cells[i] = make([]string, s.width)
	}
}

// text is what is shown, without blanks on the right.
func (s *emulator) text() []string {
	lines := make([]string, s.height)
	for i, cells := range s.cells {
		var b strings.Builder
		for x, cell := range cells {
			switch {
			case cell == "" && x > 0 && cells[x-1] != "" && textWidth(cells[x-1]) == 2:
			case cell == "":
				b.WriteByte(' ')
			default:
				b.WriteString(cell)
			}
		}
		lines[i] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

var sequences = regexp.MustCompile(`^\x1b\[([?0-9;]*)([@-~])`)

func (s *emulator) write(text string) {
	text = s.rest + text
	s.rest = ""
	for text != "" {
		if found := sequences.FindStringSubmatch(text); found != nil {
			s.control(found[1], found[2])
			text = text[len(found[0]):]
			continue
		}
		if text[0] == '\x1b' && len(text) < 12 || !utf8.FullRuneInString(text) {
			s.rest = text
			return
		}
		r, size := utf8.DecodeRuneInString(text)
		s.character(r, text[:size])
		text = text[size:]
	}
}

func (s *emulator) character(r rune, text string) {
	switch {
	case r == '\r':
		s.x = 0
	case r == '\n':
		if s.y++; s.y == s.height {
			s.cells = append(s.cells[1:], make([]string, s.width))
			s.y--
		}
	case isHidden(r):
		s.unknown = append(s.unknown, text)
	default:
		width := runeWidth(r)
		at := s.cells[s.y]
		if width == 0 {
			at[max(0, s.x-1)] += text
			return
		}
		if s.x+width > s.width {
			s.unknown = append(s.unknown, fmt.Sprintf("%q beyond the margin", text))
			return
		}
		at[s.x] = text
		if width == 2 {
			at[s.x+1] = ""
		}
		s.x += width
	}
}

func (s *emulator) control(parameters, final string) {
	var numbers []int
	for n := range strings.SplitSeq(strings.TrimPrefix(parameters, "?"), ";") {
		number, _ := strconv.Atoi(n)
		numbers = append(numbers, number)
	}
	switch parameters + final {
	case "?1049h":
		if s.main == nil {
			main := *s
			s.main = &main
			s.clear()
			s.alternates++
		}
		return
	case "?1049l":
		if s.main != nil {
			s.x, s.y, s.cells = s.main.x, s.main.y, s.main.cells
			s.main = nil
		}
		return
	case "?2004h", "?2004l":
		s.pastes = final == "h"
		return
	case "?7h", "?7l":
		s.wraps = final == "h"
		return
	case "?25h", "?25l":
		s.cursorShown = final == "h"
		return
	case "?2026h", "?2026l":
		return
	case "2J":
		s.clear()
		return
	case "J":
		if s.x == 0 && s.y == 0 {
			s.clear()
			return
		}
	case "K":
		clear(s.cells[s.y][min(s.x, s.width-1):])
		return
	case "H":
		s.x, s.y = 0, 0
		return
	}
	switch {
	case final == "m":
	case final == "H" && len(numbers) == 2 && numbers[0] >= 1 && numbers[0] <= s.height && numbers[1] >= 1 && numbers[1] <= s.width:
		s.y, s.x = numbers[0]-1, numbers[1]-1
	default:
		s.unknown = append(s.unknown, "ESC ["+parameters+final)
	}
}
