package awsconfig

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// apply returns the text of the file with the edits.
func (e *editor) apply() []byte {
	var removed []header
	for _, s := range e.found {
		if s.removed {
			removed = append(removed, s.spans...)
		} else if len(s.keys) > 0 {
			e.editKeys(s)
		}
	}
	e.removeSections(removed)
	if len(e.splices) == 0 && len(e.added) == 0 {
		return e.src
	}
	slices.SortFunc(e.splices, func(a, b splice) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})

	eol := lineEnd(e.src)
	edited := make([]byte, 0, len(e.src)+e.growth())
	pos := 0
	for _, c := range e.splices {
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

// growth returns an upper bound for the number of bytes that are added.
func (e *editor) growth() int {
	n := 0
	for _, c := range e.splices {
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

// append appends a new section to text, after a blank line.
func (s *sectionEdit) append(text, eol []byte) []byte {
	text = endWithBlankLine(text, eol)
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

// assignment returns the line of a new key.
func (k keyEdit) assignment() string {
	return strings.TrimRight(k.key+" = "+k.value, " ")
}

// editKeys adds the splices for the keys of a section.
func (e *editor) editKeys(s *sectionEdit) {
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
			e.addSplice(splice{from: old.line.start, to: old.line.next})
			e.removeContinuations(old)
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

func (e *editor) addSplice(c splice) { e.splices = append(e.splices, c) }

// replaceValue replaces the value of an entry.
func (e *editor) replaceValue(old entry, value string) {
	was := old.line.value()
	textEnd := old.line.textAt + len(old.line.text)
	if before := old.line.text[:old.line.delim]; len(was) == 0 && value != "" && isShellBlank(before[len(before)-1]) {
		value = " " + value // "region =" becomes "region = x", "region=" becomes "region=x"
	}
	e.addSplice(splice{from: textEnd - len(was), to: textEnd, text: []byte(value)})
	e.removeContinuations(old)
}

// removeContinuations removes the further lines of a value, but not the comments and
// blank lines between them.
func (e *editor) removeContinuations(old entry) {
	scan := scanBody(e.src[:old.end], old.line.start)
	scan.next()
	for scan.next() {
		if scan.line.kind == continuation {
			e.addSplice(splice{from: scan.line.start, to: scan.line.next})
		}
	}
}

// addKeys adds lines to the last section of the headers, below its last line that is
// neither blank nor a comment.
//
// The lines have the indentation of the last key, even if that key is removed: with
// more, they would continue its value; with less, an indented header below could
// continue theirs. In a section without keys, only that header matters.
func (e *editor) addKeys(where headers, added []string) {
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
	e.addSplice(splice{from: after.next, to: after.next, text: text, lines: true})
}

// appendLines appends lines to text, which did not follow each other before. If text
// ends in \r and lines begin with \n, the two would become one line end; the \r is
// therefore replaced by \n, and so is each \r before it.
func appendLines(text, lines []byte) []byte {
	if len(lines) > 0 && lines[0] == '\n' {
		for n := len(text); n > 0 && text[n-1] == '\r'; n-- {
			text[n-1] = '\n'
		}
	}
	return append(text, lines...)
}

// endWithBlankLine appends line ends so that text, unless it is empty, ends in a
// blank line.
func endWithBlankLine(text, eol []byte) []byte {
	switch last, terminated := lastLine(text); {
	case !terminated && len(last) == 0: // the file is empty
	case !terminated:
		text = append(text, eol...)
		text = append(text, eol...)
	case len(strip(last)) > 0:
		text = append(text, eol...)
	}
	return text
}

// lineEnd returns the line end of the file's first line, or \n if it has none.
func lineEnd(src []byte) []byte {
	scan := scanLines(src)
	if scan.next() {
		if eol := scan.line.terminator(src); len(eol) > 0 {
			return eol
		}
	}
	return []byte("\n")
}

// lastLine returns the text of the last line, and whether a line end follows it.
func lastLine(src []byte) (text []byte, terminated bool) {
	top := textStart(src)
	text = trimLineEnd(src[top:])
	terminated = top+len(text) < len(src)
	return text[bytes.LastIndexAny(text, "\r\n")+1:], terminated
}

// endsLine reports whether text ends in a line end.
func endsLine(text []byte) bool {
	return bytes.HasSuffix(text, []byte("\n")) || bytes.HasSuffix(text, []byte("\r"))
}

// trimLineEnd returns text without one line end at its end.
func trimLineEnd(text []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
}

// trimBlankLine returns text without one blank line at its end.
func trimBlankLine(text []byte) []byte {
	if last, terminated := lastLine(text); terminated && len(strip(last)) == 0 {
		return text[:len(trimLineEnd(text))-len(last)]
	}
	return text
}
