package awsconfig

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Problem is a line that the AWS CLI rejects, or that it or another AWS tool
// reads otherwise than its writer may have meant.
type Problem struct {
	Line  int    // counted from 1
	Fatal bool   // the AWS CLI gives up on the whole file
	Text  string // one line, no full stop; quotes keys and names, never values
}

// maxProblems bounds what Problems reports of either class: a file with more is
// no AWS file.
const maxProblems = 100

// Problems lists the file's problems in the order of their lines, at most a
// hundred fatal and a hundred other ones. The AWS CLI accepts a file exactly
// when none of them is fatal.
//
// The problems that are not fatal:
//
//   - a header that the AWS CLI silently ignores, such as [Profile x],
//     [profile a b] or [profile it's];
//   - a header that replaces a section, as [profile "a"] does with [profile a];
//   - a name in quotes, which Go-based tools cannot find, and a header with #,
//     ; or ] in it, on whose extent no two tools agree;
//   - a key that begins with [, probably a header;
//   - a key with capitals, or with : behind it, which the SDKs for JavaScript and
//     Java do not find;
//   - a value with an inline comment or in quotes: the AWS CLI keeps both, other
//     tools strip them;
//   - a header or a key indented under a key, where it continues the value;
//   - [DEFAULT], whose keys are in every section.
func (f *File) Problems() []Problem {
	r := reader{headers: make(map[string]int), names: make(map[sectionName]int)}
	if textStart(f.src) > 0 {
		r.fatal(1, "byte order mark at the start of the file")
	}
	if at := firstInvalid(f.src); at >= 0 {
		count := lineCounter{src: f.src}
		r.fatal(count.at(at), "not UTF-8")
	}
	scan := scanLines(f.src)
	for r.fatals < maxProblems && scan.next() {
		r.read(scan.line)
	}
	if r.fatals < maxProblems {
		r.defaultBlocks(f.src)
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return r.problems
}

// reader goes through a file line by line and notes what is wrong.
type reader struct {
	problems     []Problem
	fatals, mild int // how many of them

	line       int
	headers    map[string]int      // header text → line
	names      map[sectionName]int // what the header is read as → line
	inDefault  bool
	keys       keySet // of this section
	defaults   keySet // of [DEFAULT], which may be repeated
	key        []byte // the open key in lower case
	block      bool   // its first line is empty: what follows is a nested block
	commented  bool   // an inline comment in its value was noted
	badDefault []badLine
}

type sectionName struct {
	kind Kind
	name string
}

// badLine is a line without = in a nested block of [DEFAULT].
type badLine struct {
	line int
	key  []byte
}

func (r *reader) fatal(line int, format string, args ...any) {
	if r.fatals < maxProblems {
		r.fatals++
		r.problems = append(r.problems, Problem{Line: line, Fatal: true, Text: fmt.Sprintf(format, args...)})
	}
}

func (r *reader) warn(format string, args ...any) {
	if r.mild < maxProblems {
		r.mild++
		r.problems = append(r.problems, Problem{Line: r.line, Text: fmt.Sprintf(format, args...)})
	}
}

func (r *reader) read(l line) {
	r.line++
	switch l.kind {
	case headerLine:
		r.readHeader(l.header())
	case keyLine:
		r.readKey(l)
	case continuation:
		r.readContinuation(l.text)
	case strayLine:
		r.fatal(r.line, "text before the first section header")
	case junkLine:
		switch {
		case l.delim == 0:
			r.fatal(r.line, "no key before %q", l.text[:1])
		case l.text[0] == '[':
			r.fatal(r.line, "section header without a name in brackets: the keys below it count for no section")
		default:
			r.fatal(r.line, `neither a section header nor a line of the form "key = value"`)
		}
	}
}

func (r *reader) readHeader(text []byte) {
	r.inDefault = string(text) == defaultSection
	r.keys = keySet{few: r.keys.few[:0]}
	if r.inDefault {
		r.warn("the keys of [DEFAULT] count in every section; the default profile is [default]")
		return
	}
	if first, ok := r.headers[string(text)]; ok {
		r.fatal(r.line, "section [%s] repeated from line %d", show(text), first)
		return
	}
	r.headers[string(text)] = r.line

	h := header{text: text}
	for _, kind := range []Kind{Profile, SSOSession, Services} {
		name, ok := h.name(kind)
		if !ok {
			if word, _ := cutWord(text); strings.EqualFold(string(word), string(kind)) {
				r.warn("the AWS CLI ignores section [%s]: it is not of the form [%s NAME]", show(text), kind)
			}
			continue
		}
		id := sectionName{kind, string(name)}
		if first, ok := r.names[id]; ok {
			r.warn("section [%s] replaces the %s %q of line %d as a whole", show(text), kind, show(name), first)
		}
		r.names[id] = r.line
		if quoted(text) {
			r.warn("Go-based tools cannot find the %s %q: its name is quoted", kind, show(name))
		}
	}
	if bytes.ContainsAny(text, "#;]") {
		r.warn("#, ; or ] in section header [%s]: tools disagree where it ends", show(text))
	}
}

func (r *reader) readKey(l line) {
	r.key = lower(l.key())
	r.commented = false
	seen := &r.keys
	if r.inDefault {
		seen = &r.defaults
	}
	if first, ok := seen.add(r.key, r.line); !ok {
		r.fatal(r.line, "key %q repeated from line %d", show(r.key), first)
	}
	if r.key[0] == '[' {
		r.warn("key %q begins with a bracket: a section header without its end?", show(r.key))
	}
	if !bytes.Equal(r.key, l.key()) {
		r.warn("the SDKs for JavaScript and Java do not find %q: it is written with capitals", show(r.key))
	}
	if l.text[l.delim] == ':' {
		r.warn("the SDKs for JavaScript and Java do not find %q: they know no sign but = behind a key", show(r.key))
	}
	r.comment(l.text[l.delim+1:])
	value := l.value()
	r.block = len(value) == 0
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		r.warn("the AWS CLI takes the quotes of %q for a part of the value", show(r.key))
	}
}

// comment notes what other tools cut off: a # or ; with a blank before it.
func (r *reader) comment(value []byte) {
	if r.commented {
		return
	}
	for _, sign := range []byte("#;") {
		for at := 0; ; at++ {
			i := bytes.IndexByte(value[at:], sign)
			if i < 0 {
				break
			}
			at += i
			if at > 0 && isShellBlank(value[at-1]) {
				r.commented = true
				r.warn("the AWS CLI takes the comment behind %q for a part of the value", show(r.key))
				return
			}
		}
	}
}

func (r *reader) readContinuation(text []byte) {
	r.comment(text)
	if !r.block {
		switch {
		case isHeader(text):
			r.warn("indented section header continues the value of %q", show(r.key))
		case delimiter(text) > 0:
			r.warn("indented key continues the value of %q", show(r.key))
		}
		return
	}
	// botocore splits nested blocks at more line ends than configparser.
	for piece := range bytes.FieldsFuncSeq(text, isLineEnd) {
		if len(strip(piece)) == 0 || bytes.IndexByte(piece, '=') >= 0 {
			continue
		}
		if r.inDefault {
			r.badDefault = append(r.badDefault, badLine{r.line, r.key})
		} else {
			r.fatal(r.line, `line without "=" in the nested block of %q`, show(r.key))
		}
		return
	}
}

// defaultBlocks decides about bad nested blocks in [DEFAULT]. botocore reads
// them only where they show through: in a section without such a key.
func (r *reader) defaultBlocks(src []byte) {
	if len(r.badDefault) == 0 {
		return
	}
	sections := 0
	with := make(map[string]int) // sections with a key of this name
	for _, bad := range r.badDefault {
		with[string(bad.key)] = 0
	}
	scan := scanLines(src)
	inDefault := false
	for scan.next() {
		switch scan.line.kind {
		case headerLine:
			if inDefault = string(scan.line.header()) == defaultSection; !inDefault {
				sections++
			}
		case keyLine:
			key := lower(scan.line.key())
			if n, ok := with[string(key)]; ok && !inDefault {
				with[string(key)] = n + 1
			}
		}
	}
	for _, bad := range r.badDefault {
		if with[string(bad.key)] < sections {
			r.fatal(bad.line, `line without "=" in the nested block of %q`, show(bad.key))
		}
	}
}

// keySet remembers keys and their lines. Most sections have few keys, for which
// a map would be the slower search.
type keySet struct {
	few  []keyAt
	many map[string]int
}

type keyAt struct {
	key  []byte
	line int
}

// add reports false and the line of the first when the key is there already.
func (s *keySet) add(key []byte, line int) (first int, ok bool) {
	for _, k := range s.few {
		if bytes.Equal(k.key, key) {
			return k.line, false
		}
	}
	if first, ok := s.many[string(key)]; ok {
		return first, false
	}
	if len(s.few) < 16 {
		s.few = append(s.few, keyAt{key, line})
		return 0, true
	}
	if s.many == nil {
		s.many = make(map[string]int)
	}
	s.many[string(key)] = line
	return 0, true
}

// firstInvalid is the offset of the first byte that is not UTF-8, or -1.
func firstInvalid(s []byte) int {
	if utf8.Valid(s) {
		return -1
	}
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRune(s[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// isLineEnd is where Python's str.splitlines splits.
func isLineEnd(r rune) bool {
	switch r {
	case '\n', '\v', '\f', '\r', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		return true
	}
	return false
}

// show makes text from a file fit for a message: short and printable.
func show(s []byte) string {
	const most = 60
	short := string(s)
	if len(s) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		short = string(s[:cut]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, short)
}
