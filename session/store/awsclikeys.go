package store

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/profile"
)

// The AWS CLI names its cache files by the SHA-1 of JSON that Python's json.dumps
// wrote. To share its cache, ssoenv writes JSON as Python does: keys sorted, every
// non-ASCII character escaped, and <, > and & not escaped. encoding/json differs
// in all three.

// tokenKey returns the name, without .json, of a session's file in the AWS CLI's
// sso/cache. It depends on the session's name or, in the legacy format, on the
// start URL exactly as in the profile.
func tokenKey(sso profile.SSOSession) string {
	if sso.Name != "" {
		return sha1Hex(sso.Name)
	}
	return sha1Hex(sso.StartURL)
}

// cliRoleKey returns the name of the file in the AWS CLI's cli/cache with the
// credentials of an account and role.
func cliRoleKey(sso profile.SSOSession, account, role string) string {
	origin := `"sessionName":` + pythonString(sso.Name)
	if sso.Name == "" {
		origin = `"startUrl":` + pythonString(sso.StartURL)
	}
	return sha1Hex(`{"accountId":` + pythonString(account) + `,"roleName":` + pythonString(role) + `,` + origin + `}`)
}

// cliAssumeKey returns the name of the file in the AWS CLI's cli/cache with the
// credentials of an assumed role. It depends on the role's settings in the config
// file, not on the source profile.
func cliAssumeKey(a profile.AssumeRole) string {
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

// pythonString returns text quoted as by Python's json.dumps.
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

// ForgetCLIRoles deletes the credentials that the AWS CLI has cached for the
// profiles of the SSO session. The file names follow from the profiles of the
// config; no other file of the directory is changed.
func (s *Store) ForgetCLIRoles(config *profile.Config, sso profile.SSOSession) error {
	if s.CLIRoles == nil {
		return nil
	}
	var failures []error
	for _, name := range config.ProfileNames() {
		// A wrong region or colour does not keep the AWS CLI from caching
		// credentials, so only the role counts.
		p, err := config.ProfileRole(name)
		if err != nil || tokenKey(p.SSOSession) != tokenKey(sso) {
			continue
		}
		key := cliRoleKey(sso, p.AccountID, p.RoleName)
		if p.Source != nil {
			key = cliAssumeKey(p.Assume)
		}
		failures = append(failures, s.CLIRoles.Delete(key))
	}
	return errors.Join(failures...)
}
