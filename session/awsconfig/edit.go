package awsconfig

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Set gives a key of a section a value. What it writes, Get reads back, and
// every other key of every section reads as before.
//
// The section is the one that Section finds, whatever its header looks like. A
// key is looked for in the section's own lines only, without regard to case: not
// in [DEFAULT], and not in a nested block. If it is there, its value is replaced
// where it stands; an inline comment behind the old value goes with it, because
// the AWS CLI reads it as part of the value, and so do the value's further lines.
// If not, "key = value" is added under the section's last key, indented like it.
// Comments, spacing, order and line ends stay, and so does the lack of a newline
// at the end of the file.
//
// A section that does not exist is added at the end of the file. Its name must
// be one that every AWS tool reads, from A-Z a-z 0-9 _ . @ % / and -.
//
// A value must be UTF-8 on one line, without blanks around it. A key must be of
// A-Z a-z 0-9 _ . and -; a new one is written in lower case. A refused edit
// leaves the file as it was.
func (f *File) Set(kind Kind, name, key, value string) error {
	if err := checkAssignment(key, value); err != nil {
		return err
	}
	s, ok := f.Section(kind, name)
	if !ok {
		return f.addSection(kind, name, key, value)
	}
	if e, ok := lastEntry(f.src, s.own, key); ok {
		f.src = replaceValue(f.src, e, value)
	} else {
		f.src = addKey(f.src, s.own, assignment(key, value))
	}
	return nil
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

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// addSection appends a section with one key, set off by a blank line.
func (f *File) addSection(kind Kind, name, key, value string) error {
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
		return fmt.Errorf("no sections of kind %q", kind)
	}
	if name == "" || text == defaultSection || strings.ContainsFunc(name, func(r rune) bool {
		return !isAlphanumeric(r) && !strings.ContainsRune("_.@%/-", r)
	}) {
		return fmt.Errorf("section name %q: a new name consists of letters, digits, _ . @ %% / and -, and is not DEFAULT", name)
	}

	eol := lineEnd(f.src)
	gap := eol
	switch last, terminated := lastLine(f.src); {
	case !terminated && len(last) == 0: // an empty file
		gap = nil
	case !terminated:
		gap = slices.Concat(eol, eol)
	case len(strip(last)) == 0:
		gap = nil
	}
	f.src = slices.Concat(f.src, gap, []byte("["+text+"]"), eol, assignment(key, value), eol)
	return nil
}

// assignment is a new line for a key.
func assignment(key, value string) []byte {
	return []byte(strings.TrimRight(strings.ToLower(key)+" = "+value, " "))
}

// replaceValue puts a value in the place of an entry's. Comments and blank lines
// between the lines of the old value stay.
func replaceValue(src []byte, e entry, value string) []byte {
	old := e.line.value()
	textEnd := e.line.textAt + len(e.line.text)
	edited := make([]byte, 0, len(src)+1+len(value))
	edited = append(edited, src[:textEnd-len(old)]...)
	if before := e.line.text[:e.line.delim]; len(old) == 0 && value != "" && isShellBlank(before[len(before)-1]) {
		edited = append(edited, ' ') // "region =" becomes "region = x", but "region=" "region=x"
	}
	edited = append(edited, value...)
	edited = append(edited, src[textEnd:e.line.end]...)

	// A continuation goes with the line end before it, not with its own: so a
	// missing newline at the end of the file stays missing, and a \r alone never
	// comes to stand before a \n.
	eol := e.line.terminator(src)
	scan := scanBody(src[:e.end], e.line.start)
	scan.next()
	for scan.next() {
		if scan.line.kind != continuation {
			edited = append(edited, eol...)
			edited = append(edited, src[scan.line.start:scan.line.end]...)
		}
		eol = scan.line.terminator(src)
	}
	edited = append(edited, eol...)
	return append(edited, src[e.end:]...)
}

// addKey puts a line under the last line that says something in the last section
// under the headers, so before the blank lines and comments at its end.
//
// The line is indented like the last key. Any deeper, it would continue that
// key's value; any less, an indented header behind it would continue its own. In
// a section without keys, only that header matters.
func addKey(src []byte, where headers, added []byte) []byte {
	scan := scanLines(src[:where.end])
	scan.pos = where.last
	scan.next()
	after := scan.line
	indentation := after.indentation(src)
	deepen := func(header line) {
		if deeper := header.indentation(src); utf8.RuneCount(deeper) > utf8.RuneCount(indentation) {
			indentation = deeper
		}
	}
	if where.end < len(src) {
		next := scanLines(src)
		next.pos = where.end
		next.next()
		deepen(next.line)
	}
	for scan.next() && !scan.line.brokenHeader() {
		switch scan.line.kind {
		case blankLine, commentLine:
			continue
		case keyLine:
			indentation = scan.line.indentation(src)
		}
		after = scan.line
	}
	if scan.line.brokenHeader() {
		deepen(scan.line)
	}

	eol := after.terminator(src)
	if len(eol) == 0 {
		return slices.Concat(src, lineEnd(src), indentation, added)
	}
	return slices.Concat(src[:after.next], indentation, added, eol, src[after.next:])
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
	text = bytes.TrimSuffix(bytes.TrimSuffix(src[top:], []byte("\n")), []byte("\r"))
	terminated = top+len(text) < len(src)
	return text[bytes.LastIndexAny(text, "\r\n")+1:], terminated
}
