package offline

import (
	"cmp"
	"fmt"
	"runtime/debug"
)

// A Build says what a program was built from. What is not known is left out.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Date    string `json:"build_date,omitempty"` // RFC 3339
}

// BuiltFrom returns what the release build has set or, as far as that is empty, what the
// module information says.
func BuiltFrom(version, commit, date string) Build {
	if info, ok := debug.ReadBuildInfo(); ok {
		if version == "" {
			version = info.Main.Version
		}
		for _, setting := range info.Settings {
			switch {
			case setting.Key == "vcs.revision" && commit == "":
				commit = setting.Value
			case setting.Key == "vcs.time" && date == "":
				date = setting.Value
			}
		}
	}
	return Build{cmp.Or(version, "(devel)"), commit, date}
}

// Line returns it for a user.
func (b Build) Line() string {
	return fmt.Sprintf("ssoenv %s, commit %s, built %s\n", b.Version, cmp.Or(b.Commit, "unknown"), cmp.Or(b.Date, "unknown"))
}
