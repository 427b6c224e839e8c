// Command ssoenv logs in to AWS through IAM Identity Center and switches a
// shell's credentials: it prints code that the shell evaluates.
//
// Each command has a file that reads from top to bottom: its options, how they
// are read from the command line, and what it does. This package alone knows the
// process's environment, streams and terminal; it gives the packages below it
// everything they need. Standard output carries only what a program reads, and
// is written once, at the end. Everything for the user goes to standard error.
package main

import (
	"io"
	"log"
	"os"

	"github.com/ssoenv/ssoenv/cmd/internal/process"
)

func main() {
	os.Exit(run())
}

// run is main with a status to return, so that deferred calls run before the
// process exits.
func run() int {
	// net/http's HTTP/2 debug log (GODEBUG=http2debug=1) prints tokens and
	// credentials. Nothing of ssoenv uses this logger.
	log.SetOutput(io.Discard)
	process.CheckTimezone(os.Getenv("TZ"))
	p := newProgram(os.Args, os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	p.allowDumps = process.ForbidDumps()
	return p.run()
}
