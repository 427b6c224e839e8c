package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A style is how a character is drawn.
type style struct {
	color     string // the name of a class of the style sheet; "" is the usual colour
	bold      bool
	faint     bool
	underline bool
	reverse   bool
}

// A cell is one character of the screen.
type cell struct {
	char rune // ' ' in an empty cell
	style
}

// A screen is what a terminal shows.
type screen struct {
	rows   [][]cell
	x, y   int // of the cursor
	cursor bool
	above  int // lines that have left the screen at the top
}

func (s screen) equal(other screen) bool {
	return s.x == other.x && s.y == other.y && s.cursor == other.cursor && slices.EqualFunc(s.rows, other.rows, slices.Equal)
}

// text returns the text of the screen, without the empty end of each line and of the
// screen.
func (s screen) text() string {
	var b strings.Builder
	for _, row := range s.rows {
		var line strings.Builder
		for _, c := range row {
			line.WriteRune(c.char)
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// replace returns a copy of the screen in which old is replaced by text of the same
// length, also where a line is continued in the next row.
func (s screen) replace(old, text string) screen {
	var all []cell
	for _, row := range s.rows {
		all = append(all, row...)
	}
	from, to := []rune(old), []rune(text)
	for at := 0; at+len(from) <= len(all); at++ {
		for i := 0; all[at+i].char == from[i]; {
			if i++; i < len(from) {
				continue
			}
			for j, r := range to {
				all[at+j].char = r
			}
			break
		}
	}
	s.rows = slices.Clone(s.rows)
	for y, row := range s.rows {
		s.rows[y], all = all[:len(row):len(row)], all[len(row):]
	}
	return s
}

// parseScreen reads what "tmux capture-pane -e" prints. Every row of the result has the
// given number of columns. Characters that are not one cell wide are an error.
func parseScreen(text string, columns, rows int) ([][]cell, error) {
	result := make([][]cell, rows)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	var now style
	for y := range result {
		row := slices.Repeat([]cell{{char: ' '}}, columns)
		line := ""
		if y < len(lines) {
			line = lines[y]
		}
		for x := 0; line != ""; {
			if rest, ok := strings.CutPrefix(line, "\x1b["); ok {
				sequence, after, _ := strings.Cut(rest, "m")
				if err := now.apply(sequence); err != nil {
					return nil, err
				}
				line = after
				continue
			}
			r := []rune(line)[0]
			line = line[len(string(r)):]
			switch {
			case r < ' ' || r > 0x24ff:
				return nil, fmt.Errorf("no character for a picture: %q", r)
			case x == columns:
				return nil, fmt.Errorf("row %d is wider than %d columns", y, columns)
			}
			row[x] = cell{r, now}
			x++
		}
		result[y] = row
	}
	return result, nil
}

var colorNames = []string{"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"}

// apply changes the style by the parameters of a control sequence SGR.
func (s *style) apply(sequence string) error {
	for parameter := range strings.SplitSeq(sequence, ";") {
		n, err := strconv.Atoi(parameter)
		switch {
		case parameter == "", err == nil && n == 0:
			*s = style{}
		case n == 1:
			s.bold = true
		case n == 2:
			s.faint = true
		case n == 4:
			s.underline = true
		case n == 7:
			s.reverse = true
		case n == 22:
			s.bold, s.faint = false, false
		case n == 24:
			s.underline = false
		case n == 27:
			s.reverse = false
		case n >= 30 && n < 38:
			s.color = colorNames[n-30]
		case n == 49: // the usual background
		case n == 39:
			s.color = ""
		default:
			return fmt.Errorf("no style for a picture: %q", sequence)
		}
	}
	return nil
}

// has reports whether the screen shows the text, also where a line is continued in the
// next row.
func (s screen) has(text string) bool {
	var all strings.Builder
	for _, row := range s.rows {
		for _, c := range row {
			all.WriteRune(c.char)
		}
	}
	return strings.Contains(all.String(), text)
}
