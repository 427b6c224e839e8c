package picker

import (
	"fmt"
	"strings"

	"github.com/ssoenv/ssoenv/session/safetext"
)

const (
	maxColumn    = 512 // bytes of a column that are searched and shown
	maxCombining = 3   // combining marks on one character
	ellipsis     = "…"
)

// printable returns text as the picker searches and shows it. Characters that
// safetext.Printable escapes are written as \uXXXX, and so is a combining mark at
// the start of text or after three others: a stack of marks would cover the
// lines above. Text longer than 512 bytes is cut and ends in "…".
// printable(printable(text)) is printable(text).
func printable(text string) string {
	if len(text) <= maxColumn && isASCIIPrintable(text) {
		return text
	}
	var b strings.Builder
	text = safetext.Printable(text)
	for at := 0; at < len(text); {
		size := safetext.Cluster(text[at:])
		shown := escapeMarks(text[at:at+size], at == 0)
		if b.Len()+len(shown)+len(ellipsis) > maxColumn {
			b.WriteString(ellipsis)
			break
		}
		b.WriteString(shown)
		at += size
	}
	return b.String()
}

// escapeMarks writes the combining marks of a cluster as \uXXXX that have no
// character to be on or are too many. first says that nothing is before the
// cluster.
func escapeMarks(cluster string, first bool) string {
	if len(cluster) == 1 {
		return cluster
	}
	var b strings.Builder
	marks := 0
	if first {
		marks = maxCombining
	}
	for _, r := range cluster {
		switch {
		case safetext.JoinsEmoji(r):
		case safetext.RuneWidth(r) > 0:
			marks = 0
		case marks == maxCombining:
			fmt.Fprintf(&b, "\\u%04x", r)
			marks = 0
			continue
		default:
			marks++
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isASCIIPrintable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
