package main

import (
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
)

// Set by the release build. For go install, the module information has them.
var (
	version = ""
	commit  = ""
	date    = "" // RFC 3339
)

func versionAction(p *program, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	if c.Bool("json") {
		return p.printJSON(builtFrom())
	}
	return p.version()
}

func (p *program) version() error { return p.print(builtFrom().Line()) }

func builtFrom() offline.Build { return offline.BuiltFrom(version, commit, date) }

// buildTime returns the build date, or 1970. urfave/cli gets it so that it does
// not read it from the file system at every start.
func buildTime() time.Time {
	t, _ := time.Parse(time.RFC3339, date)
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return t
}
