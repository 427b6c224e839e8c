package doctor

import (
	"os"
	"strings"

	"github.com/ssoenv/ssoenv/session/profile"
)

// Processes checks whether the profiles whose credential_process runs ssoenv by its
// absolute path still lead to this one. self is the path of the executable of this
// process.
func Processes(config *profile.Config, self string) []Finding {
	r := results{check: "config"}
	running, err := os.Stat(self)
	if err != nil {
		return nil // reported by Program
	}
	var paths []string // in the order of the profiles
	names := map[string][]string{}
	for _, program := range config.SsoenvPrograms() {
		if names[program.Path] == nil {
			paths = append(paths, program.Path)
		}
		names[program.Path] = append(names[program.Path], program.Profile)
	}
	for _, path := range paths {
		const fix = "write the path again with: ssoenv sync --credential-process, or ssoenv configure --credential-process"
		of := shorten(names[path])
		info, err := os.Stat(path)
		switch {
		case err != nil:
			r.problem(fix, "%s, which the credential_process of %s runs, does not exist", path, of)
		case !os.SameFile(running, info):
			r.warning(fix, "%s, which the credential_process of %s runs, is not this ssoenv (%s)", path, of, self)
		default:
			r.ok("the credential_process of %s runs this ssoenv", of)
		}
	}
	return r.findings
}

// shorten returns the first of the names, and how many more there are.
func shorten(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + ", …"
}
