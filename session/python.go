package session

import (
	"crypto/sha1"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
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
func tokenKey(p SSOSession) string {
	if p.Name != "" {
		return sha1Hex(p.Name)
	}
	return sha1Hex(p.StartURL)
}

// cliRoleKey is the name of the file in which the AWS CLI's cli/cache keeps
// the credentials of one account and role.
func cliRoleKey(p SSOSession, account, role string) string {
	origin := `"sessionName":` + pythonString(p.Name)
	if p.Name == "" {
		origin = `"startUrl":` + pythonString(p.StartURL)
	}
	return sha1Hex(`{"accountId":` + pythonString(account) + `,"roleName":` + pythonString(role) + `,` + origin + `}`)
}

// cliAssumeKey is the name of the file in which the AWS CLI's cli/cache keeps
// the credentials of a role that it took: of what the config file says of the
// role, whoever's credentials it was taken with.
func cliAssumeKey(a AssumeRole) string {
	var members []string
	add := func(key, json string) { members = append(members, pythonString(key)+": "+json) }
	if a.Duration != 0 {
		add("DurationSeconds", strconv.FormatInt(int64(a.Duration/time.Second), 10))
	}
	for _, text := range []struct{ key, value string }{
		{"ExternalId", a.ExternalID}, {"RoleArn", a.RoleARN}, {"RoleSessionName", a.SessionName}, {"SerialNumber", a.MFASerial},
	} {
		if text.value != "" {
			add(text.key, pythonString(text.value))
		}
	}
	return sha1Hex("{" + strings.Join(members, ", ") + "}")
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
		case r >= ' ' && r <= '~':
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
