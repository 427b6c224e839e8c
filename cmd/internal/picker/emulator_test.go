package picker

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An emulator is a terminal with the features that the picker and the tests need.
// It records everything else that is written to it in unknown.
//
// It has its own tables of widths and of characters that are not visible, so that
// a mistake in safetext's shows as a difference.
type emulator struct {
	width, height int
	x, y          int
	cells         [][]string
	wraps, pastes bool
	cursorShown   bool
	main          *emulator // while the alternate screen is shown
	alternates    int       // how often it was entered
	unknown       []string
	rest          string // first bytes of a sequence or character
	joins         bool   // shows an emoji of several runes in two cells; else each in its own
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

// cells returns how many cells r takes.
func cells(r rune) int {
	if r >= 0x1160 && r <= 0x11ff || r >= 0xd7b0 && r <= 0xd7ff || unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	for _, wide := range wideRunes {
		if wide[0] <= r && r <= wide[1] {
			return 2
		}
	}
	return 1
}

func textCells(text string) int {
	n := 0
	for _, r := range text {
		n += cells(r)
	}
	return n
}

// invisible reports whether a terminal acts on r, or shows nothing or a blank.
func invisible(r rune) bool {
	if !unicode.IsPrint(r) {
		return true
	}
	for _, hidden := range [][2]rune{
		{0x34f, 0x34f}, {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x2800, 0x2800}, {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xffa0, 0xffa0},
		{0xe0000, 0xe0fff},
	} {
		if hidden[0] <= r && r <= hidden[1] {
			return true
		}
	}
	return false
}

// A joinedEmoji is a family, a coloured hand, a flag, a heart, a keycap and the
// like: the characters that may be joined, and how.
var joinedEmoji = func() *regexp.Regexp {
	const pictograph = `[\x{2190}-\x{21ff}\x{2300}-\x{23ff}\x{25a0}-\x{27bf}\x{2b00}-\x{2bff}\x{1f300}-\x{1f3fa}\x{1f400}-\x{1faff}]`
	const part = pictograph + `[\x{fe0f}\x{1f3fb}-\x{1f3ff}]?`
	return regexp.MustCompile(`(?:` + part + `(?:\x{200d}` + part + `){1,4}|` + pictograph + `[\x{fe0f}\x{1f3fb}-\x{1f3ff}]|[\x{1f1e6}-\x{1f1ff}]{2}|[0-9#*]\x{fe0f}?\x{20e3})`)
}()

// withoutJoinedEmoji returns text with one emoji for each of several runes.
func withoutJoinedEmoji(text string) string { return joinedEmoji.ReplaceAllString(text, "🙂") }

// wideRunes are the characters of two cells, and invisible ones between them: W
// and F of Unicode 15's EastAsianWidth.txt, as go-runewidth 0.0.31 has them. That
// also has 188 hexagrams and other signs that became wide with Unicode 16.
var wideRunes = [][2]rune{
	{0x1100, 0x115e}, {0x231a, 0x231b}, {0x2329, 0x232a}, {0x23e9, 0x23ec}, {0x23f0, 0x23f0}, {0x23f3, 0x23f3}, {0x25fd, 0x25fe}, {0x2614, 0x2615},
	{0x2648, 0x2653}, {0x267f, 0x267f}, {0x2693, 0x2693}, {0x26a1, 0x26a1}, {0x26aa, 0x26ab}, {0x26bd, 0x26be}, {0x26c4, 0x26c5}, {0x26ce, 0x26ce},
	{0x26d4, 0x26d4}, {0x26ea, 0x26ea}, {0x26f2, 0x26f3}, {0x26f5, 0x26f5}, {0x26fa, 0x26fa}, {0x26fd, 0x26fd}, {0x2705, 0x2705}, {0x270a, 0x270b},
	{0x2728, 0x2728}, {0x274c, 0x274c}, {0x274e, 0x274e}, {0x2753, 0x2755}, {0x2757, 0x2757}, {0x2795, 0x2797}, {0x27b0, 0x27b0}, {0x27bf, 0x27bf},
	{0x2b1b, 0x2b1c}, {0x2b50, 0x2b50}, {0x2b55, 0x2b55}, {0x2e80, 0x3029}, {0x302e, 0x303e}, {0x3041, 0x3096}, {0x309b, 0x3247}, {0x3250, 0x4dbf},
	{0x4e00, 0xa4c6}, {0xa960, 0xa97c}, {0xac00, 0xd7a3}, {0xf900, 0xfad9}, {0xfe10, 0xfe19}, {0xfe30, 0xfe6b}, {0xff01, 0xff60}, {0xffe0, 0xffe6},
	{0x16fe0, 0x16fe3}, {0x16ff0, 0x1b2fb}, {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335},
	{0x1f337, 0x1f37c}, {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0}, {0x1f3f4, 0x1f3f4}, {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440},
	{0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f54e}, {0x1f550, 0x1f567}, {0x1f57a, 0x1f57a}, {0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f},
	{0x1f680, 0x1f6c5}, {0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6df}, {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7f0}, {0x1f90c, 0x1f93a},
	{0x1f93c, 0x1f945}, {0x1f947, 0x1f9ff}, {0x1fa70, 0x1faf8}, {0x20000, 0x323af},
}

// text returns what is shown, without spaces on the right.
func (s *emulator) text() []string {
	lines := make([]string, s.height)
	for i, row := range s.cells {
		var b strings.Builder
		for x, cell := range row {
			switch {
			case cell == "" && x > 0 && row[x-1] != "" && textCells(row[x-1]) == 2:
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
		if found := joinedEmoji.FindStringIndex(text); s.joins && found != nil && found[0] == 0 {
			s.character('🙂', text[:found[1]])
			text = text[found[1]:]
			continue
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
	case !s.joins && (r == '\u200d' || r == '\ufe0f'):
	case invisible(r):
		s.unknown = append(s.unknown, text)
	default:
		width := cells(r)
		at := s.cells[s.y]
		if width == 0 {
			at[max(0, s.x-1)] += text
			return
		}
		if s.x+width > s.width && !s.joins && !s.wraps {
			return
		}
		if s.x+width > s.width {
			s.unknown = append(s.unknown, fmt.Sprintf("%q after the last cell", text))
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
	case final == "G" && numbers[0] >= 1 && numbers[0] <= s.width+1:
		s.x = min(numbers[0], s.width) - 1
	case final == "H" && len(numbers) == 2 && numbers[0] >= 1 && numbers[0] <= s.height && numbers[1] >= 1 && numbers[1] <= s.width:
		s.y, s.x = numbers[0]-1, numbers[1]-1
	default:
		s.unknown = append(s.unknown, "ESC ["+parameters+final)
	}
}
