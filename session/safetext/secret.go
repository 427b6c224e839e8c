package safetext

import (
	"fmt"
	"log/slog"
)

// Secret is text that must not be in any output, log or error. It prints
// [redacted] under every fmt verb, in slog and in JSON; Reveal is the only way
// out, and is called at the wire, the cache and the export alone.
type Secret string

// Redacted is what is shown instead of a secret.
const Redacted = "[redacted]"

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// Format prints [redacted] for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Redacted)) }

// String returns [redacted].
func (s Secret) String() string { return Redacted }

// GoString returns [redacted].
func (s Secret) GoString() string { return Redacted }

// LogValue returns [redacted].
func (s Secret) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText returns [redacted]: what must be stored is revealed by name.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }
