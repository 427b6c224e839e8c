package shellinit

import (
	_ "embed"
	"fmt"
)

//go:embed direnv.bash
var direnv string

// Direnv returns the file for direnv's lib folder, which makes "use ssoenv PROFILE"
// known to .envrc files. exe is the absolute path of the program.
func Direnv(exe string) string {
	return fmt.Sprintf(Bash.assign, "__ssoenv_exe", Bash.Quote(exe)) + direnv
}
