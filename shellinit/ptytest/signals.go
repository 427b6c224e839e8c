//go:build unix

package ptytest

import (
	"os"
	"os/signal"
	"syscall"
)

// DefaultSignals has the programs that this process starts find SIGHUP and SIGINT
// in their default state, as on a terminal, even if they are ignored here: under
// nohup or in the background. TestMain calls it for tests about signals.
func DefaultSignals() {
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT} {
		if signal.Ignored(s) {
			// A signal that is caught is in its default state after execve.
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
}
