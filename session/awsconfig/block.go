package awsconfig

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
)

// A block is a part of a file that a program writes, between two comment lines:
//
//	# >>> ssoenv sync corp >>>
//	# Written by ssoenv sync …
//	[profile …]
//	…
//	# <<< ssoenv sync corp <<<
//
// Its label, here "corp", is that of one portal. A marker is a marker on any line
// of its own: wherever such a line stands, a parser takes it for a comment.
const (
	markerWord = " ssoenv sync "
	opening    = ">>>"
	closing    = "<<<"
	// noteStart tells the line under the first marker from the block's own.
	noteStart = "# Written by ssoenv sync"
	note      = noteStart + ", which changes only what stands between these two lines. Write your own profiles outside of them."
)

// marker is the line that begins or ends a block.
func marker(arrows, label string) string {
	return "# " + arrows + markerWord + label + " " + arrows
}

// readMarker takes a marker apart.
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

// block is where a block stands. One that is to be stands at the end of the file,
// and is empty.
type block struct {
	label string
	start int  // offset of the first marker's line
	body  int  // offset of the first line of its own
	end   int  // offset of the second marker's line
	next  int  // offset of the line under it
	noted bool // the explanation is there
}

// findBlock looks for a block. It reports every marker in the file that is not in
// its place, since nobody can tell then what is whose.
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
			err = fmt.Errorf("line %d: block %q begins within block %q of line %d", line, m.label, open.label, lines[open.label])
		case m.opens && lines[m.label] > 0:
			err = fmt.Errorf("line %d: block %q repeated from line %d", line, m.label, lines[m.label])
		case m.opens:
			lines[m.label] = line
			open = block{label: m.label, start: m.start, body: m.next}
			inside = true
		case !inside:
			err = fmt.Errorf("line %d: block %q ends without having begun", line, m.label)
		case m.label != open.label:
			err = fmt.Errorf("line %d: block %q ends within block %q of line %d", line, m.label, open.label, lines[open.label])
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
		return block{}, false, fmt.Errorf("line %d: block %q does not end", lines[open.label], open.label)
	}
	if top := scanBody(src[:found.end], found.body); top.next() && bytes.HasPrefix(top.line.text, []byte(noteStart)) {
		found.body, found.noted = top.line.next, true
	}
	return found, ok, nil
}

// A mark is a marker in a file.
type mark struct {
	label       string
	opens       bool
	start, next int // offsets of its line and of the one under it
}

// markers walks the markers in a file.
func markers(src []byte) iter.Seq[mark] {
	return func(yield func(mark) bool) {
		ends := lineEnds{src: src, lf: -1, cr: -1}
		for pos := textStart(src); ; {
			i := bytes.Index(src[pos:], []byte(markerWord))
			if i < 0 {
				return
			}
			start := pos + bytes.LastIndexAny(src[pos:pos+i], "\r\n") + 1
			end, next := ends.after(pos + i)
			label, opens, ok := readMarker(strip(src[start:end]))
			if ok && !yield(mark{label, opens, start, next}) {
				return
			}
			pos = next
		}
	}
}

// sections are the indices of the block's first header and of the first one behind
// it, in a list of the file's.
func (b block) sections(all []header) (first, behind int) {
	at := func(pos int) int {
		i, _ := slices.BinarySearchFunc(all, pos, func(h header, pos int) int { return h.start - pos })
		return i
	}
	return at(b.body), at(b.end)
}

func allHeaders(src []byte) []header {
	var all []header
	scan := scanHeaders(src)
	for scan.next() {
		all = append(all, scan.header)
	}
	return all
}

// Block is what stands between the two lines
//
//	# >>> ssoenv sync LABEL >>>
//	# <<< ssoenv sync LABEL <<<
//
// but for the explanation on top of it: a File of its own, to be edited and given
// to SetBlock. Of a file without such a block, it is an empty File. It is an error
// when any block in the file has lost one of its markers, stands in another one or
// comes twice.
func (f *File) Block(label string) (*File, error) {
	b, _, err := findBlock(f.src, label)
	if err != nil {
		return nil, err
	}
	return Parse(f.src[b.body:b.end]), nil
}

// Outside is the file without the sections of a block, to be asked for the names
// that a block may not have, and not to be written. Keys that stand behind the
// block, under no header of their own, are its last section's, and are left out
// with it. Its errors are those of Block.
func (f *File) Outside(label string) (*File, error) {
	b, _, err := findBlock(f.src, label)
	if err != nil {
		return nil, err
	}
	all := allHeaders(f.src)
	first, behind := b.sections(all)
	if first == behind {
		return Parse(f.src), nil
	}
	var rest []byte
	if behind < len(all) {
		rest = trimLeft(f.src[all[behind].start:]) // indented, the header might continue a value
	}
	return Parse(slices.Concat(f.src[:b.start], rest)), nil
}

// SetBlock makes the block of that label say what inner says: Block gives inner's
// text back, with a line end behind its last line, and no byte changes outside of
// the block. A block that is not there is added at the end of the file. With an
// inner of nothing but blanks, the block goes; and so does a blank line above it
// where the file ends below it, or another one follows. When inner has not one of
// the file's line ends, all of its lines take them.
//
// It refuses, and leaves the file as it was, when
//
//   - a block has lost a marker, as Block does;
//   - inner holds a marker, or anything but comments above its first header;
//   - a section of inner stands outside of the block, too, or its header comes
//     twice in inner: the AWS CLI would read but one of them, or reject the file;
//   - keys would come to belong to another section: those above the block's first
//     header are the section's above the block, and those behind the block without
//     a header of their own are its last section's, which must stay as it is then;
//   - a header is indented so deep that it would continue the value above it.
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
	if err := b.checkOwners(f.src, all, text, own); err != nil {
		return err
	}
	first, behind := b.sections(all)
	if err := checkNames(f.src, slices.Concat(all[:first], all[behind:]), own); err != nil {
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
	want := slices.Concat(all[:first], own, all[behind:])
	if h, ok := firstMissing(want, allHeaders(edited)); ok {
		return fmt.Errorf("section header [%s] is indented so deep that it would continue the value above it", show(h.text))
	}
	f.src = edited
	return nil
}

// blockText is a text as it is to stand in a block: whole lines, or nothing at
// all.
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

// usesLineEnd reports whether any line ends like this.
func usesLineEnd(text, eol []byte) bool {
	for scan := scanLines(text); scan.next(); {
		if bytes.Equal(scan.line.terminator(text), eol) {
			return true
		}
	}
	return false
}

// checkBlock refuses what a block may not hold.
func checkBlock(text []byte, own []header) error {
	count := lineCounter{src: text}
	for m := range markers(text) {
		return fmt.Errorf("line %d of the block: the marker of block %q", count.at(m.start), m.label)
	}
	end := len(text)
	if len(own) > 0 {
		end = own[0].start
	}
	if at, ok := firstSaying(text, 0, end); ok {
		return fmt.Errorf("line %d of the block: text before its first section header", count.at(at))
	}
	return nil
}

// checkOwners refuses to let keys come to belong to another section.
func (b block) checkOwners(src []byte, all []header, text []byte, own []header) error {
	first, behind := b.sections(all)
	count := lineCounter{src: src}
	end := b.end
	var last, newLast []byte // section of the block
	if first < behind {
		end = all[first].start
		last = src[all[behind-1].start:b.end]
	}
	if len(own) > 0 {
		newLast = text[own[len(own)-1].start:]
	}
	if at, ok := firstSaying(src, b.body, end); ok {
		return fmt.Errorf("line %d: what stands above the first header of block %q belongs to the section above the block", count.at(at), b.label)
	}
	end = len(src)
	if behind < len(all) {
		end = all[behind].start
	}
	if at, ok := firstSaying(src, b.next, end); ok && !bytes.Equal(last, newLast) {
		return fmt.Errorf("line %d: what stands behind block %q has no section header of its own, and would come to belong to another section", count.at(at), b.label)
	}
	return nil
}

// checkNames refuses sections that are outside of the block, too.
func checkNames(src []byte, outside, own []header) error {
	names := make(map[sectionName]bool)
	for _, h := range own {
		if names[sectionName{Bare, string(h.text)}] {
			return fmt.Errorf("section [%s] comes twice in the block", show(h.text))
		}
		for name := range h.names() {
			names[name] = true
		}
	}
	for _, h := range outside {
		for name := range h.names() {
			if names[name] {
				count := lineCounter{src: src}
				return fmt.Errorf("section [%s] stands outside of the block, too, on line %d", show(h.text), count.at(h.start))
			}
		}
	}
	return nil
}

// names are the names that a header has, one for each kind. Two sections with a
// name in common get in each other's way.
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

// firstSaying is the offset of the first line between two offsets that is neither
// blank nor a comment.
func firstSaying(src []byte, from, to int) (pos int, ok bool) {
	for scan := scanBody(src[:to], from); scan.next(); {
		if scan.line.says() {
			return scan.line.start, true
		}
	}
	return 0, false
}

// firstMissing is the first of the headers wanted that is not where it should be.
func firstMissing(want, got []header) (header, bool) {
	for i, h := range want {
		if i == len(got) || !bytes.Equal(h.text, got[i].text) {
			return h, true
		}
	}
	return header{}, false
}

// append adds the block at the end of a file.
func (b block) append(src, text, eol []byte) []byte {
	edited := make([]byte, 0, len(src)+len(text)+500)
	edited = setOff(append(edited, src...), eol)
	edited = slices.Concat(edited, []byte(marker(opening, b.label)), eol, []byte(note), eol)
	return slices.Concat(appendLines(edited, text), []byte(marker(closing, b.label)), eol)
}

// replace puts a text between the markers, and the explanation above it if it is
// not there.
func (b block) replace(src, text, eol []byte) []byte {
	edited := bytes.Clone(src[:b.body])
	if !b.noted {
		edited = slices.Concat(edited, []byte(note), eol)
	}
	return append(appendLines(edited, text), src[b.end:]...)
}

// remove takes the block and its markers away.
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
