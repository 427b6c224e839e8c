package awsconfig

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
)

// A Rename is a profile of a block that gets another name.
type Rename struct {
	From, To string

	// KeepReferences is set if another profile has the old name. The references
	// then stay with that one.
	KeepReferences bool
}

// RenameInBlock gives profiles of a block other names, all at once: two profiles can
// exchange theirs. Only the text in the brackets of their headers changes.
//
// The references in the whole file follow: source_profile, and the name in a
// credential_process that calls ssoenv credential-process. Everything else stays, in
// these lines as well.
//
// RenameInBlock returns an error, and changes nothing, if Block would, or if
// [IsReadable] does not hold for a new name.
func (f *File) RenameInBlock(label string, renames []Rename) error {
	b, _, err := findBlock(f.src, label)
	if err != nil {
		return err
	}
	names, references := make(map[string]string), make(map[string]string)
	for _, r := range renames {
		if !IsReadable(r.To) {
			return fmt.Errorf("the new name %q of profile %q is not one that AWS tools can read", r.To, r.From)
		}
		names[r.From] = r.To
		if !r.KeepReferences {
			references[r.From] = r.To
		}
	}
	if len(names) == 0 {
		return nil
	}
	e := &editor{src: f.src}
	for scan := scanHeaders(f.src); scan.next(); {
		h := scan.header
		if name, ok := h.name(Profile); ok && b.body <= h.start && h.start < b.end && string(h.text) != "default" {
			if to, ok := names[string(name)]; ok {
				at := h.start + len(indentationAt(f.src, h.start)) + len("[")
				e.addSplice(splice{from: at, to: at + len(h.text), text: []byte(string(Profile) + " " + to)})
			}
		}
		e.renameReferences(h, references)
	}
	f.src = e.apply()
	return nil
}

// renameReferences adds the splices for the references in one section.
func (e *editor) renameReferences(h header, names map[string]string) {
	var where headers
	where.add(&h)
	for old := range entries(e.src, where) {
		value := string(old.value(e.src))
		switch string(old.key) {
		case "source_profile":
			if to, ok := names[value]; ok {
				e.replaceValue(old, to)
			}
		case "credential_process":
			value = strings.ReplaceAll(value, "\n", " ") // the words may be on several lines
			if renamed := renameInCommand(value, names, runtime.GOOS != "windows"); renamed != value {
				e.replaceValue(old, renamed)
			}
		}
	}
}

// renameInCommand returns a command line with other names of profiles in the words
// that [ProcessProfiles] returns. Quotes around a name are removed: the new one needs
// none. escapes is as for splitWords.
func renameInCommand(text string, names map[string]string, escapes bool) string {
	var b strings.Builder
	pos := 0
	for _, w := range profileWords([]byte(text), escapes) {
		if to, known := names[string(w.text)]; known && w.from >= pos {
			b.WriteString(text[pos:w.from] + to)
			pos = w.to
		}
	}
	return b.String() + text[pos:]
}

// Comment returns the rest of the first comment line of the section that begins with
// prefix. ok is false if there is none.
func (s Section) Comment(prefix string) (rest string, ok bool) {
	for h := range s.own.bodies(s.src) {
		if l, ok := findComment(s.src, h, prefix); ok {
			return string(l.text[len(prefix):]), true
		}
	}
	return "", false
}

// SetComments sets the comment line that begins with prefix in the profiles that
// texts names, and reads prefix and text then. A new line is added directly below
// the header. A text has no line break.
func (f *File) SetComments(prefix string, texts map[string]string) {
	e := &editor{src: f.src}
	eol := lineEnd(f.src)
	for scan := scanHeaders(f.src); scan.next(); {
		h := scan.header
		name, ok := h.name(Profile)
		if !ok {
			continue
		}
		text, ok := texts[string(name)]
		if !ok {
			continue
		}
		if l, ok := findComment(f.src, h, prefix); ok {
			if string(l.text) != prefix+text {
				e.addSplice(splice{from: l.textAt, to: l.textAt + len(l.text), text: []byte(prefix + text)})
			}
			continue
		}
		e.addSplice(splice{from: h.body, to: h.body, text: append([]byte(prefix+text), eol...), lines: true})
	}
	f.src = e.apply()
}

// findComment returns the first comment line of a section that begins with prefix.
func findComment(src []byte, h header, prefix string) (line, bool) {
	for scan := scanBody(src[:h.end], h.body); scan.next(); {
		if scan.line.kind == commentLine && bytes.HasPrefix(scan.line.text, []byte(prefix)) {
			return scan.line, true
		}
	}
	return line{}, false
}
