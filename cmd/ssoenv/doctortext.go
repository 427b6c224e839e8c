package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/cmd/internal/doctor"
	"github.com/ssoenv/ssoenv/cmd/internal/layout"
)

// doctorGroups are the headings of the findings, with the checks below each of them.
var doctorGroups = []struct {
	heading string
	checks  []string
}{
	{"Shell", []string{"shell", "prompt", "program", "direnv"}},
	{"Variables", []string{"environment"}},
	{"AWS config", []string{"config"}},
	{"Sessions", []string{"session", "browser"}},
	{"Storage", []string{"cache"}},
	{"Network", []string{"network"}},
}

// A doctorStyle is how findings are shown.
type doctorStyle struct {
	home  string // shown as ~
	width int    // of the terminal, in columns; 0: lines are not broken
	marks bool   // coloured marks instead of words
}

// label returns what precedes a finding. Marks differ in shape, too.
func (s doctorStyle) label(status string) string {
	words := map[string]string{doctor.OK: "ok    ", doctor.Warning: "warn  ", doctor.Problem: "fail  "}
	if s.marks {
		words = map[string]string{doctor.OK: "\x1b[32m✓\x1b[0m ", doctor.Warning: "\x1b[33m!\x1b[0m ", doctor.Problem: "\x1b[31m✗\x1b[0m "}
	}
	return words[status]
}

// indent is the width of each label.
func (s doctorStyle) indent() int {
	if s.marks {
		return 2
	}
	return 6
}

// findingsText formats findings below their headings, with a summary at the end. A
// command that is a fix is never broken, so that it can be copied.
func (s doctorStyle) findingsText(findings []doctor.Finding) string {
	var b strings.Builder
	blank := strings.Repeat(" ", s.indent())
	for _, group := range doctorGroups {
		first := true
		for _, f := range findings {
			if !slices.Contains(group.checks, f.Check) {
				continue
			}
			if first {
				b.WriteString(s.heading(group.heading))
				first = false
			}
			b.WriteString(s.label(f.Status) + s.wrap(s.short(f.Text), blank) + "\n")
			word := "fix: "
			if f.Fixed {
				word = "fixed: "
			}
			switch {
			case f.Fixed && strings.HasPrefix(f.Command, "ssoenv doctor "):
				b.WriteString(blank + "fixed\n")
			case f.Command != "":
				b.WriteString(blank + word + s.short(f.Command) + "\n")
			case f.Fix != "":
				b.WriteString(blank + s.wrap(word+s.short(f.Fix), blank) + "\n")
			}
		}
		if !first {
			b.WriteString("\n")
		}
	}
	return b.String() + s.wrap(doctorSummary(findings), "") + "\n"
}

func (s doctorStyle) heading(text string) string {
	if s.marks {
		return "\x1b[1m" + text + "\x1b[0m\n"
	}
	return text + "\n"
}

// short returns a text in which paths of the home directory begin with ~ where a
// shell would expand it.
func (s doctorStyle) short(text string) string {
	if s.home == "" {
		return text
	}
	return strings.ReplaceAll(" "+text, " "+s.home+"/", " ~/")[1:]
}

func (s doctorStyle) wrap(text, blank string) string { return layout.Wrap(text, blank, s.width) }

// doctorSummary returns a sentence such as "14 checks: 12 ok, 1 warning, 1 problem".
func doctorSummary(findings []doctor.Finding) string {
	count := map[string]int{}
	fixed, fixable := 0, 0
	for _, f := range findings {
		switch {
		case f.Fixed:
			fixed++
		case f.Repair != nil:
			fixable++
			fallthrough
		default:
			count[f.Status]++
		}
	}
	var parts []string
	add := func(n int, text string) {
		if n > 0 {
			parts = append(parts, text)
		}
	}
	add(count[doctor.OK], fmt.Sprintf("%d ok", count[doctor.OK]))
	add(fixed, fmt.Sprintf("%d fixed", fixed))
	add(count[doctor.Warning], layout.Count(count[doctor.Warning], "warning"))
	add(count[doctor.Problem], layout.Count(count[doctor.Problem], "problem"))
	text := layout.Count(len(findings), "check") + ": " + strings.Join(parts, ", ")
	if fixable > 0 && fixed == 0 {
		text += fmt.Sprintf("; ssoenv doctor --fix fixes %d of them", fixable)
	}
	return text
}
