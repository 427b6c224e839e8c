package awsconfig

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// text is the file with the changes made.
func (e *edition) text() []byte {
	var removed []header
	for _, s := range e.found {
		if s.removed {
			removed = append(removed, s.spans...)
		} else if len(s.keys) > 0 {
			e.editKeys(s)
		}
	}
	e.removeSections(removed)
	slices.SortFunc(e.cuts, func(a, b splice) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})

	eol := lineEnd(e.src)
	edited := make([]byte, 0, len(e.src)+e.growth())
	pos := 0
	for _, c := range e.cuts {
		edited = appendLines(edited, e.src[pos:c.from])
		if c.lines && !endsLine(edited) {
			edited = append(edited, eol...)
		}
		edited = append(edited, c.text...)
		if pos = c.to; pos == len(e.src) && c.section {
			edited = trimBlankLine(edited)
		}
	}
	edited = appendLines(edited, e.src[pos:])
	if len(e.src) > 0 && !endsLine(e.src) {
		edited = trimLineEnd(edited)
	}
	for _, s := range e.added {
		if !s.removed {
			edited = s.append(edited, eol)
		}
	}
	return edited
}

// growth bounds how much longer the file becomes.
func (e *edition) growth() int {
	n := 0
	for _, c := range e.cuts {
		n += len(c.text) + len("\r\n")
	}
	for _, s := range e.added {
		n += len(s.text) + len("\r\n\r\n[]\r\n")
		for _, k := range s.keys {
			n += len(k.key) + len(k.value) + len(" = \r\n")
		}
	}
	return n
}

// append writes a new section, set off by a blank line.
func (s *sectionEdit) append(text, eol []byte) []byte {
	text = setOff(text, eol)
	text = append(text, '[')
	text = append(text, s.text...)
	text = append(text, ']')
	text = append(text, eol...)
	for _, k := range s.keys {
		if !k.remove {
			text = append(text, k.assignment()...)
			text = append(text, eol...)
		}
	}
	return text
}

// assignment is a new line for a key.
func (k keyEdit) assignment() string {
	return strings.TrimRight(k.key+" = "+k.value, " ")
}

// editKeys replaces and removes values under a header, and adds keys.
func (e *edition) editKeys(s *sectionEdit) {
	var where headers
	for i := range s.spans {
		where.add(&s.spans[i])
	}
	for old := range entries(e.src, where) {
		i, ok := s.index[string(old.key)]
		if !ok {
			continue
		}
		if k := &s.keys[i]; k.remove {
			e.cut(splice{from: old.line.start, to: old.line.next})
			e.cutContinuations(old)
		} else {
			k.old, k.found = old, true // the last one counts
		}
	}
	var added []string
	for _, k := range s.keys {
		if k.found {
			e.replaceValue(k.old, k.value)
		} else if !k.remove {
			added = append(added, k.assignment())
		}
	}
	if len(added) > 0 {
		e.addKeys(where, added)
	}
}

func (e *edition) cut(c splice) { e.cuts = append(e.cuts, c) }

// replaceValue puts a value in the place of an entry's.
func (e *edition) replaceValue(old entry, value string) {
	was := old.line.value()
	textEnd := old.line.textAt + len(old.line.text)
	if before := old.line.text[:old.line.delim]; len(was) == 0 && value != "" && isShellBlank(before[len(before)-1]) {
		value = " " + value // "region =" becomes "region = x", but "region=" "region=x"
	}
	e.cut(splice{from: textEnd - len(was), to: textEnd, text: []byte(value)})
	e.cutContinuations(old)
}

// cutContinuations removes the further lines of a value. Comments and blank
// lines among them stay.
func (e *edition) cutContinuations(old entry) {
	scan := scanBody(e.src[:old.end], old.line.start)
	scan.next()
	for scan.next() {
		if scan.line.kind == continuation {
			e.cut(splice{from: scan.line.start, to: scan.line.next})
		}
	}
}

// addKeys puts lines under the last line that says something in the last section
// under the headers, so before the blank lines and comments at its end.
//
// The lines are indented like the last key, be it one that goes. Any deeper, they
// would continue that key's value; any less, an indented header behind them would
// continue their own. In a section without keys, only that header matters.
func (e *edition) addKeys(where headers, added []string) {
	scan := scanLines(e.src[:where.end])
	scan.pos = where.last
	scan.next()
	after := scan.line
	indentation := after.indentation(e.src)
	deepen := func(header line) {
		if deeper := header.indentation(e.src); utf8.RuneCount(deeper) > utf8.RuneCount(indentation) {
			indentation = deeper
		}
	}
	if where.end < len(e.src) {
		next := scanLines(e.src)
		next.pos = where.end
		next.next()
		deepen(next.line)
	}
	for scan.next() && !scan.line.brokenHeader() {
		switch scan.line.kind {
		case blankLine, commentLine:
			continue
		case keyLine:
			indentation = scan.line.indentation(e.src)
		}
		after = scan.line
	}
	if scan.line.brokenHeader() {
		deepen(scan.line)
	}

	eol := after.terminator(e.src)
	if len(eol) == 0 {
		eol = lineEnd(e.src)
	}
	var text []byte
	for _, line := range added {
		text = append(text, indentation...)
		text = append(text, line...)
		text = append(text, eol...)
	}
	e.cut(splice{from: after.next, to: after.next, text: text, lines: true})
}

// appendLines appends a text from which other lines stood apart: a \r alone must
// not come to stand before a \n, with which it would be one line end. Nor must
// one before that, once it is replaced.
func appendLines(text, lines []byte) []byte {
	if len(lines) > 0 && lines[0] == '\n' {
		for n := len(text); n > 0 && text[n-1] == '\r'; n-- {
			text[n-1] = '\n'
		}
	}
	return append(text, lines...)
}

// setOff ends a text with a blank line, if there is anything in it.
func setOff(text, eol []byte) []byte {
	switch last, terminated := lastLine(text); {
	case !terminated && len(last) == 0: // an empty file
	case !terminated:
		text = append(text, eol...)
		text = append(text, eol...)
	case len(strip(last)) > 0:
		text = append(text, eol...)
	}
	return text
}

// lineEnd is the file's way to end a line: that of its first.
func lineEnd(src []byte) []byte {
	scan := scanLines(src)
	if scan.next() {
		if eol := scan.line.terminator(src); len(eol) > 0 {
			return eol
		}
	}
	return []byte("\n")
}

// lastLine is the text of a file's last line, and whether a line end follows it.
func lastLine(src []byte) (text []byte, terminated bool) {
	top := textStart(src)
	text = trimLineEnd(src[top:])
	terminated = top+len(text) < len(src)
	return text[bytes.LastIndexAny(text, "\r\n")+1:], terminated
}

func endsLine(text []byte) bool {
	return bytes.HasSuffix(text, []byte("\n")) || bytes.HasSuffix(text, []byte("\r"))
}

// trimLineEnd takes one line end off a text.
func trimLineEnd(text []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
}

// trimBlankLine takes a blank line off the end of a text, if there is one.
func trimBlankLine(text []byte) []byte {
	if last, terminated := lastLine(text); terminated && len(strip(last)) == 0 {
		return text[:len(trimLineEnd(text))-len(last)]
	}
	return text
}
