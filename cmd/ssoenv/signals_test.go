//go:build unix

package main

import (
	"bufio"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// stubborn is a command that goes on after its context has ended.
func stubborn() {
	ctx, stop := interruptible()
	defer stop()
	fmt.Println("waiting")
	<-ctx.Done()
	fmt.Println("interrupted")
	time.Sleep(time.Minute)
}

// The first signal ends the context of a command. A later one ends the process, even
// if the command does not look at its context.
func TestSecondSignalEndsTheProcess(t *testing.T) {
	t.Parallel()
	for _, sent := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		c := exec.Command(filepath.Join(testBinaryDir, "stubborn"))
		stdout, err := c.StdoutPipe()
		must(t, err)
		must(t, c.Start())
		lines := bufio.NewScanner(stdout)
		for _, want := range []string{"waiting", "interrupted"} {
			if !lines.Scan() || lines.Text() != want {
				t.Fatalf("got %q, want %q", lines.Text(), want)
			}
			must(t, c.Process.Signal(sent))
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = c.Wait()
		}()
		for waiting, deadline := true, time.After(30*time.Second); waiting; {
			select {
			case <-ended:
				waiting = false
			case <-deadline:
				_ = c.Process.Kill()
			case <-time.After(50 * time.Millisecond):
				_ = c.Process.Signal(sent) // the second one may have come a moment too early
			}
		}
		if status := c.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != sent {
			t.Errorf("after two %v: got %v, want to end by it", sent, c.ProcessState)
		}
	}
}
