package doctor

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Direnv checks the library function for direnv, which is to be in the file path
// and to have one of the current texts. It is not needed.
func Direnv(path string, current ...string) []Finding {
	const install = "$ ssoenv init direnv --install"
	r := results{check: "direnv"}
	switch text, err := os.ReadFile(path); {
	case errors.Is(err, fs.ErrNotExist):
		r.ok("direnv is installed; to write %q in an .envrc, run: %s", "use ssoenv PROFILE", strings.TrimPrefix(install, "$ "))
	case err != nil:
		r.problem(install, "direnv's %s cannot be read", path)
	case !slices.Contains(current, string(text)):
		r.problem(install, "direnv's %s is from another version of ssoenv", path)
	default:
		r.ok("direnv knows %q: %s", "use ssoenv PROFILE", path)
	}
	return r.findings
}
