package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

const (
	// maxEachLine is where a line of a command's output is cut into two, in bytes: it
	// must be held until it is complete, or another command's would be within it.
	maxEachLine = 1 << 20

	// maxEachHints is how many hints a summary has: they differ by account.
	maxEachHints = 3

	// maxEachOutput is how much of each stream --json holds, in bytes.
	maxEachOutput = 16 << 20
)

// An eachOutput is where one command writes.
type eachOutput struct {
	stdout, stderr interface {
		Write([]byte) (int, error)
	}
	end func(status int) // when the command has ended
}

// newEachOutput returns the output of a target's command: lines with its name, as
// they come, or one document in the end.
func (r *eachRun) newEachOutput(t target) eachOutput {
	if r.o.json {
		stdout, stderr := &keptOutput{}, &keptOutput{}
		return eachOutput{stdout, stderr, func(status int) { r.printDocument(documentOf(t, status, stdout, stderr)) }}
	}
	prefix := safetext.Printable(t.name) + ": "
	write := func(to *os.File) func([]byte) error {
		return func(lines []byte) error {
			err := r.p.writeLines(to, string(lines))
			if err != nil && to == r.p.stdout {
				r.outputBroken(err)
			}
			return err
		}
	}
	stdout := &prefixedLines{prefix: prefix, write: write(r.p.stdout)}
	stderr := &prefixedLines{prefix: prefix, write: write(r.p.stderr)}
	return eachOutput{stdout, stderr, func(int) { stdout.end(); stderr.end() }}
}

// prefixedLines writes each line with a prefix, once it is complete. A line of more
// than maxEachLine bytes becomes several. What a line has is not changed.
type prefixedLines struct {
	prefix string
	write  func(lines []byte) error // receives whole lines
	rest   []byte                   // a line without its end
}

// Write never fails: a command whose output cannot be written is ended by a signal.
func (l *prefixedLines) Write(text []byte) (int, error) {
	var lines []byte
	for rest := text; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		if space := maxEachLine - len(l.rest); len(line) > space {
			line, after, ended = rest[:space], rest[space:], true
		}
		l.rest = append(l.rest, line...)
		if ended {
			lines = append(append(append(lines, l.prefix...), l.rest...), '\n')
			l.rest = l.rest[:0]
		}
		rest = after
	}
	if len(lines) > 0 {
		_ = l.write(lines)
	}
	return len(text), nil
}

// end writes a last line without an end as a line.
func (l *prefixedLines) end() {
	if len(l.rest) > 0 {
		_ = l.write([]byte(l.prefix + string(l.rest) + "\n"))
	}
	l.rest = nil
}

// A keptOutput keeps what a command writes, up to maxEachOutput, and reads the rest
// too, so that the command can end.
type keptOutput struct {
	text []byte
	cut  bool
}

func (o *keptOutput) Write(text []byte) (int, error) {
	kept := text[:min(len(text), maxEachOutput-len(o.text))]
	o.text = append(o.text, kept...)
	o.cut = o.cut || len(kept) < len(text)
	return len(text), nil
}

// A document is the line of --json about one profile.
type document struct {
	Profile      string `json:"profile"`
	AccountID    string `json:"account_id,omitempty"`
	RoleName     string `json:"role_name,omitempty"`
	Status       int    `json:"status"`
	Error        string `json:"error,omitempty"` // why the command did not run
	Stdout       string `json:"stdout"`
	Stderr       string `json:"stderr"`
	StdoutBase64 string `json:"stdout_base64,omitempty"` // if it is not UTF-8
	StderrBase64 string `json:"stderr_base64,omitempty"`
	Truncated    bool   `json:"truncated,omitempty"` // more than maxEachOutput was written
}

func documentOf(t target, status int, stdout, stderr *keptOutput) document {
	encoded := func(o *keptOutput) string {
		if utf8.Valid(o.text) {
			return ""
		}
		return base64.StdEncoding.EncodeToString(o.text)
	}
	return document{
		Profile: t.name, AccountID: t.profile.AccountID, RoleName: t.profile.RoleName, Status: status,
		Stdout: string(stdout.text), Stderr: string(stderr.text), StdoutBase64: encoded(stdout), StderrBase64: encoded(stderr),
		Truncated: stdout.cut || stderr.cut,
	}
}

func (r *eachRun) printDocument(d document) {
	line, err := layout.MarshalJSONLine(d)
	if err == nil {
		err = r.p.writeLines(r.p.stdout, line)
	}
	if err != nil {
		r.outputBroken(err)
	}
}

// report prints the document of a target whose command has not run.
func (r *eachRun) report(i int) {
	result := r.results[i]
	if r.o.json && !result.started {
		d := documentOf(r.targets[i], result.status, &keptOutput{}, &keptOutput{})
		d.Error = result.err.Error()
		r.printDocument(d)
	}
}

// summarize tells the user what has become of all targets, and returns the error of
// the run. If nothing ran because a login is needed, that is the error.
func (r *eachRun) summarize(ctx context.Context) error {
	if r.broken != nil {
		return r.broken
	}
	var groups []string // of names, in the order of their first ones
	names := map[string][]string{}
	var hints []string
	succeeded, ran := 0, 0
	var logins []error
	for i, result := range r.results {
		if result.started {
			ran++
		}
		if result.started && result.status == 0 {
			succeeded++
			continue
		}
		reason := result.ending
		if result.err != nil {
			reason = result.err.Error()
			_, more := r.p.remedies().remedy(nil, result.err)
			hints = append(hints, more...)
		}
		if _, needed := errors.AsType[*store.LoginRequiredError](result.err); needed && names[reason] == nil {
			logins = append(logins, result.err)
		}
		if names[reason] == nil {
			groups = append(groups, reason)
		}
		names[reason] = append(names[reason], r.targets[i].name)
	}
	if ctx.Err() == nil && ran == 0 && len(logins) == len(groups) {
		return errors.Join(logins...)
	}
	for _, reason := range groups {
		r.p.say("%s: %s", listed(names[reason], reason == errNotStarted.Error()), reason)
	}
	slices.Sort(hints)
	hints = slices.Compact(hints)
	for _, hint := range hints[:min(len(hints), maxEachHints)] {
		r.p.say("hint: %s", hint)
	}
	r.p.say("%s", counts(len(r.targets), succeeded, ran))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case succeeded < len(r.targets):
		return statusError(statusFailed)
	}
	return nil
}

// listed returns the names, or only the first of many.
func listed(names []string, shorten bool) string {
	const some = 5
	if !shorten || len(names) <= some+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:some], ", "), len(names)-some)
}

// counts says how many commands succeeded, failed and did not run.
func counts(all, succeeded, ran int) string {
	text := fmt.Sprintf("%d of %s succeeded", succeeded, layout.Count(all, "profile"))
	if failed := ran - succeeded; failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	if ran < all {
		text += fmt.Sprintf(", %d not run", all-ran)
	}
	return text
}
