package layout

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	"encoding/json"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// FormatDuration returns a duration in its one or two largest units: "45s",
// "59m", "7h05m", "3d". It is "0s" for a negative one.
func FormatDuration(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d <= 0:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}

// FormatTime returns the local time of day, with the date if that is more than
// 20 hours away, and with the year if it is not this one.
func FormatTime(t, now time.Time) string {
	local := t.Local()
	if local.Year() != now.Local().Year() && t.Sub(now).Abs() > 20*time.Hour {
		return local.Format("2 Jan 2006 15:04")
	}
	if t.Sub(now).Abs() > 20*time.Hour {
		return local.Format("2 Jan 15:04")
	}
	return local.Format("15:04")
}

// Dash returns "-" for an empty table cell.
func Dash(text string) string { return cmp.Or(text, "-") }

// MarshalJSON returns an indented JSON document that is safe on a terminal: what
// [safetext.Printable] would escape is written as \uXXXX, which means the same
// in JSON.
func MarshalJSON(v any) (string, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	return escapeJSON(data), err
}

// MarshalJSONLine is [MarshalJSON] on one line.
func MarshalJSONLine(v any) (string, error) {
	data, err := json.Marshal(v)
	return escapeJSON(data), err
}

func escapeJSON(data []byte) string {
	var b strings.Builder
	b.Grow(len(data) + 1)
	for _, r := range string(data) {
		if r == '\n' || r >= ' ' && r < 0x7f || !safetext.IsHidden(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	b.WriteByte('\n')
	return b.String()
}

// Count returns the number with its noun, such as "1 profile" or "2 profiles".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
