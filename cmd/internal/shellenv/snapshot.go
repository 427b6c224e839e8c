package shellenv

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
)

// A snapshot is the content of SSOENV_SAVED: what the variables were before the
// first switch. Variables that were not set and that the switch did not set are
// left out. The encoding is JSON in unpadded base64url, with the keys that
// earlier versions used: a running shell may hold a snapshot of one of them.
type snapshot struct {
	Vars map[string]savedVar `json:"v"`

	// Lost is true if the shell had credentials of its own, which Clear will
	// not restore.
	Lost bool `json:"lost,omitempty"`
}

// A savedVar is one variable of a snapshot.
type savedVar struct {
	// Set is the fingerprint of the value that the switch set, or empty if it
	// unset the variable. It shows whether the user has changed it since.
	Set string `json:"s,omitempty"`

	// Before is the value before the first switch. It is nil if the variable
	// was not set or held a secret.
	Before *string `json:"b,omitempty"`
}

// parseSnapshot decodes SSOENV_SAVED. It returns an empty snapshot for text that
// it cannot decode.
func parseSnapshot(text string) snapshot {
	var s snapshot
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(data, &s) != nil {
		return snapshot{}
	}
	return s
}

func (s snapshot) String() string {
	data, err := json.Marshal(s)
	if err != nil {
		return "" // cannot happen: strings in a map always marshal
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// unchanged reports whether the variable still has the value that the switch
// gave it.
func (s snapshot) unchanged(env map[string]string, name string) bool {
	saved, ok := s.Vars[name]
	return ok && saved.Set == fingerprint(env, name)
}

// before returns the value that the variable would have without ssoenv: the one
// before the first switch, or the one that the user has set since. It returns
// nil for a variable that would not be set.
func (s snapshot) before(env map[string]string, name string) *string {
	if s.unchanged(env, name) {
		return s.Vars[name].Before
	}
	if value, ok := env[name]; ok {
		return &value
	}
	return nil
}

// fingerprint returns 16 hexadecimal digits by which a variable's value is
// recognised and from which it cannot be recovered, or "" if it is not set.
func fingerprint(env map[string]string, name string) string {
	value, ok := env[name]
	if !ok {
		return ""
	}
	sum := sha256.Sum256([]byte(name + "=" + value))
	return hex.EncodeToString(sum[:8])
}
