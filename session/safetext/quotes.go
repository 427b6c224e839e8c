package safetext

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"strconv"
	"strings"
)

// quotedPart is the number of bytes of a secret, or of a form of it, that count as a
// quotation. Random text has them by chance once in 10^12 messages.
const quotedPart = 8

// Quotes reports whether the text contains one of the secrets or a part of one, of
// quotedPart bytes at least: as it is, in upper or lower case, escaped as in JSON, in
// Go, in HTML or in a URL, also twice, or encoded in hexadecimal or base64.
func Quotes(text string, secrets ...string) bool {
	parts := map[string]bool{}
	var short []string
	for _, secret := range secrets {
		for _, form := range encodings(secret) {
			form = strings.ToLower(form)
			if form != "" && len(form) < quotedPart {
				short = append(short, form)
			}
			for i := range len(form) - quotedPart + 1 {
				parts[form[i:i+quotedPart]] = true
			}
		}
	}
	for range 3 {
		reading := strings.ToLower(text)
		for i := range len(reading) - quotedPart + 1 {
			if parts[reading[i:i+quotedPart]] {
				return true
			}
		}
		for _, form := range short {
			if strings.Contains(reading, form) {
				return true
			}
		}
		text = unescape(text)
	}
	return false
}

// encodings returns the secret itself and its encodings. In the middle of encoded
// text, base64 has one of three forms; the characters that also depend on the bytes
// before the secret are left out.
func encodings(secret string) []string {
	forms := []string{secret, hex.EncodeToString([]byte(secret))}
	for before, skip := range []int{0, 2, 3} {
		shifted := append(make([]byte, before), secret...)
		for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if form := alphabet.EncodeToString(shifted)[skip:]; len(form) >= quotedPart {
				forms = append(forms, form)
			}
		}
	}
	return forms
}

// unescape replaces the escapes of URLs, JSON, Go and HTML by what they mean: %XX,
// \xXX, \uXXXX, a backslash before any other character, and &name;.
func unescape(text string) string {
	var b strings.Builder
	for text != "" {
		var digits string
		switch {
		case text[0] == '%' && len(text) >= 3:
			digits = text[1:3]
		case text[0] == '\\' && len(text) >= 4 && text[1] == 'x':
			digits = text[2:4]
		case text[0] == '\\' && len(text) >= 6 && text[1] == 'u':
			digits = text[2:6]
		}
		code, err := strconv.ParseUint(digits, 16, 16)
		switch {
		case err == nil && len(digits) == 2:
			b.WriteByte(byte(code & 0xff))
			_, text, _ = strings.Cut(text, digits)
		case err == nil:
			b.WriteRune(rune(code))
			_, text, _ = strings.Cut(text, digits)
		case text[0] == '\\':
			text = text[1:]
			if text != "" {
				b.WriteByte(text[0])
				text = text[1:]
			}
		default:
			b.WriteByte(text[0])
			text = text[1:]
		}
	}
	return html.UnescapeString(b.String())
}
