package main

import (
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/cmd/internal/doctor"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// Findings are below their headings, with a summary. On a terminal no line is wider
// than it, except commands and paths, which can be copied.
func TestFindingsText(t *testing.T) {
	t.Parallel()
	findings := []doctor.Finding{
		{Check: "shell", Status: doctor.OK, Text: "the shell function of this version is loaded in this bash"},
		{Check: "network", Status: doctor.OK, Text: "x"},
		{Check: "config", Status: doctor.Problem, Text: "/home/me/.aws/config is writable by all users, who could redirect your logins",
			Fix: "chmod go-w /home/me/.aws/config", Command: "chmod go-w /home/me/.aws/config", Repair: func() error { return nil }},
		{Check: "config", Status: doctor.Warning, Text: "日本語日本語日本語日 本語日本語日本語日", Fix: "edit the file in some way that takes more than a line"},
	}
	const plain = `Shell
ok    the shell function of this version is loaded in this bash

AWS config
fail  ~/.aws/config is writable by all users, who could redirect your logins
      fix: chmod go-w ~/.aws/config
warn  日本語日本語日本語日 本語日本語日本語日
      fix: edit the file in some way that takes more than a line

Network
ok    x

4 checks: 2 ok, 1 warning, 1 problem; ssoenv doctor --fix fixes 1 of them
`
	if got := (doctorStyle{home: "/home/me"}).findingsText(findings); got != plain {
		t.Errorf("got\n%s", got)
	}
	const narrow = `B{Shell}
G{✓} the shell function of this version is
  loaded in this bash

B{AWS config}
R{✗} ~/.aws/config is writable by all
  users, who could redirect your logins
  fix: chmod go-w ~/.aws/config
Y{!} 日本語日本語日本語日
  本語日本語日本語日
  fix: edit the file in some way that
  takes more than a line

B{Network}
G{✓} x

4 checks: 2 ok, 1 warning, 1 problem;
ssoenv doctor --fix fixes 1 of them
`
	marks := strings.NewReplacer("\x1b[1m", "B{", "\x1b[31m", "R{", "\x1b[32m", "G{", "\x1b[33m", "Y{", "\x1b[0m", "}")
	got := marks.Replace(doctorStyle{home: "/home/me", width: 40, marks: true}.findingsText(findings))
	if got != narrow {
		t.Errorf("got\n%s", got)
	}
	for line := range strings.Lines(strings.NewReplacer("B{", "", "G{", "", "R{", "", "Y{", "", "}", "").Replace(got)) {
		if safetext.Width(strings.TrimSuffix(line, "\n")) > 40 {
			t.Errorf("too wide: %q", line)
		}
	}
	doctor.Fix(findings)
	if got := (doctorStyle{home: "/home/me"}).findingsText(findings); !strings.Contains(got, "      fixed: chmod go-w ~/.aws/config\n") ||
		!strings.HasSuffix(got, "\n4 checks: 2 ok, 1 fixed, 1 warning\n") {
		t.Errorf("got\n%s", got)
	}
}
