package store

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

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
func (f *TokenFile) UnmarshalJSON(data []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	text := func(key string) string {
		var value string
		if json.Unmarshal(fields[key], &value) != nil {
			return ""
		}
		delete(fields, key)
		return value
	}
	*f = TokenFile{
		Token: Token{
			Access:              safetext.Secret(text("accessToken")),
			Expires:             parseTime(text("expiresAt")),
			Refresh:             safetext.Secret(text("refreshToken")),
			ClientID:            text("clientId"),
			ClientSecret:        safetext.Secret(text("clientSecret")),
			RegistrationExpires: parseTime(text("registrationExpiresAt")),
		},
		StartURL: text("startUrl"),
		Region:   text("region"),
	}
	for _, key := range tokenFields {
		delete(fields, key) // of the wrong type, and not written again
	}
	f.others = fields
	return nil
}

var tokenFields = []string{"startUrl", "region", "accessToken", "expiresAt", "clientId", "clientSecret", "registrationExpiresAt", "refreshToken"}

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
