package session

import (
	"crypto/sha1"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The AWS CLI names its cache files after the SHA-1 of texts that Python's
// json.dumps wrote, so sharing its cache means writing JSON as Python does:
// keys sorted, every non-ASCII character escaped, and <, > and & left alone,
// all of which encoding/json does differently.

// tokenKey is the name, without its ending, of a session's file in the AWS
// CLI's sso/cache: the session's name, or in the legacy format the start URL
// exactly as it is written in the profile.
func tokenKey(p Portal) string {
	if p.Name != "" {
		return sha1Hex(p.Name)
	}
	return sha1Hex(p.StartURL)
}

// cliRoleKey is the name of the file in which the AWS CLI's cli/cache keeps
// the credentials of one account and role.
func cliRoleKey(p Portal, account, role string) string {
	origin := `"sessionName":` + pythonString(p.Name)
	if p.Name == "" {
		origin = `"startUrl":` + pythonString(p.StartURL)
	}
	return sha1Hex(`{"accountId":` + pythonString(account) + `,"roleName":` + pythonString(role) + `,` + origin + `}`)
}

func sha1Hex(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// pythonString quotes text as Python's json.dumps does by default.
func pythonString(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r >= ' ' && r <= '~', r == 0x7f:
			// Python leaves DEL as it is.
			b.WriteByte(byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			writeEscape(&b, high)
			writeEscape(&b, low)
		default:
			writeEscape(&b, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func writeEscape(b *strings.Builder, r rune) {
	if r < 0 || r > 0xffff {
		r = utf8.RuneError
	}
	hex := strconv.FormatInt(int64(r), 16)
	b.WriteString(`\u` + "0000"[len(hex):] + hex)
}
