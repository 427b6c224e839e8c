//go:build unix

package picker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/shellinit/ptytest"
)

// The test binary is also the program under test: if childItems is set, it calls
// Pick on /dev/tty, as a command in a command substitution does, and prints the
// result.
const (
	childItems = "PICKER_TEST_ITEMS" // number of items, or "hostile"
	childColor = "PICKER_TEST_COLOR"
	childQuery = "PICKER_TEST_QUERY"
	childTwice = "PICKER_TEST_TWICE"
	childPanic = "PICKER_TEST_PANIC"
	childUntil = "PICKER_TEST_UNTIL" // cancels the context at a line on stdin
	childStart = "PICKER_TEST_START" // waits for a line on stdin before Pick
)

func TestMain(m *testing.M) {
	if os.Getenv(childItems) == "" {
		ptytest.DefaultSignals()
		os.Exit(m.Run())
	}
	file, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if os.Getenv(childStart) != "" {
		_, _ = fmt.Scanln()
	}
	items := childChoices(os.Getenv(childItems))
	o := Options{Prompt: "profile", Header: []string{"PROFILE", "ACCOUNT", "NAME", "ROLE", "SESSION"}, Color: os.Getenv(childColor) != "", Query: os.Getenv(childQuery)}
	ctx, cancel := context.WithCancelCause(context.Background())
	if os.Getenv(childUntil) != "" {
		go func() {
			_, _ = fmt.Scanln()
			cancel(errors.New("the network is gone"))
		}()
	}
	if os.Getenv(childPanic) != "" {
		panicInPicker(file)
	}
	i, err := Pick(ctx, file, items, o)
	fmt.Println(i, err)
	if os.Getenv(childTwice) != "" {
		fmt.Println(Pick(ctx, file, items, o))
	}
	var ended tty.SignalError
	if errors.As(err, &ended) {
		os.Exit(3)
	}
	os.Exit(0)
}

var hostileNames = []string{
	"\x1b[2J\x1b]0;owned\x07", "\u202eevil\u202c", "two\nlines\r\n", "\u9b5a\u6771\u4eac\u5927\u5b66", "a" + "\u0301\u0302\u0303\u0304\u0305\u0306",
	"\u0301leading", string(make([]byte, 5<<10)), "\xff\xfe\x9b31m", "\u009b31mC1", "tab\there", "\u200bzero\u200dwidth\ufeff", "\U0001f469\u200d\U0001f469 \u2764\ufe0f 1\ufe0f\u20e3",
	"\U000e0041tag", "\u2028line", "\u3164filler", "nbsp\u00a0here",
}

func childChoices(kind string) []Item {
	var items []Item
	if kind == "hostile" {
		for _, name := range hostileNames {
			items = append(items, Item{Columns: []string{"x " + name, name, "end"}, Mark: name})
		}
		return items
	}
	n, _ := strconv.Atoi(kind)
	return choices(n)
}

// panicInPicker opens the terminal as Pick does, and panics.
func panicInPicker(file *os.File) {
	t, err := open(file)
	if err != nil {
		panic(err)
	}
	defer t.Close("")
	_ = t.Write("ready")
	_, _ = fmt.Scanln()
	panic("as was asked")
}
