package awsconfig

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"
)

// checkRemoval looks for a header that lacks a bracket.
func (s *sectionEdit) checkRemoval(src []byte) error {
	if s.checked {
		return nil
	}
	for _, h := range s.spans {
		scan := scanBody(src[:h.end], h.body)
		for scan.next() {
			if scan.line.brokenHeader() {
				count := lineCounter{src: src}
				return fmt.Errorf("section [%s] has a header without a name in brackets on line %d: whose the lines below it are is not certain",
					show(s.text), count.at(scan.line.start))
			}
		}
	}
	s.checked = true
	return nil
}

// removeSections removes what stands under the headers.
//
// The header behind a removed section comes to stand under keys that may be less
// indented than it is, and would continue the last one's value. Where the removed
// header stood, it is a header.
func (e *edition) removeSections(removed []header) {
	slices.SortFunc(removed, func(a, b header) int { return cmp.Compare(a.start, b.start) })
	var indentation []byte // of the first of sections that follow each other
	for i, h := range removed {
		if i == 0 || removed[i-1].end < h.start {
			indentation = indentationAt(e.src, h.start)
		}
		e.removeSection(h)
		if h.end == len(e.src) || i+1 < len(removed) && removed[i+1].start == h.end {
			continue
		}
		if next := indentationAt(e.src, h.end); utf8.RuneCount(next) > utf8.RuneCount(indentation) {
			e.cut(splice{from: h.end, to: h.end + len(next), text: indentation})
		}
	}
}

// removeSection removes a section with the comments about it, and leaves the
// markers of blocks.
func (e *edition) removeSection(h header) {
	last := h.body // behind the last line that says something
	scan := scanBody(e.src[:h.end], h.body)
	for scan.next() {
		if scan.line.says() {
			last = scan.line.next
		}
	}
	from := commentStart(e.src, h.start)
	scan = scanBody(e.src[:last], h.body)
	for scan.next() {
		if isMarker(scan.line.text) {
			e.cut(splice{from: from, to: scan.line.start})
			from = scan.line.next
		}
	}
	e.cut(splice{from: from, to: removalEnd(e.src, h, last), section: true})
}

// removalEnd is where the lines end that go with a section whose last key's value
// ends at pos.
func removalEnd(src []byte, h header, pos int) int {
	setOff := false // what follows, by a blank line
	end := pos
	scan := scanBody(src[:h.end], pos)
	for scan.next() {
		switch {
		case scan.line.kind == blankLine:
			setOff, end = true, scan.line.next
		case setOff:
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

// commentStart is the start of the comments right above a header, or that of the
// header's own line when no blank line sets them off from what stands above: then
// they may be about that. At the top of a file they are about the file.
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
