// Package doctor checks a machine's set-up for ssoenv and suggests fixes.
//
// There is one function per check. It is given what it needs (the environment,
// the config, paths, the client), changes nothing, prints nothing, and returns
// findings: none about what cannot be known. No finding contains a secret.
package doctor

import (
	"fmt"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// The statuses of findings.
const (
	OK      = "ok"
	Warning = "warning"
	Problem = "problem"
)

// A Finding is one result of a check. Its texts are printable.
type Finding struct {
	Check  string `json:"check"`
	Status string `json:"status"` // OK, Warning or Problem
	Text   string `json:"text"`
	Fix    string `json:"fix,omitempty"` // what the user can do; without the word "fix" in front

	// Command is the fix, if it is a command line that can be copied to a shell.
	Command string `json:"command,omitempty"`

	// Repair applies the fix. It is nil if the user should, because it needs a
	// decision, or a shell of the user's.
	Repair func() error `json:"-"`
	Fixed  bool         `json:"fixed,omitempty"` // by Repair; the status is OK then
}

// Fix applies the repairs that the findings have. A finding whose repair succeeds
// becomes OK and is marked as fixed. The text of another one has the reason.
func Fix(findings []Finding) {
	for i := range findings {
		f := &findings[i]
		if f.Repair == nil {
			continue
		}
		if err := f.Repair(); err != nil {
			f.Text = safetext.Printable(fmt.Sprintf("%s (not fixed: %v)", f.Text, err))
			continue
		}
		f.Status, f.Fixed = OK, true
	}
}

// A Formatter has the parts of messages that all commands of the program format
// alike.
type Formatter struct {
	Now          func() time.Time
	Time         func(time.Time) string
	Duration     func(time.Duration) string
	Count        func(n int, noun string) string    // such as "2 profiles"
	ShellWord    func(string) string                // quotes a word if a shell needs it
	EditLine     func(path string, line int) string // the fix for a line of a file
	LoginCommand func(profile.SSOSession) string    // the command line that logs in
	Regions      []string                           // the known ones
	Explain      func(error) []Explanation          // one for each of several joined errors
}

// An Explanation is an error with hints about what the user can do.
type Explanation struct {
	Err   error
	Hints []string
}

// Failed returns a problem for each error that err consists of. It is for a check
// that cannot be made.
func Failed(check string, f Formatter, err error) []Finding {
	r := results{check: check}
	r.failed(f, err)
	return r.findings
}

// Warn returns a warning without a fix.
func Warn(check, text string) Finding {
	return newFinding(check, Warning, "", text)
}

// results collects the findings of one check. A fix that begins with "$ " is a command
// line that can be copied to a shell.
type results struct {
	check    string
	findings []Finding
}

func (r *results) ok(format string, args ...any) { r.add(OK, "", format, args) }

func (r *results) warning(fix, format string, args ...any) { r.add(Warning, fix, format, args) }

func (r *results) problem(fix, format string, args ...any) { r.add(Problem, fix, format, args) }

func (r *results) add(status, fix, format string, args []any) {
	r.findings = append(r.findings, newFinding(r.check, status, fix, fmt.Sprintf(format, args...)))
}

// repair adds the function that applies the fix of the last finding.
func (r *results) repair(apply func() error) { r.findings[len(r.findings)-1].Repair = apply }

func newFinding(check, status, fix, text string) Finding {
	f := Finding{Check: check, Status: status, Text: safetext.Printable(text)}
	if command, ok := strings.CutPrefix(fix, "$ "); ok {
		f.Command = safetext.Printable(command)
		f.Fix = f.Command
		return f
	}
	f.Fix = safetext.Printable(strings.TrimPrefix(fix, "fix "))
	return f
}

// failed adds a problem for each error that err consists of, with the hints that
// other commands give for it.
func (r *results) failed(f Formatter, err error) {
	for _, each := range f.Explain(err) {
		r.problem(strings.Join(each.Hints, "; "), "%v", each.Err)
	}
}
