package main

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/urfave/cli/v2"
)

// Set by the release build; what go install builds knows them from the module.
var (
	version = ""
	commit  = ""
	date    = "" // RFC 3339
)

func (p *program) versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print version, commit and build date",
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return p.version()
		},
	}
}

func (p *program) version() error {
	v, c, d := version, commit, date
	if info, ok := debug.ReadBuildInfo(); ok {
		if v == "" {
			v = info.Main.Version
		}
		for _, setting := range info.Settings {
			switch {
			case setting.Key == "vcs.revision" && c == "":
				c = setting.Value
			case setting.Key == "vcs.time" && d == "":
				d = setting.Value
			}
		}
	}
	return p.print(fmt.Sprintf("ssoenv %s, commit %s, built %s\n", cmp.Or(v, "(devel)"), cmp.Or(c, "unknown"), cmp.Or(d, "unknown")))
}

// buildTime is given to urfave/cli, which otherwise asks the file system for
// it at every start.
func buildTime() time.Time {
	t, _ := time.Parse(time.RFC3339, date)
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return t
}
