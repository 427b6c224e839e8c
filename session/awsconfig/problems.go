package awsconfig

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// A Problem is a line that the AWS CLI rejects, or that it or another AWS tool
// probably reads differently than intended.
type Problem struct {
	Line  int    // counted from 1
	Fatal bool   // the AWS CLI rejects the whole file
	Text  string // one printable line; contains keys and names, never values
}

// maxProblems is the most fatal and the most other problems that Problems returns.
const maxProblems = 100

// Problems returns the file's problems in the order of their lines, at most 100
// fatal and 100 others. The AWS CLI accepts a file exactly if none is fatal.
//
// These problems are not fatal:
//
//   - a header that the AWS CLI silently ignores, such as [Profile x],
//     [profile a b] or [profile it's];
//   - a header that replaces a section, as [profile "a"] does after [profile a];
//   - a name in quotes, which Go-based tools do not find;
//   - a header with #, ; or ] in it, which tools read differently;
//   - a key that begins with [, probably a broken header;
//   - a key with capitals, or with : after it, which the SDKs for JavaScript and
//     Java do not find;
//   - a value with an inline comment or in quotes: the AWS CLI keeps both, other
//     tools remove them;
//   - a header or key that is indented below a key, where it continues the value;
//   - [DEFAULT], whose keys apply to every section.
func (f *File) Problems() []Problem {
	most := min(bytes.Count(f.src, []byte("[")), 1<<16) // as for an Index
	r := reader{headers: make(map[string]int, most), names: make(map[sectionName]int)}
	if f.IsUTF16() {
		r.fatal(1, "the file is in UTF-16: save it as UTF-8, without a byte order mark")
		return r.problems
	}
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

// IsUTF16 reports whether the file begins as text in UTF-16 does, which PowerShell
// writes. No tool reads sections in it.
func (f *File) IsUTF16() bool {
	return bytes.HasPrefix(f.src, []byte("\xff\xfe")) || bytes.HasPrefix(f.src, []byte("\xfe\xff"))
}

// A reader reads a file line by line and collects its problems.
type reader struct {
	problems         []Problem
	fatals, warnings int // numbers of problems

	line        int
	headers     map[string]int      // header text → line
	names       map[sectionName]int // kind and name of the header → line
	inDefault   bool
	keys        keySet // of this section
	defaults    keySet // of [DEFAULT], which may be repeated
	key         []byte // the open key in lower case
	block       bool   // the first line of its value is empty: a nested block follows
	commentSeen bool   // an inline comment in its value was reported
	badDefault  []badLine
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
	if r.warnings < maxProblems {
		r.warnings++
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
	case invalidLine:
		switch {
		case l.delim == 0:
			r.fatal(r.line, "no key before %q", l.text[:1])
		case l.text[0] == '[':
			r.fatal(r.line, "section header without a name in brackets: the keys below it belong to no section")
		default:
			r.fatal(r.line, `neither a section header nor a line of the form "key = value"`)
		}
	}
}

func (r *reader) readHeader(text []byte) {
	r.inDefault = string(text) == defaultSection
	r.keys = keySet{few: r.keys.few[:0]}
	if r.inDefault {
		r.warn("the keys of [DEFAULT] apply to every section; the default profile is [default]")
		return
	}
	if first, ok := r.headers[string(text)]; ok {
		r.fatal(r.line, "section [%s] repeated from line %d", printable(text), first)
		return
	}
	r.headers[string(text)] = r.line

	h := header{text: text}
	kinds := []Kind{Profile, SSOSession, Services}
	plain := h.isPlain()
	if plain {
		kinds = kinds[:1] // it has no name of the other kinds, and is not nearly one of them
	}
	for _, kind := range kinds {
		name, ok := h.name(kind)
		if !ok {
			if word, _ := cutWord(text); strings.EqualFold(string(word), string(kind)) {
				r.warn("the AWS CLI ignores section [%s]: its header is not [%s NAME]", printable(text), kind)
			}
			continue
		}
		first, ok := r.names[sectionName{kind, string(name)}]
		if !ok && !plain && kind == Profile {
			first, ok = r.plainHeader(name)
		}
		if ok {
			r.warn("section [%s] replaces the %s %s of line %d completely", printable(text), kind, quote(name), first)
		}
		if ok || !plain {
			r.names[sectionName{kind, string(name)}] = r.line
		}
		if quoted(text) {
			r.warn("Go-based tools do not find the %s %s: its name is quoted", kind, quote(name))
		}
	}
	if bytes.ContainsAny(text, "#;]") {
		r.warn("#, ; or ] in section header [%s]: tools disagree on where it ends", printable(text))
	}
}

// plainHeader returns the line of the header of a profile of this name for which isPlain
// holds. Nearly all headers are such: their texts are in headers, and need not be in
// names besides.
func (r *reader) plainHeader(name []byte) (line int, ok bool) {
	h := header{text: append([]byte(plainStart), name...)}
	if !h.isPlain() {
		return 0, false
	}
	line, ok = r.headers[string(h.text)]
	return line, ok
}

func (r *reader) readKey(l line) {
	r.key = lower(l.key())
	r.commentSeen = false
	seen := &r.keys
	if r.inDefault {
		seen = &r.defaults
	}
	if first, ok := seen.add(r.key, r.line); !ok {
		r.fatal(r.line, "key %s repeated from line %d", quote(r.key), first)
	}
	if r.key[0] == '[' {
		r.warn("key %s begins with a bracket: is it a section header without the closing one?", quote(r.key))
	}
	if !bytes.Equal(r.key, l.key()) {
		r.warn("the SDKs for JavaScript and Java do not find %s: it is written with capitals", quote(r.key))
	}
	if l.text[l.delim] == ':' {
		r.warn("the SDKs for JavaScript and Java do not find %s: they accept only = after a key", quote(r.key))
	}
	r.readComment(l.text[l.delim+1:])
	value := l.value()
	r.block = len(value) == 0
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		r.warn("the AWS CLI reads the quotes of %s as part of the value", quote(r.key))
	}
}

// readComment warns about an inline comment, which other tools remove: # or ; after
// a space or tab.
func (r *reader) readComment(value []byte) {
	if r.commentSeen {
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
				r.commentSeen = true
				r.warn("the AWS CLI reads the comment after %s as part of the value", quote(r.key))
				return
			}
		}
	}
}

func (r *reader) readContinuation(text []byte) {
	r.readComment(text)
	if !r.block {
		switch {
		case isHeader(text):
			r.warn("indented section header continues the value of %s", quote(r.key))
		case delimiter(text) > 0:
			r.warn("indented key continues the value of %s", quote(r.key))
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
			r.fatal(r.line, `line without "=" in the nested block of %s`, quote(r.key))
		}
		return
	}
}

// defaultBlocks reports lines without = in nested blocks of [DEFAULT]. botocore
// reads such a block only for a section that does not have the key itself.
func (r *reader) defaultBlocks(src []byte) {
	if len(r.badDefault) == 0 {
		return
	}
	sections := 0
	with := make(map[string]int) // key → number of sections that have it
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
			r.fatal(bad.line, `line without "=" in the nested block of %s`, quote(bad.key))
		}
	}
}

// A keySet is a set of keys with their lines. Most sections have few keys, for
// which a linear search is faster than a map.
type keySet struct {
	few  []keyAt
	many map[string]int
}

type keyAt struct {
	key  []byte
	line int
}

// add adds a key. If the set has it already, add reports false and returns the line
// of that one.
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

// firstInvalid returns the offset of the first byte that is not UTF-8, or -1.
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

// isLineEnd reports whether Python's str.splitlines splits at r.
func isLineEnd(r rune) bool {
	switch r {
	case '\n', '\v', '\f', '\r', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		return true
	}
	return false
}

// printable returns text from a file for a message: as safetext.Printable does, and
// cut at 60 bytes. Text that is cut ends in "…".
func printable(s []byte) string {
	const most = 60
	shown := safetext.Printable(string(s[:min(len(s), most+utf8.UTFMax)]))
	if len(shown) <= most {
		return shown
	}
	cut := most
	for !utf8.RuneStart(shown[cut]) {
		cut--
	}
	return shown[:cut] + "…"
}

// quote returns printable(s) in quotes.
func quote(s []byte) string { return `"` + printable(s) + `"` }
