package layout

import (
	"testing"
	"time"
)

func TestFormatTime(t *testing.T) {
	at := func(text string) time.Time {
		parsed, err := time.ParseInLocation(time.DateTime, text, time.Local)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for _, c := range []struct{ then, now, want string }{
		{"2026-03-01 18:00:00", "2026-03-01 12:00:00", "18:00"},
		{"2026-03-03 18:00:00", "2026-03-01 12:00:00", "3 Mar 18:00"},
		{"2025-03-03 18:00:00", "2026-03-01 12:00:00", "3 Mar 2025 18:00"},
		{"2027-01-03 18:00:00", "2026-12-31 12:00:00", "3 Jan 2027 18:00"},
		{"2027-01-01 02:00:00", "2026-12-31 23:00:00", "02:00"},
	} {
		if got := FormatTime(at(c.then), at(c.now)); got != c.want {
			t.Errorf("%s at %s: got %q, want %q", c.then, c.now, got, c.want)
		}
	}
}
