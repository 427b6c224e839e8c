package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// An output is where a run writes. Standard output is for programs and shells,
// standard error for the user.
type output struct {
	stdout *os.File
	stderr *os.File

	debug   bool // write the debug log
	quiet   bool // write no messages: there is no user to read them
	noColor bool // NO_COLOR is set, or the terminal has no colours
	links   bool // standard error is a terminal that shows hyperlinks

	waiter *tty.Waiter // nil: it is not said what is waited for

	// writing is held while lines are written, so that goroutines do not write into
	// each other's.
	writing sync.Mutex
}

// writeLines writes whole lines to one of the streams.
func (o *output) writeLines(to *os.File, lines string) (err error) {
	o.writing.Lock()
	defer o.writing.Unlock()
	o.waiter.Write(func() { _, err = io.WriteString(to, lines) })
	return err
}

// say writes one line for the user to standard error, unless o.quiet is set.
// Characters that a terminal would act on are escaped.
func (o *output) say(format string, args ...any) {
	if o.quiet {
		return
	}
	_ = o.writeLines(o.stderr, safetext.Message(fmt.Sprintf(format, args...)))
}

// sayLines is say for each of the lines.
func (o *output) sayLines(lines []string) {
	for _, line := range lines {
		o.say("%s", line)
	}
}

// address writes an address for the user on a line of its own, without a prefix, so
// that a terminal recognises it and the user can copy it.
func (o *output) address(address string) { o.addressBelow("\n", address) }

// addressBelow is address with a text above instead of an empty line. The text, which
// ends with a newline, is written as it is.
func (o *output) addressBelow(above, address string) {
	if o.links {
		address = tty.Link(address)
	}
	_ = o.writeLines(o.stderr, above+address+"\n\n")
}

// log writes one line of the debug log.
func (o *output) log(format string, args ...any) {
	if o.debug {
		o.say("debug: "+format, args...)
	}
}

// print writes to standard output. Each command calls it at most once for what
// a shell evaluates.
func (o *output) print(text string) error {
	if err := o.writeLines(o.stdout, text); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}

// printJSON prints one JSON document.
func (o *output) printJSON(v any) error {
	text, err := layout.MarshalJSON(v)
	if err != nil {
		return err
	}
	return o.print(text)
}

// view says how a table is shown on standard output: with colours, and cut to its
// width, if that is a terminal.
func (o *output) view() layout.View {
	if !tty.IsTerminal(o.stdout) {
		return layout.View{}
	}
	width, _ := tty.Size(o.stdout)
	return layout.View{Width: width, Header: true, Color: !o.noColor}
}

// maxDiffLines is where a diff on a terminal is cut.
const maxDiffLines = 40

// shortenDiff cuts a diff at [maxDiffLines] if it is for a terminal.
func (o *output) shortenDiff(to *os.File, diff string) string {
	lines := strings.SplitAfterN(diff, "\n", maxDiffLines+1)
	if !tty.IsTerminal(to) || len(lines) <= maxDiffLines {
		return diff
	}
	more := strings.Count(lines[maxDiffLines], "\n")
	return strings.Join(lines[:maxDiffLines], "") + fmt.Sprintf("… and %d more lines: ssoenv sync --dry-run | less\n", more)
}

// showDiff writes a unified diff, with colours on a terminal.
func (o *output) showDiff(to *os.File, diff string) {
	text := o.diffText(to, diff)
	o.waiter.Write(func() { _, _ = to.WriteString(text) })
}

// diffText returns a unified diff as showDiff writes it to the file.
func (o *output) diffText(to *os.File, diff string) string {
	colors := map[byte]string{'+': "\x1b[32m", '-': "\x1b[31m", '@': "\x1b[36m"}
	colored := tty.IsTerminal(to) && !o.noColor
	var b strings.Builder
	for line := range strings.Lines(diff) {
		text := safetext.Printable(strings.TrimRight(line, "\r\n"))
		if color, ok := colors[line[0]]; ok && colored {
			text = color + text + "\x1b[0m"
		}
		b.WriteString(text + "\n")
	}
	return b.String()
}
