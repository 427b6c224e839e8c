package picker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
)

// pageLength is how many items are written before a question.
const pageLength = 20

// A plainList writes items as lines with numbers. A screen reader reads them in
// order, and a terminal needs no control sequences for them.
type plainList struct {
	*list
	prompt string
	marked string
	out    io.Writer
	page   int // of ranked; the first is 0
	seen   int // how many of ranked have been written
}

// Ask lets the user choose an item without a screen: it writes the items, numbered
// and a page at a time, and asks for a number or for a part of a name, which
// narrows the list as the query of Pick does. Enter alone shows the next page, or
// chooses the only item. o.Color has no effect.
//
// The errors are those of Pick.
func Ask(ctx context.Context, terminal tty.Terminal, items []Item, o Options) (int, error) {
	if len(items) == 0 {
		return 0, ErrNoItems
	}
	return ask(ctx, terminal.Stderr, items, o, func(prompt string) (string, error) {
		return terminal.Edit(ctx, prompt, "")
	})
}

// ask is Ask with the question as a function.
func ask(ctx context.Context, out io.Writer, items []Item, o Options, question func(prompt string) (string, error)) (int, error) {
	l := &plainList{list: newList(items), prompt: printable(o.Prompt), marked: printable(o.Marked), out: out}
	if l.setQuery(o.Query); len(l.ranked) == 0 {
		l.setQuery("")
	}
	for show := true; ; {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		if show {
			l.write()
		}
		answer, err := question(l.question())
		switch {
		case errors.Is(err, tty.ErrBack), errors.Is(err, io.EOF):
			return 0, ErrCancelled
		case err != nil:
			return 0, err
		}
		var index int
		var chosen bool
		if index, chosen, show = l.answer(strings.TrimSpace(answer)); chosen {
			return index, nil
		}
	}
}

// write writes the items of the page.
func (l *plainList) write() {
	from, to := l.page*pageLength, min((l.page+1)*pageLength, len(l.ranked))
	digits := len(strconv.Itoa(to))
	var b strings.Builder
	if l.prompt != "" && l.seen == 0 {
		fmt.Fprintf(&b, "%s (Ctrl-C cancels):\n", l.prompt)
	}
	for i, hit := range l.ranked[from:to] {
		e := &l.entries[hit.index]
		var texts []string
		for _, column := range e.columns() {
			if column != "" {
				texts = append(texts, column)
			}
		}
		fmt.Fprintf(&b, "%*d. %s", digits, from+i+1, strings.Join(texts, "  "))
		if e.mark != "" {
			words := strings.TrimSpace(strings.TrimPrefix(l.marked, e.mark)) // a screen reader may skip the mark
			fmt.Fprintf(&b, "  (%s)", cmp.Or(words, e.mark))
		}
		b.WriteByte('\n')
	}
	if to < len(l.ranked) || from > 0 || l.text != "" {
		fmt.Fprintf(&b, "%d to %d of %d", from+1, to, len(l.ranked))
		if l.text != "" {
			fmt.Fprintf(&b, " that match %q", l.text)
		}
		b.WriteByte('\n')
	}
	l.seen = max(l.seen, to)
	_, _ = io.WriteString(l.out, b.String())
}

// question returns the question after the page.
func (l *plainList) question() string {
	switch {
	case len(l.ranked) == 1:
		return "Number or part of a name, Enter for the one above:"
	case (l.page+1)*pageLength < len(l.ranked):
		return "Number or part of a name, Enter for more:"
	}
	return "Number or part of a name:"
}

// answer acts on an answer. chosen reports that it chooses the item of that index,
// show that the list is to be written again.
func (l *plainList) answer(text string) (index int, chosen, show bool) {
	if text == "" {
		switch {
		case len(l.ranked) == 1:
			return l.ranked[0].index, true, false
		case (l.page+1)*pageLength < len(l.ranked):
			l.page++
		default:
			l.page = 0
		}
		return 0, false, true
	}
	// A number that has been written is one; another is part of an account id.
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= l.seen {
		return l.ranked[n-1].index, true, false
	}
	if i, ok := l.named(text); ok {
		return i, true, false
	}
	before := l.text
	if l.setQuery(text); len(l.ranked) == 0 {
		_, _ = fmt.Fprintf(l.out, "%s: \"%s\"\n", noMatch, printable(text))
		l.setQuery(before)
		return 0, false, false
	}
	l.page, l.seen = 0, 0
	return 0, false, true
}

// named returns the index of the item whose first column is the text. ok is false if
// there are several: names of accounts, for one, are not unique.
func (l *plainList) named(text string) (index int, ok bool) {
	for i := range l.entries {
		if name, _, _ := strings.Cut(l.entries[i].text, separator); name == text {
			if ok {
				return 0, false
			}
			index, ok = i, true
		}
	}
	return index, ok
}
