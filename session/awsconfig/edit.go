package awsconfig

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Change is one step of [File.Apply]: a key gets a value, or a key or a whole
// section goes.
type Change struct {
	Kind   Kind
	Name   string // of the section
	Key    string // without one, Remove takes the whole section
	Value  string // not read with Remove
	Remove bool
}

// Apply makes the changes one after the other, or, when it refuses one, none of
// them. What it writes, Get reads back; what it removes is not found again; and
// every other key of every section reads as before. It reads the file once,
// however many changes there are.
//
// A section is the one that Section finds, whatever its header looks like. A
// key is looked for in the section's own lines only, without regard to case: not
// in [DEFAULT], whose keys show through wherever they are not set, and not in a
// nested block. Comments, spacing, order and line ends stay, and so does the lack
// of a newline at the end of the file.
//
// A value is replaced where it stands; an inline comment behind the old value
// goes with it, because the AWS CLI reads it as part of the value, and so do the
// value's further lines. A new key is added as "key = value" under the section's
// last one, indented like it. New sections follow at the end of the file, in the
// order of the changes, each behind a blank line. A new section's name must be
// one that every AWS tool reads, from A-Z a-z 0-9 _ . @ % / and -.
//
// A value must be UTF-8 on one line, without blanks around it. A key must be of
// A-Z a-z 0-9 _ . and -; a new one is written in lower case.
//
// Removing a key removes each line of each value that it has, and not the
// comments and blank lines among them. Removing a section removes every section
// of that name, those too that were written differently and did not count. With
// its lines go the comments right under its last key, the blank lines that
// follow, and the comments right above its header when a blank line sets them
// off; comments right above the next header stay, and so does whatever is set off
// from the section. No marker of a block goes (see [File.Block]). A header that is
// indented so deep that it would now continue the value above it moves to the
// left. Removing what is not there is no error.
//
// Nothing is removed from a section with a header in it that lacks a bracket:
// whose the lines below it are, nobody can tell.
//
// To remove a new key restores the file to the byte. To remove a new section
// does, too, but for a file that ended in a blank line, which is lost, or without
// a newline, which is gained.
func (f *File) Apply(changes ...Change) error {
	e := newEdition(f.src, changes)
	for _, c := range changes {
		if err := e.change(c); err != nil {
			return err
		}
	}
	f.src = e.text()
	return nil
}

// An edition is a file with what is to become of the sections that the changes
// name.
type edition struct {
	src   []byte
	kinds []Kind                         // that the changes name
	named map[sectionName][]*sectionEdit // those with the name, the one that counts last
	found []*sectionEdit                 // in the file, in the order in which named has them
	added []*sectionEdit                 // at its end
	cuts  []splice
}

// A sectionEdit is what becomes of the section, or sections, under one header
// text.
type sectionEdit struct {
	text    []byte
	spans   []header // none in a new section
	removed bool
	checked bool // checkRemoval has found nothing
	keys    []keyEdit
	index   map[string]int // of a key in keys
}

// A keyEdit is the last that the changes say about a key.
type keyEdit struct {
	key    string // in lower case
	value  string
	remove bool
	old    entry // whose value goes
	found  bool  // there is an old one
}

// A splice puts a text in the place of what stands from one offset to another.
type splice struct {
	from, to int
	text     []byte
	lines    bool // the text is whole lines
	section  bool // a section goes, and at the end of a file what set it off
}

// newEdition looks for the sections that the changes name.
func newEdition(src []byte, changes []Change) *edition {
	e := &edition{src: src, named: make(map[sectionName][]*sectionEdit)}
	for _, c := range changes {
		e.named[sectionName{c.Kind, c.Name}] = nil
		if !slices.Contains(e.kinds, c.Kind) {
			e.kinds = append(e.kinds, c.Kind)
		}
	}
	byText := make(map[string]*sectionEdit)
	repeated := false
	scan := scanHeaders(src)
	for scan.next() {
		s, ok := byText[string(scan.header.text)]
		switch {
		case ok:
			repeated = true
		case e.names(&scan.header):
			s = &sectionEdit{text: scan.header.text}
			byText[string(s.text)] = s
			e.found = append(e.found, s)
		default:
			continue
		}
		s.spans = append(s.spans, scan.header)
	}
	if repeated {
		last := func(s *sectionEdit) int { return s.spans[len(s.spans)-1].start }
		slices.SortFunc(e.found, func(a, b *sectionEdit) int { return cmp.Compare(last(a), last(b)) })
	}
	for _, s := range e.found {
		e.enter(s)
	}
	return e
}

// names reports whether a change names the section with this header.
func (e *edition) names(h *header) bool {
	if string(h.text) == defaultSection {
		return false
	}
	for _, kind := range e.kinds {
		if name, ok := h.name(kind); ok {
			if _, ok := e.named[sectionName{kind, string(name)}]; ok {
				return true
			}
		}
	}
	return false
}

// enter files a section under each name that its header has.
func (e *edition) enter(s *sectionEdit) {
	h := header{text: s.text}
	for _, kind := range e.kinds {
		if name, ok := h.name(kind); ok {
			id := sectionName{kind, string(name)}
			if all, ok := e.named[id]; ok {
				e.named[id] = append(all, s)
			}
		}
	}
}

// change notes a change.
func (e *edition) change(c Change) error {
	id := sectionName{c.Kind, c.Name}
	all := e.named[id]
	for len(all) > 0 && all[len(all)-1].removed {
		all = all[:len(all)-1]
	}
	e.named[id] = all

	if !c.Remove {
		if err := checkAssignment(c.Key, c.Value); err != nil {
			return err
		}
		if len(all) == 0 {
			text, err := newHeader(c.Kind, c.Name)
			if err != nil {
				return err
			}
			s := &sectionEdit{text: []byte(text)}
			e.added = append(e.added, s)
			e.enter(s)
			all = e.named[id]
		}
		all[len(all)-1].set(keyEdit{key: strings.ToLower(c.Key), value: c.Value})
		return nil
	}
	if c.Key != "" && len(all) > 0 {
		all = all[len(all)-1:] // the section that counts
	}
	for _, s := range all {
		if err := s.checkRemoval(e.src); err != nil {
			return err
		}
		if c.Key == "" {
			s.removed = true
		} else {
			s.set(keyEdit{key: string(lower([]byte(c.Key))), remove: true})
		}
	}
	return nil
}

// set notes what becomes of a key.
func (s *sectionEdit) set(k keyEdit) {
	if i, ok := s.index[k.key]; ok {
		s.keys[i] = k
		return
	}
	if s.index == nil {
		s.index = make(map[string]int)
	}
	s.index[k.key] = len(s.keys)
	s.keys = append(s.keys, k)
}

func checkAssignment(key, value string) error {
	if key == "" || strings.ContainsFunc(key, func(r rune) bool {
		return !isAlphanumeric(r) && !strings.ContainsRune("_.-", r)
	}) {
		return fmt.Errorf("key %q: a key consists of letters, digits, _ . and -", key)
	}
	switch {
	case strings.ContainsAny(value, "\n\r\x00"):
		return fmt.Errorf("value of %q has a line break or a NUL in it", key)
	case len(strip([]byte(value))) < len(value):
		return fmt.Errorf("value of %q has blanks around it", key)
	case !utf8.ValidString(value):
		return fmt.Errorf("value of %q is not UTF-8", key)
	}
	return nil
}

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

// newHeader is the text of a new section's header.
func newHeader(kind Kind, name string) (string, error) {
	text := string(kind) + " " + name
	switch kind {
	case Bare:
		text = name
	case Profile:
		if name == "default" {
			text = name
		}
	case SSOSession, Services:
	default:
		return "", fmt.Errorf("no sections of kind %q", kind)
	}
	if !IsPortable(name) || text == defaultSection {
		return "", fmt.Errorf("section name %q: a new name consists of letters, digits, _ . @ %% / and -, and is not DEFAULT", name)
	}
	return text, nil
}

// IsPortable reports whether every AWS tool reads a section's name as it is
// written: it is of A-Z a-z 0-9 _ . @ % / and -, and not empty.
func IsPortable(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !isAlphanumeric(r) && !strings.ContainsRune("_.@%/-", r)
	})
}

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

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
