package shellinit

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed direnv.bash
var direnv string

// Direnv returns the file for direnv's lib folder, which makes "use ssoenv PROFILE"
// known to .envrc files. exe is the absolute path of the program.
func Direnv(exe string) string {
	return fmt.Sprintf(Bash.assign, "__ssoenv_exe", Bash.Quote(exe)) + direnv
}

// IsDirenv reports whether text is such a file, of this or another version.
func IsDirenv(text string) bool {
	return strings.HasPrefix(text, "__ssoenv_exe=") && strings.Contains(text, "use_ssoenv")
}
