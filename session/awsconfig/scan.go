package awsconfig

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// What kind a line is depends on the lines above it. Python's configparser
// carries two things from line to line, and so does this package: whether a key
// is open (one was read since the last header), and how far that key's line is
// indented. A line indented deeper than the open key continues the key's value,
// whatever it looks like: a key, a header, anything but a comment. A line that
// is indented no deeper starts something new, so a header or a key may well be
// indented.
type lineKind uint8

const (
	blankLine    lineKind = iota // nothing but blanks
	commentLine                  // starts with # or ;, at any indentation
	headerLine                   // [text], and anything behind the last ]
	keyLine                      // name = value, or name : value
	continuation                 // more of the open key's value
	strayLine                    // before the first header: the AWS CLI rejects the file
	junkLine                     // neither header nor key: the AWS CLI rejects the file
)

type line struct {
	kind   lineKind
	start  int    // offset of the line
	end    int    // offset of its terminator
	next   int    // offset of the next line
	textAt int    // offset of text
	text   []byte // the line without the blanks around it
	delim  int    // index in text of the = or : of a keyLine
}

// indentation is the line's leading blanks.
func (l line) indentation(src []byte) []byte { return src[l.start:l.textAt] }

// terminator is "\n", "\r\n", "\r", or "" at the end of a file.
func (l line) terminator(src []byte) []byte { return src[l.end:l.next] }

// key is the name in a keyLine as it is written.
func (l line) key() []byte { return trimRight(l.text[:l.delim]) }

// value is what a keyLine says behind its delimiter.
func (l line) value() []byte { return trimLeft(l.text[l.delim+1:]) }

// header is the text in the brackets of a headerLine.
func (l line) header() []byte { return l.text[1:bytes.LastIndexByte(l.text, ']')] }

// lineScanner classifies lines one by one. Its first fields are its place and
// the state that the lines above have left.
type lineScanner struct {
	src     []byte
	pos     int
	section bool // a header was seen
	open    bool // a key is open, and
	indent  int  // indented by so many characters
	ends    lineEnds
	line    line // the line that next has read
}

// scanLines starts at the top of a file.
func scanLines(src []byte) lineScanner {
	return lineScanner{src: src, pos: textStart(src), ends: lineEnds{src: src, lf: -1, cr: -1}}
}

// scanBody starts inside a section, where no key is open.
func scanBody(src []byte, pos int) lineScanner {
	s := scanLines(src)
	s.enter(pos)
	return s
}

// enter goes to the first line under a header.
func (s *lineScanner) enter(pos int) {
	s.pos, s.section, s.open = pos, true, false
}

// next reads a line; it reports false at the end of the file.
func (s *lineScanner) next() bool {
	if s.pos >= len(s.src) {
		return false
	}
	l := line{start: s.pos}
	l.end, l.next = s.ends.after(s.pos)
	s.pos = l.next
	l.text = trimLeft(s.src[l.start:l.end])
	l.textAt = l.end - len(l.text)
	l.text = trimRight(l.text)
	l.kind = s.classify(&l)
	s.line = l
	return true
}

// classify decides in the order in which configparser does. Lines that
// configparser would reject leave no trace in the state.
func (s *lineScanner) classify(l *line) lineKind {
	if len(l.text) == 0 {
		return blankLine
	}
	if isComment(l.text) {
		return commentLine
	}
	indent := l.textAt - l.start
	if indent > 0 {
		indent = utf8.RuneCount(s.src[l.start:l.textAt])
	}
	if s.open && indent > s.indent {
		return continuation
	}
	if isHeader(l.text) {
		s.section, s.open = true, false
		return headerLine
	}
	if !s.section {
		return strayLine
	}
	l.delim = delimiter(l.text)
	if l.delim <= 0 {
		return junkLine
	}
	s.open, s.indent = true, indent
	return keyLine
}

// isComment knows a comment by its first character.
func isComment(text []byte) bool { return text[0] == '#' || text[0] == ';' }

// isHeader follows configparser's expression \[.+\] from the start of the text:
// it is greedy, so the last ] on the line closes the header ("[a] # [b]" has
// the name "a] # [b"), and nothing between the brackets is no header.
func isHeader(text []byte) bool {
	return text[0] == '[' && bytes.LastIndexByte(text, ']') >= 2
}

// delimiter is the index of the first = or : in text, or -1.
func delimiter(text []byte) int {
	equals := bytes.IndexByte(text, '=')
	before := text
	if equals >= 0 {
		before = text[:equals]
	}
	if colon := bytes.IndexByte(before, ':'); colon >= 0 {
		return colon
	}
	return equals
}

// brokenHeader tells whether the line was meant to begin a section and does
// not: it lacks a bracket, or a name between the two.
func (l line) brokenHeader() bool { return l.kind == junkLine && l.text[0] == '[' }

// says tells whether the line is neither blank nor a comment.
func (l line) says() bool { return l.kind != blankLine && l.kind != commentLine }

// indentationAt is the blanks before a header, which stands on the line at pos.
func indentationAt(src []byte, pos int) []byte {
	return src[pos : pos+bytes.IndexByte(src[pos:], '[')]
}

// header is a section's header line and the extent of its section.
type header struct {
	start int    // offset of the header's line
	text  []byte // what stands between the brackets
	body  int    // offset of the line under the header
	end   int    // offset of the next header's line, or the end of the file
}

// headerScanner walks the headers without reading the lines between them: it
// jumps from [ to [. A [ at the very start of a line needs no context. Before
// an indented one, which may be a continuation, the scanner reads the lines
// that it has skipped.
type headerScanner struct {
	src    []byte
	pos    int
	ends   lineEnds
	lines  lineScanner // behind pos, in the body of the last header found
	ahead  header      // the header after this one, without its end
	more   bool        // ahead is set
	header header
}

// scanHeaders starts at the top of a file.
func scanHeaders(src []byte) headerScanner { return scanHeadersAt(src, textStart(src)) }

// scanHeadersAt starts at a header or at the top of a file.
func scanHeadersAt(src []byte, pos int) headerScanner {
	s := headerScanner{src: src, pos: pos, lines: scanLines(src)}
	s.lines.pos = pos
	s.ends = s.lines.ends
	s.find()
	return s
}

// next reports false when there is no further header.
func (s *headerScanner) next() bool {
	if !s.more {
		return false
	}
	s.header = s.ahead
	s.find()
	s.header.end = len(s.src)
	if s.more {
		s.header.end = s.ahead.start
	}
	return true
}

// find looks for the next header line. Only the first [ of a line matters.
func (s *headerScanner) find() {
	s.more = false
	for !s.more && s.pos < len(s.src) {
		i := bytes.IndexByte(s.src[s.pos:], '[')
		if i < 0 {
			s.pos = len(s.src)
			return
		}
		bracket := s.pos + i
		end, next := s.ends.after(bracket)
		s.pos = next
		start, ok := lineStart(s.src, bracket)
		if !ok {
			continue
		}
		text := s.src[bracket:end]
		if start < bracket && !s.readsAsHeader(start) || !isHeader(text) {
			continue
		}
		s.ahead = header{start: start, text: text[1:bytes.LastIndexByte(text, ']')], body: next}
		s.more = true
		s.lines.enter(next)
	}
}

// readsAsHeader reads up to the line at start.
func (s *headerScanner) readsAsHeader(start int) bool {
	for s.lines.pos <= start && s.lines.next() {
	}
	return s.lines.line.kind == headerLine
}

// lineStart is the offset of the line on which pos stands, when nothing but
// blanks stands before it.
func lineStart(src []byte, pos int) (int, bool) {
	top := textStart(src)
	for pos > top {
		switch c := src[pos-1]; {
		case c == '\n' || c == '\r':
			return pos, true
		case c < utf8.RuneSelf:
			if !isBlank(rune(c)) {
				return 0, false
			}
			pos--
		default:
			r, size := utf8.DecodeLastRune(src[top:pos])
			if !isBlank(r) {
				return 0, false
			}
			pos -= size
		}
	}
	return pos, true
}

// lineEnds finds the ends of lines as Python's universal newlines have them:
// \n, \r\n and \r alone. It remembers the next \n and the next \r, so that a
// file with only one of them is not searched for the other at every line.
type lineEnds struct {
	src    []byte
	lf, cr int // the first at or after the last pos, or len(src)
}

// after finds the end of the line that holds pos, and the start of the next.
// Calls must not go backwards.
func (e *lineEnds) after(pos int) (end, next int) {
	if e.lf < pos {
		e.lf = indexFrom(e.src, pos, '\n')
	}
	if e.cr < pos {
		e.cr = indexFrom(e.src, pos, '\r')
	}
	switch end = min(e.lf, e.cr); {
	case end == len(e.src):
		return end, end
	case e.cr+1 == e.lf && e.lf < len(e.src):
		return end, end + 2
	default:
		return end, end + 1
	}
}

// indexFrom is the offset of c at or after pos, or len(src).
func indexFrom(src []byte, pos int, c byte) int {
	if i := bytes.IndexByte(src[pos:], c); i >= 0 {
		return pos + i
	}
	return len(src)
}

// lineCounter turns offsets into line numbers, counting from 1. Offsets must
// not go backwards.
type lineCounter struct {
	src     []byte
	pos     int
	newline int // lines that end before pos
}

func (c *lineCounter) at(pos int) int {
	part := c.src[c.pos:pos]
	c.newline += bytes.Count(part, []byte("\n"))
	if bytes.IndexByte(part, '\r') >= 0 {
		c.newline += bytes.Count(part, []byte("\r")) - bytes.Count(part, []byte("\r\n"))
	}
	c.pos = pos
	return c.newline + 1
}

// textStart is the offset of the text behind a byte order mark.
func textStart(src []byte) int {
	if bytes.HasPrefix(src, []byte(bom)) {
		return len(bom)
	}
	return 0
}

// isBlank is what Python's str.strip and \s take for white space.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f
}

// strip is Python's str.strip.
func strip(s []byte) []byte { return trimLeft(trimRight(s)) }

// trimLeft and trimRight look at the one byte first that almost always settles
// the matter.

func trimLeft(s []byte) []byte {
	if len(s) > 0 && '!' <= s[0] && s[0] <= '~' {
		return s
	}
	return bytes.TrimLeftFunc(s, isBlank)
}

func trimRight(s []byte) []byte {
	if len(s) > 0 && '!' <= s[len(s)-1] && s[len(s)-1] <= '~' {
		return s
	}
	return bytes.TrimRightFunc(s, isBlank)
}
