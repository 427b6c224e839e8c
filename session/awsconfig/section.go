package awsconfig

import (
	"bytes"
	"iter"
	"unicode"
	"unicode/utf8"
)

// A Section is what a file says under one name. It is a snapshot: a later
// edit of the File does not show in it.
type Section struct {
	src      []byte
	name     string
	line     int
	own      headers
	defaults headers // [DEFAULT], whose keys show through
}

// headers are the headers with one text. There is one of them, save in [DEFAULT]
// and in files that the AWS CLI rejects. The zero value has none.
type headers struct {
	text        []byte // nil when there is none
	first, last int    // offsets of header lines: look for the text from first to last
	body, end   int    // extent of the last one's section, below its header
}

// add notes the next header in the file. The last one decides the text; those
// before it with another text lie in between, and bodies passes over them.
func (h *headers) add(next *header) {
	if h.text == nil {
		h.first = next.start
	}
	h.text, h.last, h.body, h.end = next.text, next.start, next.body, next.end
}

// Name is the section's name, unquoted.
func (s Section) Name() string { return s.name }

// Line is the number of the line with the section's header, counted from 1;
// when the header is repeated, the last one.
func (s Section) Line() int { return s.line }

// Get is the value of a key. Case does not matter in keys. The last assignment
// counts; a key that the section lacks is looked up in [DEFAULT].
//
// The value is as the AWS CLI reads it: without the blanks around it, but with
// quotes, percent signs and inline comments ("us-east-1 # home") as they stand.
// Further lines of a value follow after a newline each, stripped; full-line
// comments among them are left out. So a nested block
//
//	s3 =
//	  max_queue_size = 100
//
// has the value "\nmax_queue_size = 100", and its keys are no keys of the
// section.
func (s Section) Get(key string) (value string, ok bool) {
	for _, where := range []headers{s.own, s.defaults} {
		if e, ok := lastEntry(s.src, where, key); ok {
			return string(e.value(s.src)), true
		}
	}
	return "", false
}

// Values are the section's keys, in lower case, with what Get gives for each: one
// reading where several keys are wanted. It is empty, not nil, for the zero
// Section.
func (s Section) Values() map[string]string {
	values := make(map[string]string)
	for _, where := range []headers{s.defaults, s.own} {
		for e := range entries(s.src, where) {
			values[string(e.key)] = string(e.value(s.src))
		}
	}
	return values
}

// Keys lists the section's keys in lower case, each once, in the order in which
// they first appear, and then those of [DEFAULT] that the section lacks.
func (s Section) Keys() []string {
	var keys []string
	seen := make(map[string]bool)
	for _, where := range []headers{s.own, s.defaults} {
		for e := range entries(s.src, where) {
			if !seen[string(e.key)] {
				key := string(e.key)
				seen[key] = true
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// bodies walks the sections under the headers.
func (h headers) bodies(src []byte) iter.Seq[header] {
	return func(yield func(header) bool) {
		if h.text == nil {
			return
		}
		if h.first == h.last {
			yield(header{start: h.last, text: h.text, body: h.body, end: h.end})
			return
		}
		scan := scanHeadersAt(src[:h.end], h.first)
		for scan.next() {
			if bytes.Equal(scan.header.text, h.text) && !yield(scan.header) {
				return
			}
		}
	}
}

// An entry is a key of a section with its value.
type entry struct {
	line line   // the keyLine
	key  []byte // in lower case
	end  int    // offset behind the last line of the value
}

// entries walks the keys under the headers. What stands under a header that
// lacks a bracket belongs to nobody: taken for the section above, the account
// meant for one profile would be another's.
func entries(src []byte, where headers) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for h := range where.bodies(src) {
			var e entry
			open := false
			scan := scanBody(src[:h.end], h.body)
			for scan.next() && !scan.line.brokenHeader() {
				switch scan.line.kind {
				case keyLine:
					if open && !yield(e) {
						return
					}
					e = entry{line: scan.line, key: lower(scan.line.key()), end: scan.line.next}
					open = true
				case continuation:
					e.end = scan.line.next
				}
			}
			if open && !yield(e) {
				return
			}
		}
	}
}

// lastEntry finds the entry that counts for a key.
func lastEntry(src []byte, where headers, key string) (found entry, ok bool) {
	wanted := lower([]byte(key))
	for e := range entries(src, where) {
		if bytes.Equal(e.key, wanted) {
			found, ok = e, true
		}
	}
	return found, ok
}

// value joins the lines of an entry as configparser does: blank lines between
// them count, comments do not, and nothing blank stays at the end.
func (e entry) value(src []byte) []byte {
	first := e.line.value()
	if e.end == e.line.next {
		return first
	}
	value := bytes.Clone(first)
	scan := scanBody(src[:e.end], e.line.start)
	scan.next()
	for scan.next() {
		switch scan.line.kind {
		case blankLine, continuation:
			value = append(value, '\n')
			value = append(value, scan.line.text...)
		}
	}
	return value
}

// lower is Python's str.lower, which configparser applies to keys. It returns s
// itself when there is nothing to change, and leaves bytes that are not UTF-8
// alone. It differs in one letter: Python has a second small letter for a capital
// sigma at the end of a word.
func lower(s []byte) []byte {
	same := 0
	for same < len(s) && s[same] < utf8.RuneSelf && (s[same] < 'A' || 'Z' < s[same]) {
		same++
	}
	if same == len(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	b, s = append(b, s[:same]...), s[same:]
	for len(s) > 0 {
		r, size := utf8.DecodeRune(s)
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(b, s[0])
		case r == 'İ':
			b = append(b, "i̇"...)
		default:
			b = utf8.AppendRune(b, unicode.ToLower(r))
		}
		s = s[size:]
	}
	return b
}
