package picker

import (
	"fmt"
	"testing"
)

// BenchmarkKeystroke measures one key, from the search to the text for the
// terminal. "broad" matches all items, "scattered" nearly all in pieces or as
// scattered letters, and "back" is a Backspace, which searches all items again.
func BenchmarkKeystroke(b *testing.B) {
	for _, n := range []int{5_000, 40_000} {
		items := choices(n)
		for _, test := range []struct {
			name, typed string
			key         key
		}{
			{"broad", "", key{insert, 'e'}},
			{"scattered", "eae", key{insert, 's'}},
			{"words", "ea cs re", key{insert, 's'}},
			{"back", "eaese", key{act: erase}},
			{"backwords", "ea cs rese", key{act: erase}},
			{"move", "e", key{act: down}},
		} {
			b.Run(fmt.Sprintf("%s/%d", test.name, n), func(b *testing.B) {
				l := newList(items)
				k := theme{prompt: "profile", color: true}
				for b.Loop() {
					b.StopTimer()
					l.setQuery([]rune(test.typed))
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
