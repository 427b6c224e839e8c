package main

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A frame is what a film shows from a time on.
type frame struct {
	at time.Duration
	screen
}

// A film is a recorded scene.
type film struct {
	title, description string
	columns, rows      int
	frames             []frame // the first one at 0
	still              int     // the frame for readers without animation
	length             time.Duration
}

// The measures of a picture, in user units.
const (
	cellWidth, cellHeight = 8.4, 19.0
	fontSize, baseline    = 14, 14.0
	margin, bar           = 14.0, 32.0
)

// poster is how long the last frame is shown before the film begins, so that a picture
// says something from its first moment on. It adds to the pause at the end.
const poster = 1500 * time.Millisecond

// blink is how long a cursor that does not move is on, and then off.
const blink = 530 * time.Millisecond

// styleSheet has the colours. They have enough contrast on the picture's own
// background, and the frame can be seen on a light page and on a dark one.
const styleSheet = `text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;fill:#e6edf3;white-space:pre}
.t{font:13px -apple-system,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif;fill:#9da7b3;text-anchor:middle}
.b{font-weight:700}.u{text-decoration:underline}.r{fill:#1b2028}
.black{fill:#6e7681}.red{fill:#ff7b72}.green{fill:#7ee787}.yellow{fill:#f2cc60}.blue{fill:#79c0ff}.magenta{fill:#d2a8ff}.cyan{fill:#76e3ea}.white{fill:#e6edf3}.faint{fill:#9da7b3}
.f{fill:#e6edf3}.c{fill:#9da7b3}
`

// A piece is a text, or a filled area, in one row of the picture, that is shown from
// the frame born on and no longer from the frame died on.
type piece struct {
	x, y, width int
	text        string // "" is a filled area
	style
	born, died int
}

// pieces divides the film into pieces. What does not change from one frame to the next
// remains one piece: a line that is typed consists of its letters.
func (m film) pieces() []piece {
	var done, alive []piece
	for i, f := range m.frames {
		covered := make([][2][]bool, m.rows) // per row and layer: the cells with a piece
		for y := range covered {
			covered[y] = [2][]bool{make([]bool, m.columns), make([]bool, m.columns)}
		}
		var kept []piece
		for _, p := range alive {
			if !p.isIn(f.screen) {
				p.died = i
				done = append(done, p)
				continue
			}
			kept = append(kept, p)
			for x := p.x; x < p.x+p.width; x++ {
				covered[p.y][p.layer()][x] = true
			}
		}
		alive = kept
		for y, row := range f.rows {
			for _, p := range split(row) {
				for _, p := range p.without(covered[y][p.layer()]) {
					p.y, p.born = y, i
					alive = append(alive, p)
				}
			}
		}
	}
	for _, p := range alive {
		p.died = len(m.frames)
		done = append(done, p)
	}
	return done
}

func (p piece) layer() int { return life{isText: p.text != ""}.layer() }

func (l life) layer() int {
	if l.isText {
		return 1
	}
	return 0
}

// isIn reports whether the piece is part of the screen, with nothing before and after
// it that belongs to it: an area ends where the screen's ends.
func (p piece) isIn(s screen) bool {
	row := s.rows[p.y]
	if p.text == "" {
		for x := p.x; x < p.x+p.width; x++ {
			if !row[x].reverse {
				return false
			}
		}
		return true
	}
	x := p.x
	for _, r := range p.text {
		if row[x] != (cell{r, p.style}) {
			return false
		}
		x++
	}
	return true
}

// split returns the pieces of a row: areas, and texts of one style without two blanks
// in sequence, so that no renderer has to keep blanks.
func split(row []cell) []piece {
	var found []piece
	for x := 0; x < len(row); {
		end := x
		for end < len(row) && row[end].reverse {
			end++
		}
		if end > x {
			found = append(found, piece{x: x, width: end - x})
		}
		x = max(end, x+1)
	}
	for x := 0; x < len(row); {
		if row[x].char == ' ' {
			x++
			continue
		}
		end := x
		for end < len(row) && row[end].style == row[x].style && (row[end].char != ' ' || end+1 < len(row) && row[end+1].char != ' ') {
			end++
		}
		var text strings.Builder
		for _, c := range row[x:end] {
			text.WriteRune(c.char)
		}
		trimmed := strings.TrimRight(text.String(), " ")
		found = append(found, piece{x: x, width: utf8.RuneCountInString(trimmed), text: trimmed, style: row[x].style})
		x = end
	}
	return found
}

// without returns the parts of the piece that are in no covered cell.
func (p piece) without(covered []bool) []piece {
	var found []piece
	letters := []rune(p.text)
	for x := p.x; x < p.x+p.width; {
		end := x
		for end < p.x+p.width && !covered[end] {
			end++
		}
		if end > x {
			part := p
			part.x, part.width = x, end-x
			if p.text != "" {
				text := string(letters[x-p.x : end-p.x])
				part.text = strings.TrimLeft(text, " ")
				part.x += len(text) - len(part.text)
				part.text = strings.TrimRight(part.text, " ")
				part.width = utf8.RuneCountInString(part.text)
			}
			if p.text == "" || part.text != "" {
				found = append(found, part)
			}
		}
		x = max(end, x+1)
	}
	return found
}

// number formats a length with at most one decimal.
func number(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

func left(x int) float64 { return margin + float64(x)*cellWidth }
func top(y int) float64  { return bar + margin/2 + float64(y)*cellHeight }

// write appends the SVG of the piece.
func (p piece) write(b *bytes.Buffer) {
	if p.text == "" {
		fmt.Fprintf(b, `<rect class="f" x="%s" y="%s" width="%s" height="%s"/>`,
			number(left(p.x)), number(top(p.y)), number(float64(p.width)*cellWidth), number(cellHeight))
		return
	}
	var classes []string
	switch {
	case p.reverse:
		classes = append(classes, "r")
	case p.color != "":
		classes = append(classes, p.color)
	case p.faint:
		classes = append(classes, "faint")
	}
	if p.bold {
		classes = append(classes, "b")
	}
	if p.underline {
		classes = append(classes, "u")
	}
	class := ""
	if len(classes) > 0 {
		class = fmt.Sprintf(` class="%s"`, strings.Join(classes, " "))
	}
	fmt.Fprintf(b, `<text%s x="%s" y="%s" textLength="%s" lengthAdjust="spacingAndGlyphs">`,
		class, number(left(p.x)), number(top(p.y)+baseline), number(float64(p.width)*cellWidth))
	_ = xml.EscapeText(b, []byte(p.text))
	b.WriteString("</text>")
}

// A life is the time in which a piece is shown: from the frame born on until the frame
// died. Areas are drawn below all texts.
type life struct {
	isText     bool
	born, died int
}

// svg returns the picture. It is drawn as the frame still; the style sheet's animation
// shows all. Pieces that appear and disappear together are one group with one animation.
func (m film) svg() []byte {
	groups := map[life][]piece{}
	for _, p := range m.pieces() {
		l := life{p.text != "", p.born, p.died}
		groups[l] = append(groups[l], p)
	}
	lives := slices.SortedFunc(maps.Keys(groups), func(a, b life) int {
		return cmp.Or(a.layer()-b.layer(), a.born-b.born, a.died-b.died)
	})
	var styles, body bytes.Buffer
	for n, l := range lives {
		styles.WriteString(m.animation(fmt.Sprintf("k%d", n), l))
		fmt.Fprintf(&body, `<g class="k%d"`, n)
		if m.still < l.born || m.still >= l.died {
			body.WriteString(` visibility="hidden"`)
		}
		body.WriteString(">")
		for _, p := range groups[l] {
			p.write(&body)
		}
		body.WriteString("</g>\n")
	}
	width, height := 2*margin+float64(m.columns)*cellWidth, bar+margin*1.5+float64(m.rows)*cellHeight
	still := m.frames[m.still]

	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s" role="img" aria-labelledby="title desc">`+"\n", number(width), number(height), number(width), number(height))
	fmt.Fprintf(&b, "<!-- Made by scripts/pictures from a run of the program. Change scripts/record, not this file. -->\n")
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n", escape(m.title), escape(m.description))
	fmt.Fprintf(&b, "<style>\n%sg{animation:%ss step-end infinite}\n%s.k{animation-name:k}\n%s@media(prefers-reduced-motion:reduce){g{animation:none!important}}\n</style>\n",
		styleSheet, strconv.FormatFloat(m.total().Seconds(), 'f', 2, 64), m.cursorAnimation(), styles.String())
	fmt.Fprintf(&b, `<rect x=".5" y=".5" width="%s" height="%s" rx="8" fill="#1b2028" stroke="#6e7681"/>`+"\n", number(width-1), number(height-1))
	fmt.Fprintf(&b, `<path d="M1 %s H%s" stroke="#373e47"/>`, number(bar-.5), number(width-1))
	for i := range 3 {
		fmt.Fprintf(&b, `<circle cx="%d" cy="16" r="5.5" fill="#4d5560"/>`, 20+18*i)
	}
	fmt.Fprintf(&b, "\n"+`<text class="t" x="%s" y="20.5">%s</text>`+"\n", number(width/2), escape(m.title))
	fmt.Fprintf(&b, `<g class="k" transform="translate(%s %s)"><rect class="c" width="%s" height="17" y="1"/></g>`+"\n", number(left(still.x)), number(top(still.y)), number(cellWidth))
	b.Write(body.Bytes())
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func escape(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

// total is the length of the animation.
func (m film) total() time.Duration { return poster + m.length }

// percent returns a time after the poster as a part of the animation.
func (m film) percent(at time.Duration) string {
	return strconv.FormatFloat(100*(poster+at).Seconds()/m.total().Seconds(), 'f', 2, 64) + "%"
}

// animation returns the rule for the group of the pieces with that life, which is shown
// in its time and, if it is part of the last frame, before the film begins.
func (m film) animation(name string, l life) string {
	isLast := l.died == len(m.frames)
	if isLast && l.born == 0 {
		return fmt.Sprintf("@keyframes %s{0%%{visibility:visible}}.%s{animation-name:%s}\n", name, name, name)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "@keyframes %s{", name)
	if isLast {
		fmt.Fprintf(&b, "0%%{visibility:visible}%s{visibility:hidden}", m.percent(0))
	} else {
		b.WriteString("0%{visibility:hidden}")
	}
	fmt.Fprintf(&b, "%s{visibility:visible}", m.percent(m.frames[l.born].at))
	if !isLast {
		fmt.Fprintf(&b, "%s{visibility:hidden}", m.percent(m.frames[l.died].at))
	}
	fmt.Fprintf(&b, "}.%s{animation-name:%s}\n", name, name)
	return b.String()
}

// cursorAnimation returns the rule for the cursor, which blinks while nothing changes.
func (m film) cursorAnimation() string {
	var b strings.Builder
	b.WriteString("@keyframes k{")
	add := func(from, to time.Duration, f frame) {
		for isOn := f.cursor; from < to; from, isOn = from+blink, !isOn && f.cursor {
			visibility := "hidden"
			if isOn {
				visibility = "visible"
			}
			fmt.Fprintf(&b, "%s{transform:translate(%spx,%spx);visibility:%s}", m.percent(from), number(left(f.x)), number(top(f.y)), visibility)
		}
	}
	add(-poster, 0, m.frames[len(m.frames)-1])
	for i, f := range m.frames {
		end := m.length
		if i+1 < len(m.frames) {
			end = m.frames[i+1].at
		}
		add(f.at, end, f)
	}
	b.WriteString("}\n")
	return b.String()
}
