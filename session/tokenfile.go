package session

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// A tokenFile is one file of the AWS CLI's sso/cache, which every SDK reads
// too. Fields that ssoenv does not know are kept: another tool needs them.
type tokenFile struct {
	Token
	startURL string
	region   string
	others   map[string]json.RawMessage
}

// UnmarshalJSON takes what it can read and leaves out what it cannot: a field
// of the wrong type is as good as missing.
func (f *tokenFile) UnmarshalJSON(data []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	take := func(key string) string {
		var value string
		if json.Unmarshal(fields[key], &value) != nil {
			return ""
		}
		delete(fields, key)
		return value
	}
	*f = tokenFile{
		Token: Token{
			Access:              safetext.Secret(take("accessToken")),
			Expires:             parseTime(take("expiresAt")),
			Refresh:             safetext.Secret(take("refreshToken")),
			ClientID:            take("clientId"),
			ClientSecret:        safetext.Secret(take("clientSecret")),
			RegistrationExpires: parseTime(take("registrationExpiresAt")),
		},
		startURL: take("startUrl"),
		region:   take("region"),
	}
	for _, key := range tokenFields {
		delete(fields, key) // of a type that cannot be used, and must not be written again
	}
	f.others = fields
	return nil
}

var tokenFields = []string{"startUrl", "region", "accessToken", "expiresAt", "clientId", "clientSecret", "registrationExpiresAt", "refreshToken"}

// bytes writes the file as the AWS CLI does: on one line, in its order, with
// its separators; a value that is not there is left out, since null breaks the
// Go SDK's reading.
func (f *tokenFile) bytes() []byte {
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
	text("startUrl", f.startURL)
	text("region", f.region)
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

// formatTime writes whole seconds in UTC with a Z, which the Java and Go SDKs
// insist on.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// parseTime reads RFC 3339, and the "…UTC" that old AWS CLIs wrote; anything
// else is the zero time.
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
