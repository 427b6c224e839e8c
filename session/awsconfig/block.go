package awsconfig

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
)

// A block is a part of a file that ssoenv writes, between two comment lines, the
// markers:
//
//	# >>> ssoenv sync corp >>>
//	# Written by ssoenv sync …
//	[profile …]
//	…
//	# <<< ssoenv sync corp <<<
//
// Its label, here "corp", is the name of an SSO session. A line with the text of a
// marker is a marker anywhere in the file: parsers read it as a comment anywhere.
const (
	markerWord = " ssoenv sync "
	opening    = ">>>"
	closing    = "<<<"
	// noteStart begins the note below the first marker, in all versions.
	noteStart = "# Written by ssoenv sync"
	note      = noteStart + ", which changes only the lines between these two markers. Put your own profiles outside of them."
	// noteEnd follows the options in the note of a block that has them.
	noteEnd = " # It changes only the lines between these two markers. Put your own profiles outside of them."
)

// marker returns the text of the line that begins or ends a block.
func marker(arrows, label string) string {
	return "# " + arrows + markerWord + label + " " + arrows
}

// readMarker parses the text of a line. ok is false if it is not a marker.
func readMarker(text []byte) (label string, opens, ok bool) {
	for _, arrows := range []string{opening, closing} {
		if rest, ok := bytes.CutPrefix(text, []byte("# "+arrows+markerWord)); ok {
			rest, ok = bytes.CutSuffix(rest, []byte(" "+arrows))
			return string(rest), arrows == opening, ok && IsPortable(string(rest))
		}
	}
	return "", false, false
}

// isMarker reports whether a line's text begins or ends a block.
func isMarker(text []byte) bool {
	_, _, ok := readMarker(text)
	return ok
}

// A block is the position of a block in a file. A block that does not exist is an
// empty one at the end of the file.
type block struct {
	label   string
	start   int  // offset of the first marker's line
	body    int  // offset of the line after that and the note
	end     int  // offset of the second marker's line
	next    int  // offset of the line after that
	hasNote bool // the note is below the first marker
	note    line // if hasNote
}

// findBlock returns the block of this label; ok is false if it does not exist. It
// returns an error if the markers in the file do not pair: it is not known then
// which lines belong to which block.
func findBlock(src []byte, label string) (found block, ok bool, err error) {
	found = block{label: label, start: len(src), body: len(src), end: len(src), next: len(src)}
	lines := make(map[string]int) // label → line of the first marker
	var open block
	inside := false
	count := lineCounter{src: src}
	for m := range markers(src) {
		line := count.at(m.start)
		switch {
		case m.opens && inside:
			err = fmt.Errorf("line %d: block %q begins inside block %q of line %d", line, m.label, open.label, lines[open.label])
		case m.opens && lines[m.label] > 0:
			err = fmt.Errorf("line %d: block %q repeated from line %d", line, m.label, lines[m.label])
		case m.opens:
			lines[m.label] = line
			open = block{label: m.label, start: m.start, body: m.next}
			inside = true
		case !inside:
			err = fmt.Errorf("line %d: block %q has no first marker", line, m.label)
		case m.label != open.label:
			err = fmt.Errorf("line %d: block %q ends inside block %q of line %d", line, m.label, open.label, lines[open.label])
		default:
			open.end, open.next = m.start, m.next
			if inside = false; m.label == label {
				found, ok = open, true
			}
		}
		if err != nil {
			return block{}, false, err
		}
	}
	if inside {
		return block{}, false, fmt.Errorf("line %d: block %q has no last marker", lines[open.label], open.label)
	}
	if top := scanBody(src[:found.end], found.body); top.next() && bytes.HasPrefix(top.line.text, []byte(noteStart)) {
		found.body, found.hasNote, found.note = top.line.next, true, top.line
	}
	return found, ok, nil
}

// A markerLine is a marker in a file.
type markerLine struct {
	label       string
	opens       bool
	start, next int // offsets of its line and of the next line
}

// markers iterates over the markers in a file.
func markers(src []byte) iter.Seq[markerLine] {
	return func(yield func(markerLine) bool) {
		ends := lineEnds{src: src, lf: -1, cr: -1}
		for pos := textStart(src); ; {
			i := bytes.Index(src[pos:], []byte(markerWord))
			if i < 0 {
				return
			}
			start := pos + bytes.LastIndexAny(src[pos:pos+i], "\r\n") + 1
			end, next := ends.after(pos + i)
			label, opens, ok := readMarker(strip(src[start:end]))
			if ok && !yield(markerLine{label, opens, start, next}) {
				return
			}
			pos = next
		}
	}
}

// sections returns two indices in all, the headers of the file: that of the first
// header in the block, and that of the first one after the block.
func (b block) sections(all []header) (first, after int) {
	at := func(pos int) int {
		i, _ := slices.BinarySearchFunc(all, pos, func(h header, pos int) int { return h.start - pos })
		return i
	}
	return at(b.body), at(b.end)
}

// allHeaders returns all headers of a file.
func allHeaders(src []byte) []header {
	var all []header
	scan := scanHeaders(src)
	for scan.next() {
		all = append(all, scan.header)
	}
	return all
}

// Block returns the text between the lines
//
//	# >>> ssoenv sync LABEL >>>
//	# <<< ssoenv sync LABEL <<<
//
// without the note at its top, as a File that can be edited and passed to SetBlock.
// The File is empty if the block does not exist. Block returns an error if a marker
// of any block in the file is missing, or if a block is inside another one or
// repeated.
func (f *File) Block(label string) (*File, error) {
	b, _, err := findBlock(f.src, label)
	if err != nil {
		return nil, err
	}
	return Parse(f.src[b.body:b.end]), nil
}

// BlockOptions returns the text that SetBlockOptions has set, followed by the rest
// of the block's note. It is empty or begins otherwise if the block does not exist,
// has no note or was written without options. The errors are those of Block.
func (f *File) BlockOptions(label string) (string, error) {
	b, _, err := findBlock(f.src, label)
	if err != nil || !b.hasNote {
		return "", err
	}
	return string(strip(b.note.text[len(noteStart):])), nil
}

// SetBlockOptions records a text in the note of the block. Without a block, it does
// nothing. The text is one line of ASCII. The errors are those of Block.
func (f *File) SetBlockOptions(label, options string) error {
	b, ok, err := findBlock(f.src, label)
	if err != nil || !ok {
		return err
	}
	text := []byte(noteStart + " " + options + noteEnd)
	from, to := b.body, b.body
	if b.hasNote {
		from, to = b.note.textAt, b.note.textAt+len(b.note.text)
	} else {
		text = append(text, lineEnd(f.src)...)
	}
	f.src = slices.Concat(f.src[:from], text, f.src[to:])
	return nil
}

// TakeInKeys moves the last marker of the block below the lines that follow it
// without a header of their own, such as the keys that `aws configure set` adds to
// the block's last profile. No value reads otherwise. The errors are those of Block.
func (f *File) TakeInKeys(label string) error {
	b, ok, err := findBlock(f.src, label)
	if err != nil || !ok {
		return err
	}
	all := allHeaders(f.src)
	first, after := b.sections(all)
	if first == after {
		return nil // the lines belong to a section above the block
	}
	end, last := len(f.src), b.next
	if after < len(all) {
		end = all[after].start
	}
	for scan := scanBody(f.src[:end], b.next); scan.next() && !scan.line.brokenHeader() && !isMarker(scan.line.text); {
		if scan.line.hasContent() {
			last = scan.line.next
		}
	}
	if last == b.next {
		return nil
	}
	edited := appendLines(bytes.Clone(f.src[:b.end]), f.src[b.next:last])
	if !endsLine(edited) {
		edited = append(edited, lineEnd(f.src)...)
	}
	edited = appendLines(appendLines(edited, f.src[b.end:b.next]), f.src[last:])
	if !endsLine(f.src) {
		edited = trimLineEnd(edited)
	}
	f.src = edited
	return nil
}

// Outside returns the file without the sections of a block, to look up names that
// the block must not use. It is not meant to be written. Keys after the block that
// have no header of their own belong to the last section of the block, and are left
// out. The errors are those of Block.
func (f *File) Outside(label string) (*File, error) {
	b, _, err := findBlock(f.src, label)
	if err != nil {
		return nil, err
	}
	all := allHeaders(f.src)
	first, after := b.sections(all)
	if first == after {
		return Parse(f.src), nil
	}
	var rest []byte
	if after < len(all) {
		rest = trimLeft(f.src[all[after].start:]) // an indented header could continue a value
	}
	return Parse(slices.Concat(f.src[:b.start], rest)), nil
}

// SetBlock sets the content of the block to the text of inner, with a line end after
// its last line. Outside of the block no byte changes. If the block does not exist,
// it is added at the end of the file. If inner has only white space, the block is
// removed, with the blank line above it if the file ends after the block or a blank
// line follows. If no line of inner has the line end of the file, all get it.
//
// SetBlock returns an error, and does not change the file, if
//
//   - Block would return an error;
//   - inner contains a marker, or a line above its first header that is neither
//     blank nor a comment;
//   - a section of inner is also outside of the block, or its header is repeated in
//     inner: the AWS CLI would read only one of them, or reject the file;
//   - keys would become part of another section. Keys above the first header of the
//     block belong to the section above the block. Keys after the block without a
//     header of their own belong to the block's last section, which must not change
//     then;
//   - a header is indented so far that it would continue the value above it.
func (f *File) SetBlock(label string, inner *File) error {
	if !IsPortable(label) {
		return fmt.Errorf("block label %q: a label consists of letters, digits, _ . @ %% / and -", label)
	}
	b, ok, err := findBlock(f.src, label)
	if err != nil {
		return err
	}
	eol := lineEnd(f.src)
	text := blockText(inner.src, eol)
	if !ok && len(text) == 0 || ok && len(text) > 0 && bytes.Equal(text, f.src[b.body:b.end]) {
		return nil
	}
	all, own := allHeaders(f.src), allHeaders(text)
	if err := checkBlock(text, own); err != nil {
		return err
	}
	if err := b.checkAdjacentKeys(f.src, all, text, own); err != nil {
		return err
	}
	first, after := b.sections(all)
	if err := checkNames(f.src, slices.Concat(all[:first], all[after:]), own); err != nil {
		return err
	}

	var edited []byte
	switch {
	case len(text) == 0:
		edited = b.remove(f.src)
	case ok:
		edited = b.replace(f.src, text, eol)
	default:
		edited = b.append(f.src, text, eol)
	}
	want := slices.Concat(all[:first], own, all[after:])
	if h, ok := firstMissing(want, allHeaders(edited)); ok {
		return fmt.Errorf("section header [%s] is indented so far that it would continue the value above it", printable(h.text))
	}
	f.src = edited
	return nil
}

// blockText returns the text of inner as it is written into a block: complete lines
// with the line end eol, or nothing if inner has only white space.
func blockText(inner, eol []byte) []byte {
	text := inner[textStart(inner):]
	if len(strip(text)) == 0 {
		return nil
	}
	text = bytes.Clone(text)
	if !usesLineEnd(text, eol) {
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
		text = bytes.ReplaceAll(text, []byte("\n"), eol)
	}
	if !endsLine(text) {
		text = append(text, eol...)
	}
	return text
}

// usesLineEnd reports whether a line of text ends in eol.
func usesLineEnd(text, eol []byte) bool {
	for scan := scanLines(text); scan.next(); {
		if bytes.Equal(scan.line.terminator(text), eol) {
			return true
		}
	}
	return false
}

// checkBlock returns an error if a block must not contain text. own are its headers.
func checkBlock(text []byte, own []header) error {
	count := lineCounter{src: text}
	for m := range markers(text) {
		return fmt.Errorf("line %d of the block: marker of block %q", count.at(m.start), m.label)
	}
	end := len(text)
	if len(own) > 0 {
		end = own[0].start
	}
	if at, ok := firstContent(text, 0, end); ok {
		return fmt.Errorf("line %d of the block: text before its first section header", count.at(at))
	}
	return nil
}

// checkAdjacentKeys returns an error if keys directly above or below the content of
// the block would become part of another section when it is replaced by text.
func (b block) checkAdjacentKeys(src []byte, all []header, text []byte, own []header) error {
	first, after := b.sections(all)
	count := lineCounter{src: src}
	end := b.end
	var last, newLast []byte // last section of the block, now and with text
	if first < after {
		end = all[first].start
		last = src[all[after-1].start:b.end]
	}
	if len(own) > 0 {
		newLast = text[own[len(own)-1].start:]
	}
	if at, ok := firstContent(src, b.body, end); ok {
		return fmt.Errorf("line %d: this line above the first header of block %q belongs to the section above the block", count.at(at), b.label)
	}
	end = len(src)
	if after < len(all) {
		end = all[after].start
	}
	if at, ok := firstContent(src, b.next, end); ok && !bytes.Equal(last, newLast) {
		return fmt.Errorf("line %d: this line after block %q has no section header of its own, and would become part of another section", count.at(at), b.label)
	}
	return nil
}

// checkNames returns an error if a section of own is repeated, or is also in outside,
// the headers outside of the block.
func checkNames(src []byte, outside, own []header) error {
	names := make(map[sectionName]bool)
	for _, h := range own {
		if names[sectionName{Bare, string(h.text)}] {
			return fmt.Errorf("section [%s] is repeated in the block", printable(h.text))
		}
		for name := range h.names() {
			names[name] = true
		}
	}
	for _, h := range outside {
		for name := range h.names() {
			if names[name] {
				count := lineCounter{src: src}
				return fmt.Errorf("section [%s] is also outside of the block, on line %d", printable(h.text), count.at(h.start))
			}
		}
	}
	return nil
}

// names iterates over the names that a header has, at most one of each kind. Of two
// sections with a common name the AWS CLI reads only one.
func (h *header) names() iter.Seq[sectionName] {
	return func(yield func(sectionName) bool) {
		if string(h.text) == defaultSection {
			return
		}
		for _, kind := range []Kind{Bare, Profile, SSOSession, Services} {
			if name, ok := h.name(kind); ok && !yield(sectionName{kind, string(name)}) {
				return
			}
		}
	}
}

// firstContent returns the offset of the first line between two offsets that is
// neither blank nor a comment.
func firstContent(src []byte, from, to int) (pos int, ok bool) {
	for scan := scanBody(src[:to], from); scan.next(); {
		if scan.line.hasContent() {
			return scan.line.start, true
		}
	}
	return 0, false
}

// firstMissing returns the first header of want that is not at its place in got.
func firstMissing(want, got []header) (header, bool) {
	for i, h := range want {
		if i == len(got) || !bytes.Equal(h.text, got[i].text) {
			return h, true
		}
	}
	return header{}, false
}

// append returns src with the block added at its end.
func (b block) append(src, text, eol []byte) []byte {
	begin, end := marker(opening, b.label), marker(closing, b.label)
	edited := make([]byte, 0, len(src)+len(begin)+len(note)+len(text)+len(end)+6*len(eol))
	edited = endWithBlankLine(append(edited, src...), eol)
	for _, line := range []string{begin, note} {
		edited = append(append(edited, line...), eol...)
	}
	edited = appendLines(edited, text)
	return append(append(edited, end...), eol...)
}

// replace returns src with text between the markers, and with the note.
func (b block) replace(src, text, eol []byte) []byte {
	edited := make([]byte, 0, len(src)+len(note)+len(text)+len(eol))
	edited = append(edited, src[:b.body]...)
	if !b.hasNote {
		edited = append(append(edited, note...), eol...)
	}
	return append(appendLines(edited, text), src[b.end:]...)
}

// remove returns src without the block and its markers.
func (b block) remove(src []byte) []byte {
	edited, below := bytes.Clone(src[:b.start]), src[b.next:]
	if line := scanBody(src, b.next); !line.next() || line.line.kind == blankLine {
		edited = trimBlankLine(edited)
	}
	if edited = appendLines(edited, below); !endsLine(src) {
		edited = trimLineEnd(edited)
	}
	return edited
}
