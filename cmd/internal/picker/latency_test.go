//go:build unix

package picker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/shellinit/ptytest"
)

// BenchmarkKeyToScreen measures a key through a pseudo-terminal: from its byte to
// the end of the update that shows what it did. "worst-key" is the slowest of the
// keys, each in the best of all rounds: what the machine does besides is left out.
func BenchmarkKeyToScreen(b *testing.B) {
	for _, n := range []int{5_000, 40_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			const endOfUpdate = "\x1b[?2026l"
			updates := make(chan struct{}, 1000)
			tail := ""
			terminal, file := ptytest.Open(b, ptytest.Size{Cols: 100, Rows: 30}, func(text string) {
				tail += text
				for range strings.Count(tail, endOfUpdate) {
					updates <- struct{}{}
				}
				tail = tail[max(0, strings.LastIndex(tail, endOfUpdate)+1):]
			})
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = Pick(ctx, file, choices(n), Options{Prompt: "profile", Color: true})
			}()
			defer func() { cancel(); <-ended }()
			<-updates
			keys := []string{"e", "a", "s", " ", "p", "r", "4", "\x1b[B", "\x7f", "\x1b[D", "\x7f", "\x1b[F", "\x7f", "\x15", "\x1b[6~"}
			best := make([]time.Duration, len(keys))
			for b.Loop() {
				for i, key := range keys {
					begun := time.Now()
					terminal.Type(key)
					<-updates
					if took := time.Since(begun); best[i] == 0 || took < best[i] {
						best[i] = took
					}
				}
				b.StopTimer()
				terminal.Type("\x15")
				for drained := false; !drained; {
					select {
					case <-updates:
					case <-time.After(100 * time.Millisecond):
						drained = true
					}
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(slices.Max(best).Microseconds())/1000, "ms/worst-key")
			b.Logf("%q: %v", keys, best)
		})
	}
}
