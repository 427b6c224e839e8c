package picker

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
)

// plainly runs ask with the answers, and returns its result and what it wrote,
// questions included. After the answers the input ends.
func plainly(t *testing.T, items []Item, o Options, answers ...string) (index int, written string, err error) {
	t.Helper()
	var out strings.Builder
	index, err = ask(t.Context(), &out, items, o, func(prompt string) (string, error) {
		out.WriteString(prompt + "\n")
		if len(answers) == 0 {
			return "", io.EOF
		}
		answer := answers[0]
		answers = answers[1:]
		return answer, nil
	})
	return index, out.String(), err
}

func TestAsk(t *testing.T) {
	items := choices(100)
	for _, test := range []struct {
		name    string
		answers []string
		want    int
	}{
		{"a number", []string{"3"}, 2},
		{"a number of the second page", []string{"", "21"}, 20},
		{"a number of a page that is not written yet is a part", []string{"99", "1"}, 99},
		{"a name", []string{"search-dev-41"}, 41},
		{"a part", []string{"prod", "1"}, 16},
		{"a part that finds one", []string{"search prod 17", ""}, 17},
		{"another part", []string{"prod", "staging", "2"}, 9},
		{"a part that finds nothing", []string{"nosuch", "2"}, 1},
		{"after the last page the first", []string{"", "", "", "", "", "1"}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, written, err := plainly(t, items, Options{}, test.answers...); got != test.want || err != nil {
				t.Errorf("got %d, %v, want %d, after:\n%s", got, err, test.want, written)
			}
		})
	}
}

// A name that several items have is a part, which narrows the list to them.
func TestAskNameOfSeveral(t *testing.T) {
	items := []Item{
		{Columns: []string{"-", "111111111111"}}, {Columns: []string{"Sandbox", "222222222222"}}, {Columns: []string{"Production", "333333333333"}},
		{Columns: []string{"Sandbox", "444444444444"}}, {Columns: []string{"-", "555555555555"}},
	}
	for _, test := range []struct {
		answers []string
		want    int
	}{
		{[]string{"Sandbox", "2"}, 3},
		{[]string{"Sandbox", "4444"}, 3},
		{[]string{"-", "2"}, 4},
		{[]string{"Production"}, 2},
	} {
		answers := append(slices.Clone(test.answers), "") // Enter takes the only one that is left
		if got, written, err := plainly(t, items, Options{}, answers...); got != test.want || err != nil {
			t.Errorf("%q: got %d, %v, want %d, after:\n%s", test.answers, got, err, test.want, written)
		}
	}
}

func TestAskWrites(t *testing.T) {
	_, written, err := plainly(t, choices(42), Options{Prompt: "profile", Marked: "* in use"}, "", "search prod 17", "nosuch")
	if !errors.Is(err, ErrCancelled) {
		t.Errorf("after the end of input: got %v, want ErrCancelled", err)
	}
	for _, want := range []string{
		" 1. payments-dev-0  100000000000  Example payments (dev)  AdministratorAccess  corp\n",
		" 3. identity-dev-2  100000015838  Example identity (dev)  PowerUserAccess  corp  (in use)\n",
		"1 to 20 of 42\nNumber or part of a name, Enter for more:\n",
		"21. frontend-prod-20 ", "21 to 40 of 42\n",
		"1. search-prod-17  100000134623  Example search (prod)  PowerUserAccess  corp\n1 to 1 of 1 that match \"search prod 17\"\n",
		"Number or part of a name, Enter for the one above:\n", "nothing matches: \"nosuch\"\n",
	} {
		if !strings.Contains(written, want) {
			t.Errorf("no %q in:\n%s", want, written)
		}
	}
	if strings.Contains(written, "\x1b") {
		t.Errorf("control sequences in %q", written)
	}
}

// What the items contain cannot act on the terminal.
func TestAskHostileNames(t *testing.T) {
	items := []Item{{Columns: []string{"\x1b[2J\u202e\nx", "b"}, Mark: "\x07"}, {Columns: []string{"c"}}}
	_, written, _ := plainly(t, items, Options{Prompt: "\x1bp"}, "\x1b")
	if strings.ContainsAny(written, "\x1b\x07\u202e") {
		t.Errorf("got %q", written)
	}
}

func TestAskEnds(t *testing.T) {
	if _, err := Ask(t.Context(), tty.Terminal{}, nil, Options{}); !errors.Is(err, ErrNoItems) {
		t.Errorf("no items: got %v, want ErrNoItems", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.ErrShortBuffer)
	if _, err := ask(ctx, io.Discard, choices(1), Options{}, nil); !errors.Is(err, io.ErrShortBuffer) {
		t.Errorf("a cancelled context: got %v, want its cause", err)
	}
	_, err := ask(t.Context(), io.Discard, choices(1), Options{}, func(string) (string, error) { return "", tty.ErrBack })
	if !errors.Is(err, ErrCancelled) {
		t.Errorf("Esc: got %v, want ErrCancelled", err)
	}
	i, err := ask(t.Context(), io.Discard, choices(9), Options{Query: "billing"}, func(string) (string, error) { return "", nil })
	if i != 6 || err != nil {
		t.Errorf("a query to begin with: got %d, %v, want 6", i, err)
	}
}
