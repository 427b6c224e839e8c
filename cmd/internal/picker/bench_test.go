package picker

import (
	"fmt"
	"testing"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
)

// BenchmarkKeystroke measures one key, from the search to the text for the
// terminal. "broad" matches all items, "scattered" nearly all in pieces or as
// scattered letters, and "back" is a Backspace, which searches all items again.
func BenchmarkKeystroke(b *testing.B) {
	for _, n := range []int{5_000, 40_000} {
		items := choices(n)
		for _, test := range []struct {
			name, typed string
			key         tty.Key
		}{
			{"broad", "", tty.Key{Act: tty.Insert, Char: 'e'}},
			{"scattered", "eae", tty.Key{Act: tty.Insert, Char: 's'}},
			{"words", "ea cs re", tty.Key{Act: tty.Insert, Char: 's'}},
			{"back", "eaese", tty.Key{Act: tty.Backspace}},
			{"backwords", "ea cs rese", tty.Key{Act: tty.Backspace}},
			{"move", "e", tty.Key{Act: tty.Down}},
		} {
			b.Run(fmt.Sprintf("%s/%d", test.name, n), func(b *testing.B) {
				l := newList(items)
				k := theme{prompt: "profile", color: true}
				for b.Loop() {
					b.StopTimer()
					l.setQuery(test.typed)
					before := k.draw(l, 80, 24)
					b.StartTimer()
					l.handleKey(test.key)
					_ = k.draw(l, 80, 24).update(before)
				}
				b.ReportMetric(float64(len(l.ranked)), "hits")
			})
		}
	}
}

// BenchmarkFirst measures the first screen.
func BenchmarkFirst(b *testing.B) {
	for _, n := range []int{5_000, 40_000} {
		items := choices(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				_ = theme{}.draw(newList(items), 80, 24).update(screen{})
			}
		})
	}
}
