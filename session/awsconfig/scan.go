package awsconfig

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// A lineKind is the kind of a line. It depends on the lines above: like Python's
// configparser, the scanner keeps whether a key is open, that is one was read since
// the last header, and how far its line is indented. A line that is indented more
// than the open key continues its value, even if it looks like a key or a header;
// only comments do not. A line that is indented less or as much starts a new key or
// header, so that both may be indented.
type lineKind uint8

const (
	blankLine    lineKind = iota // only white space
	commentLine                  // starts with # or ;, at any indentation
	headerLine                   // [text], and anything after the last ]
	keyLine                      // name = value, or name : value
	continuation                 // more of the open key's value
	strayLine                    // before the first header: the AWS CLI rejects the file
	invalidLine                  // neither header nor key: the AWS CLI rejects the file
)

type line struct {
	kind   lineKind
	start  int    // offset of the line
	end    int    // offset of its terminator
	next   int    // offset of the next line
	textAt int    // offset of text
	text   []byte // the line without white space around it
	delim  int    // index in text of the = or : of a keyLine
}

// indentation returns the line's leading white space.
func (l line) indentation(src []byte) []byte { return src[l.start:l.textAt] }

// terminator returns "\n", "\r\n", "\r", or "" at the end of a file.
func (l line) terminator(src []byte) []byte { return src[l.end:l.next] }

// key returns the key of a keyLine as it is written.
func (l line) key() []byte { return trimRight(l.text[:l.delim]) }

// value returns the text of a keyLine after its delimiter.
func (l line) value() []byte { return trimLeft(l.text[l.delim+1:]) }

// header returns the text in the brackets of a headerLine.
func (l line) header() []byte { return l.text[1:bytes.LastIndexByte(l.text, ']')] }

// A lineScanner reads lines and finds their kind.
type lineScanner struct {
	src     []byte
	pos     int  // offset of the next line
	section bool // a header was read
	open    bool // a key is open
	indent  int  // indentation of the open key, in characters
	ends    lineEnds
	line    line // the line that next has read
}

// scanLines returns a scanner at the top of a file.
func scanLines(src []byte) lineScanner {
	return lineScanner{src: src, pos: textStart(src), ends: lineEnds{src: src, lf: -1, cr: -1}}
}

// scanBody returns a scanner at pos, the start of a line inside a section, where
// no key is open.
func scanBody(src []byte, pos int) lineScanner {
	s := scanLines(src)
	s.enter(pos)
	return s
}

// enter moves the scanner to pos, the first line below a header.
func (s *lineScanner) enter(pos int) {
	s.pos, s.section, s.open = pos, true, false
}

// next reads the next line. It reports false at the end of the file.
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

// classify returns the kind of l, and updates the state. The order of the checks
// is that of configparser. Lines that configparser rejects do not change the state.
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
		return invalidLine
	}
	s.open, s.indent = true, indent
	return keyLine
}

// isComment reports whether a line with this text, which is not empty, is a comment.
func isComment(text []byte) bool { return text[0] == '#' || text[0] == ';' }

// isHeader reports whether the text matches configparser's expression \[.+\] at its
// start. It is greedy: the last ] of the line closes the header, and "[a] # [b]" has
// the name "a] # [b". "[]" does not match.
func isHeader(text []byte) bool {
	return text[0] == '[' && bytes.LastIndexByte(text, ']') >= 2
}

// delimiter returns the index of the first = or : in text, or -1.
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

// brokenHeader reports whether the line looks like a header but is not one: the
// closing bracket or the text between the brackets is missing.
func (l line) brokenHeader() bool { return l.kind == invalidLine && l.text[0] == '[' }

// hasContent reports whether the line is neither blank nor a comment.
func (l line) hasContent() bool { return l.kind != blankLine && l.kind != commentLine }

// indentationAt returns the white space before the header on the line at pos.
func indentationAt(src []byte, pos int) []byte {
	return src[pos : pos+bytes.IndexByte(src[pos:], '[')]
}

// header is a section's header line and the extent of its section.
type header struct {
	start int    // offset of the header's line
	text  []byte // the text between the brackets
	body  int    // offset of the line below the header
	end   int    // offset of the next header's line, or the end of the file
}

// A headerScanner finds headers without reading the lines between them: it searches
// for the next "[". One at the start of a line is a header regardless of the lines
// above. An indented one may be a continuation; to decide that, the scanner reads
// the lines that it has skipped.
type headerScanner struct {
	src    []byte
	pos    int
	ends   lineEnds
	lines  lineScanner // in the body of the last header found; not beyond pos
	ahead  header      // the header after this one, without its end
	more   bool        // ahead is set
	header header      // the header that next has found
}

// scanHeaders returns a scanner at the top of a file.
func scanHeaders(src []byte) headerScanner { return scanHeadersAt(src, textStart(src)) }

// scanHeadersAt returns a scanner at pos, which is the line of a header or the top
// of the file.
func scanHeadersAt(src []byte, pos int) headerScanner {
	s := headerScanner{src: src, pos: pos, lines: scanLines(src)}
	s.lines.pos = pos
	s.ends = s.lines.ends
	s.find()
	return s
}

// next finds the next header. It reports false at the end of the file.
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

// find finds the next header line and sets ahead. Only the first [ of a line can
// begin a header.
//
// This is the loop of every lookup. What nearly all headers have is checked first, by
// one byte: a line end before the [, and a ] before the line end. So a header costs
// 110 instructions (230 if the line is searched for both).
func (s *headerScanner) find() {
	s.more = false
	src := s.src
	for s.pos < len(src) {
		i := bytes.IndexByte(src[s.pos:], '[')
		if i < 0 {
			s.pos = len(src)
			return
		}
		bracket := s.pos + i
		end, next := s.ends.after(bracket)
		s.pos = next
		start := bracket
		if bracket > 0 && src[bracket-1] != '\n' {
			var ok bool
			if start, ok = lineStart(src, bracket); !ok {
				continue
			}
		}
		closing := end - 1
		if src[closing] != ']' {
			closing = bracket + bytes.LastIndexByte(src[bracket:end], ']')
		}
		if closing < bracket+2 || start < bracket && !s.readsAsHeader(start) { // as isHeader
			continue
		}
		s.ahead = header{start: start, text: src[bracket+1 : closing], body: next}
		s.more = true
		s.lines.enter(next)
		return
	}
}

// readsAsHeader reports whether the line at start, which begins with spaces and a
// bracket, is a header. It reads the lines up to there.
func (s *headerScanner) readsAsHeader(start int) bool {
	for s.lines.pos <= start && s.lines.next() {
	}
	return s.lines.line.kind == headerLine
}

// lineStart returns the offset of the line that contains pos. It reports false if
// text other than white space is before pos on that line.
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

// lineEnds finds line ends as Python's universal newlines do: \n, \r\n and \r. It
// keeps the next \n and the next \r, so that a file which has only one of them is
// not searched for the other at every line.
type lineEnds struct {
	src    []byte
	lf, cr int // offsets of the first at or after the last pos, or len(src)
}

// after returns the end of the line that contains pos, and the start of the next
// line. pos must not decrease from call to call.
func (e *lineEnds) after(pos int) (end, next int) {
	if e.lf < pos {
		e.lf = indexFrom(e.src, pos, '\n')
	}
	if e.cr < pos {
		e.cr = indexFrom(e.src, pos, '\r')
	}
	if e.lf < e.cr { // most files have no \r
		return e.lf, e.lf + 1
	}
	switch end = e.cr; {
	case end == len(e.src):
		return end, end
	case end+1 == e.lf && e.lf < len(e.src):
		return end, end + 2
	default:
		return end, end + 1
	}
}

// indexFrom returns the offset of the first c at or after pos, or len(src).
func indexFrom(src []byte, pos int, c byte) int {
	if i := bytes.IndexByte(src[pos:], c); i >= 0 {
		return pos + i
	}
	return len(src)
}

// A lineCounter converts offsets to line numbers.
type lineCounter struct {
	src     []byte
	pos     int
	newline int // lines that end before pos
}

// at returns the number of the line that contains pos, counted from 1. pos must not
// decrease from call to call.
func (c *lineCounter) at(pos int) int {
	part := c.src[c.pos:pos]
	c.newline += bytes.Count(part, []byte("\n"))
	if bytes.IndexByte(part, '\r') >= 0 {
		c.newline += bytes.Count(part, []byte("\r")) - bytes.Count(part, []byte("\r\n"))
	}
	c.pos = pos
	return c.newline + 1
}

// textStart returns the offset of the text after a byte order mark.
func textStart(src []byte) int {
	if bytes.HasPrefix(src, []byte(bom)) {
		return len(bom)
	}
	return 0
}

// isBlank reports whether r is white space for Python's str.strip and \s.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f
}

// strip is Python's str.strip.
func strip(s []byte) []byte { return trimLeft(trimRight(s)) }

// trimLeft and trimRight look at bytes before they decode runes: nearly all lines have
// only spaces and tabs around their text, and none of it is beyond ASCII.

func trimLeft(s []byte) []byte {
	n := 0
	for n < len(s) && (s[n] == ' ' || s[n] == '\t') {
		n++
	}
	if n < len(s) && '!' <= s[n] && s[n] <= '~' {
		return s[n:]
	}
	return bytes.TrimLeftFunc(s[n:], isBlank)
}

func trimRight(s []byte) []byte {
	n := len(s)
	for n > 0 && (s[n-1] == ' ' || s[n-1] == '\t') {
		n--
	}
	if n > 0 && '!' <= s[n-1] && s[n-1] <= '~' {
		return s[:n]
	}
	return bytes.TrimRightFunc(s[:n], isBlank)
}
