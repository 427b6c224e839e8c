package awsconfig

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"
)

// checkRemoval returns an error if there is a broken header in the section.
func (s *sectionEdit) checkRemoval(src []byte) error {
	if s.checked {
		return nil
	}
	for _, h := range s.spans {
		scan := scanBody(src[:h.end], h.body)
		for scan.next() {
			if scan.line.brokenHeader() {
				count := lineCounter{src: src}
				return fmt.Errorf("section [%s] contains a section header without a name in brackets on line %d: it is not clear to which section the lines below it belong",
					printable(s.text), count.at(scan.line.start))
			}
		}
	}
	s.checked = true
	return nil
}

// removeSections removes the sections of these headers.
//
// The next header may then follow a key that is indented less, whose value it would
// continue. With the indentation of the removed header it is a header, as that was.
func (e *editor) removeSections(removed []header) {
	slices.SortFunc(removed, func(a, b header) int { return cmp.Compare(a.start, b.start) })
	var indentation []byte // of the first of several adjacent sections
	for i, h := range removed {
		if i == 0 || removed[i-1].end < h.start {
			indentation = indentationAt(e.src, h.start)
		}
		e.removeSection(h)
		if h.end == len(e.src) || i+1 < len(removed) && removed[i+1].start == h.end {
			continue
		}
		if next := indentationAt(e.src, h.end); utf8.RuneCount(next) > utf8.RuneCount(indentation) {
			e.addSplice(splice{from: h.end, to: h.end + len(next), text: indentation})
		}
	}
}

// removeSection removes a section and the comments and blank lines that go with it
// (see Apply), but not the markers of blocks.
func (e *editor) removeSection(h header) {
	last := h.body // after the last line that is neither blank nor a comment
	scan := scanBody(e.src[:h.end], h.body)
	for scan.next() {
		if scan.line.hasContent() {
			last = scan.line.next
		}
	}
	from := commentStart(e.src, h.start)
	scan = scanBody(e.src[:last], h.body)
	for scan.next() {
		if isMarker(scan.line.text) {
			e.addSplice(splice{from: from, to: scan.line.start})
			from = scan.line.next
		}
	}
	e.addSplice(splice{from: from, to: removalEnd(e.src, h, last), section: true})
}

// removalEnd returns the end of the lines that are removed with a section. pos is
// the end of its last value.
func removalEnd(src []byte, h header, pos int) int {
	afterBlank := false // a blank line was found
	end := pos
	scan := scanBody(src[:h.end], pos)
	for scan.next() {
		switch {
		case scan.line.kind == blankLine:
			afterBlank, end = true, scan.line.next
		case afterBlank:
			return end
		case isMarker(scan.line.text):
			return scan.line.start
		}
	}
	if h.end == len(src) {
		return h.end
	}
	return end
}

// commentStart returns the start of the comments directly above a header that are
// about its section: those with a blank line above them. Otherwise it returns the
// header's own line, since the comments may be about the lines above, or, at the top
// of the file, about the file.
func commentStart(src []byte, header int) int {
	top := textStart(src)
	for pos := header; pos > top; {
		above := trimLineEnd(src[top:pos])
		start := top + bytes.LastIndexAny(above, "\r\n") + 1
		text := strip(src[start:pos])
		switch {
		case len(text) == 0:
			return pos
		case !isComment(text) || isMarker(text):
			return header
		}
		pos = start
	}
	return header
}
