package store

import (
	"bytes"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// A TokenFile is a file of the AWS CLI's sso/cache, which every SDK reads. A
// program that changes one changes the fields of the file that it has read:
// fields of other tools are kept.
type TokenFile struct {
	Token
	StartURL string
	Region   string

	others map[string]json.RawMessage // fields of other tools
}

// KeepOthers returns a file without a token that keeps the fields of other tools.
func (f TokenFile) KeepOthers() TokenFile { return TokenFile{others: f.others} }

// UnmarshalJSON reads the fields that it can. A field of the wrong type counts as
// missing.
//
// Every cached switch reads the file. To walk over the text once, and to decode only
// the eight fields, takes a third of the time of a map of all of them.
func (f *TokenFile) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '{' {
		var fields map[string]json.RawMessage
		*f = TokenFile{}
		return json.Unmarshal(data, &fields) // null, or an error
	}
	*f = TokenFile{}
	for key, value := range members(data) {
		switch name := unquote(key); name {
		case "accessToken":
			f.Access = safetext.Secret(unquote(value))
		case "expiresAt":
			f.Expires = parseTime(unquote(value))
		case "refreshToken":
			f.Refresh = safetext.Secret(unquote(value))
		case "clientId":
			f.ClientID = unquote(value)
		case "clientSecret":
			f.ClientSecret = safetext.Secret(unquote(value))
		case "registrationExpiresAt":
			f.RegistrationExpires = parseTime(unquote(value))
		case "startUrl":
			f.StartURL = unquote(value)
		case "region":
			f.Region = unquote(value)
		default:
			if f.others == nil {
				f.others = map[string]json.RawMessage{}
			}
			f.others[name] = bytes.Clone(value)
		}
	}
	return nil
}

// members iterates over the members of a valid JSON object: keys with their quotes, and
// values.
func members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		at := 1 // after the bracket
		next := func() (part []byte) {
			for strings.IndexByte(" \t\r\n,:", object[at]) >= 0 {
				at++
			}
			start := at
			at = valueEnd(object, at)
			return object[start:at]
		}
		for {
			key := next()
			if len(key) == 0 { // at the bracket that closes it
				return
			}
			if !yield(key, next()) {
				return
			}
		}
	}
}

// valueEnd returns the end of the value in valid JSON that begins at an offset. It is
// that offset if a bracket closes there.
func valueEnd(text []byte, at int) int {
	for depth := 0; at < len(text); at++ {
		switch text[at] {
		case '"':
			for at++; text[at] != '"'; at++ {
				if text[at] == '\\' {
					at++
				}
			}
			if depth == 0 {
				return at + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return at
			}
			if depth--; depth == 0 {
				return at + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return at
			}
		}
	}
	return at
}

// unquote returns the text of a JSON string, or "" for a value of another type.
func unquote(value []byte) (text string) {
	if value[0] != '"' {
		return ""
	}
	for _, c := range value {
		if c == '\\' || c >= utf8.RuneSelf {
			_ = json.Unmarshal(value, &text) // valid, as a part of valid JSON
			return text
		}
	}
	return string(value[1 : len(value)-1])
}

// bytes returns the file as the AWS CLI writes it: on one line, in its order,
// with its separators. Empty values are left out: the Go SDK cannot read null.
func (f *TokenFile) bytes() []byte {
	var b bytes.Buffer
	add := func(key, value string) {
		if value == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(pythonString(key) + ": " + value)
	}
	text := func(key, value string) {
		if value != "" {
			add(key, pythonString(value))
		}
	}
	text("startUrl", f.StartURL)
	text("region", f.Region)
	text("accessToken", f.Access.Reveal())
	text("expiresAt", formatTime(f.Expires))
	text("clientId", f.ClientID)
	text("clientSecret", f.ClientSecret.Reveal())
	text("registrationExpiresAt", formatTime(f.RegistrationExpires))
	text("refreshToken", f.Refresh.Reveal())
	names := make([]string, 0, len(f.others))
	for name := range f.others {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		add(name, string(f.others[name]))
	}
	return append(append([]byte("{"), b.Bytes()...), '}')
}

// formatTime returns whole seconds in UTC with a Z, which the Java and Go SDKs
// require, or "" for the zero time.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// parseTime parses RFC 3339 and the "…UTC" of old AWS CLIs. It returns the zero
// time for anything else.
func parseTime(text string) time.Time {
	if bare, ok := strings.CutSuffix(text, "UTC"); ok {
		text = bare + "Z"
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
