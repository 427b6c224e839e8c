// Package ptytest starts programs on a pseudo-terminal and types at them, for
// tests only.
//
// A Terminal keeps all that was written to it. Expect and Find read on from the
// end of the previous match, as a user does; Shown returns everything. The
// terminal answers the question for the cursor's position (ESC [ 6 n), without
// which Nushell does not start.
//
// The package works on Unix.
package ptytest
