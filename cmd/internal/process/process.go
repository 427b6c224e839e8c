// Package process holds what differs by operating system about ssoenv's own process
// and those that it starts: it keeps its memory out of core files, lets a command take
// its place, runs one as a child that does not notice it, or several beside each other.
package process

import "os"

// Streams are the standard streams of a command on systems that cannot replace a
// process. Elsewhere the command inherits them.
type Streams struct{ Stdin, Stdout, Stderr *os.File }
