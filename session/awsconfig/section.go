package awsconfig

import (
	"bytes"
	"iter"
	"unicode"
	"unicode/utf8"
)

// A Section is the content of a file under one name. A later edit of the File does
// not change it.
type Section struct {
	src      []byte
	name     string
	line     int // 0: [Section.Line] counts
	own      headers
	defaults headers // those of [DEFAULT]
}

// headers are the headers of one text. Only [DEFAULT] and sections of files that
// the AWS CLI rejects have more than one. The zero value is empty.
type headers struct {
	text        []byte // nil if there are none
	first, last int    // offsets of the first and last header line
	body, end   int    // extent of the last section, below its header
}

// add adds the next header in the file. If headers of different text have one name,
// the text is that of the last one; bodies skips the others between first and last.
func (h *headers) add(next *header) {
	if h.text == nil {
		h.first = next.start
	}
	h.text, h.last, h.body, h.end = next.text, next.start, next.body, next.end
}

// Name returns the section's name, without quotes.
func (s Section) Name() string { return s.name }

// Size returns how many bytes of the file the section extends over. If its header is
// repeated, that includes the sections between.
func (s Section) Size() int { return s.own.end - s.own.first }

// Line returns the line number of the section's header, counted from 1. If the
// header is repeated, it is that of the last one.
func (s Section) Line() int {
	if s.line == 0 && s.own.text != nil {
		count := lineCounter{src: s.src}
		return count.at(s.own.last)
	}
	return s.line
}

// Get returns the value of a key. Keys are not case-sensitive. If the key is
// repeated, the last value counts. A key that the section does not have is looked
// up in [DEFAULT].
//
// The value is that which the AWS CLI reads: without the white space around it, but
// with quotes, percent signs and inline comments ("us-east-1 # home"). Each further
// line of the value follows after a newline, without white space around it; comment
// lines between them are left out. So a nested block
//
//	s3 =
//	  max_queue_size = 100
//
// has the value "\nmax_queue_size = 100". Its keys are not keys of the section.
func (s Section) Get(key string) (value string, ok bool) {
	for _, where := range []headers{s.own, s.defaults} {
		if e, ok := lastEntry(s.src, where, key); ok {
			return string(e.value(s.src)), true
		}
	}
	return "", false
}

// KeyLine returns the number of the line that [Section.Get] reads the key from,
// counted from 1, or 0 if there is no such key.
func (s Section) KeyLine(key string) int {
	for _, where := range []headers{s.own, s.defaults} {
		if e, ok := lastEntry(s.src, where, key); ok {
			return 1 + bytes.Count(s.src[:e.line.start], []byte("\n"))
		}
	}
	return 0
}

// Values returns the section's keys in lower case, with the value that Get returns
// for each. It reads the section once. For the zero Section it is empty, not nil.
func (s Section) Values() map[string]string {
	values := make(map[string]string)
	s.Each(nil, func(key, value string) { values[key] = value })
	return values
}

// Each calls set for the [Section.Values] as they are written: of a key that is there
// several times, the last value counts. texts may be nil. (An iterator would be allocated
// for each of thousands of sections.)
func (s Section) Each(texts *Texts, set func(key, value string)) {
	for _, where := range [...]headers{s.defaults, s.own} {
		for e := range entries(s.src, where) {
			set(texts.of(e.key), texts.of(e.value(s.src)))
		}
	}
}

// Texts are keys and values of which many sections have the same. To keep each once
// saves most of the memory of a list of thousands of profiles, and new memory is what
// takes most of its time. The zero value is ready for use.
//
// Each text has one place, which the last one for that place takes. Account ids, which
// differ from section to section, push others out only rarely.
type Texts struct{ last [256]string }

// maxTextSize is in bytes.
const maxTextSize = 64

func (t *Texts) of(text []byte) string {
	if t == nil || len(text) > maxTextSize || len(text) == 0 {
		return string(text)
	}
	n := len(text)
	place := &t.last[(n<<3^int(text[0])^int(text[n/2])<<2^int(text[n-1])<<4)%len(t.last)]
	if *place != string(text) {
		*place = string(text)
	}
	return *place
}

// Keys returns the section's keys in lower case, each once, in the order in which
// they first appear, followed by the other keys of [DEFAULT].
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

// bodies iterates over the sections of the headers.
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

// An entry is a key of a section and its value.
type entry struct {
	line line   // the keyLine
	key  []byte // in lower case
	end  int    // offset after the last line of the value
}

// entries iterates over the keys of the sections. It skips the lines below a broken
// header: if they were read as part of the section above, one profile would get the
// account that was meant for another.
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

// lastEntry returns the last entry of a key, which counts.
func lastEntry(src []byte, where headers, key string) (found entry, ok bool) {
	wanted := lower([]byte(key))
	for e := range entries(src, where) {
		if bytes.Equal(e.key, wanted) {
			found, ok = e, true
		}
	}
	return found, ok
}

// value joins the lines of an entry as configparser does: with the blank lines
// between them, but not those at the end, and without comments.
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

// lower is Python's str.lower, which configparser applies to keys, with one
// exception: Python has a second lower case for a capital sigma at the end of a
// word. Bytes that are not UTF-8 do not change. lower returns s itself if nothing
// changes.
func lower(s []byte) []byte {
	same := 0
	for same < len(s) && s[same] < utf8.RuneSelf && s[same]-'A' > 'Z'-'A' {
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
