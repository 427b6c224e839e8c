package main

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/urfave/cli/v2"
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

func (p *program) version() error {
	b := builtFrom()
	return p.print(fmt.Sprintf("ssoenv %s, commit %s, built %s\n", b.Version, cmp.Or(b.Commit, "unknown"), cmp.Or(b.Date, "unknown")))
}

// A versionJSON says what this program was built from. What is not known is left out.
type versionJSON struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Date    string `json:"build_date,omitempty"` // RFC 3339
}

func builtFrom() versionJSON {
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
	return versionJSON{cmp.Or(v, "(devel)"), c, d}
}

// buildTime returns the build date, or 1970. urfave/cli gets it so that it does
// not read it from the file system at every start.
func buildTime() time.Time {
	t, _ := time.Parse(time.RFC3339, date)
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return t
}
