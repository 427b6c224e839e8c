// Package process holds what ssoenv does to its own process, which differs by
// operating system: it keeps its memory out of core files, and lets a command
// take its place.
package process

import "os"

// Streams are the standard streams of a command on systems that cannot replace a
// process. Elsewhere the command inherits them.
type Streams struct{ Stdin, Stdout, Stderr *os.File }
