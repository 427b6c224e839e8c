package tty

import (
	"testing"

	"golang.org/x/sys/windows"
)

// What is typed is hidden until undo is called. Without a console there is nothing to
// test.
func TestHideInput(t *testing.T) {
	console, err := Open()
	if err != nil {
		t.Skip("no console: ", err)
	}
	defer func() { _ = console.Close() }()
	mode := func() (mode uint32) {
		if err := windows.GetConsoleMode(windows.Handle(console.Fd()), &mode); err != nil {
			t.Fatal(err)
		}
		return mode
	}
	before := mode()
	undo := hideInput(nil)
	if got, want := mode(), before&^windows.ENABLE_ECHO_INPUT; got != want || got == before {
		t.Errorf("mode while hidden: got %#x, want %#x", got, want)
	}
	undo()
	if got := mode(); got != before {
		t.Errorf("mode afterwards: got %#x, want %#x", got, before)
	}
}
