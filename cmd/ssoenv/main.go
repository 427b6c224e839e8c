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
	"path/filepath"
	"strings"
	"time"

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
	checkTimezone(os.Getenv("TZ"))
	p := newProgram(os.Args, os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	p.allowDumps = process.ForbidDumps()
	return p.run()
}

// environ returns the entries of os.Environ as a map.
func environ(list []string) map[string]string {
	env := make(map[string]string, len(list))
	for _, entry := range list {
		if name, value, ok := strings.Cut(entry, "="); ok {
			env[name] = value
		}
	}
	return env
}

// checkTimezone has times shown in UTC if TZ names something by an absolute path that is
// no file: package time would open it, and wait for a FIFO to be written. A relative path
// is below the system's time zones, or leads out of them and is not taken.
func checkTimezone(tz string) {
	path := strings.TrimPrefix(tz, ":")
	if strings.Contains(path, "..") {
		time.Local = time.UTC
		return
	}
	if !filepath.IsAbs(path) {
		return
	}
	info, err := os.Stat(path) //nolint:gosec // the path that package time would open
	if err != nil || !info.Mode().IsRegular() {
		time.Local = time.UTC
	}
}
