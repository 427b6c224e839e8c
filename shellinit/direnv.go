package shellinit

import (
	_ "embed"
	"fmt"
)

//go:embed direnv.bash
var direnv string

// Direnv writes the file for direnv's lib folder, which lets an .envrc say
// "use ssoenv PROFILE"; exe is the absolute path of the program.
func Direnv(exe string) string {
	return fmt.Sprintf(Bash.assign, "__ssoenv_exe", Bash.Quote(exe)) + direnv
}
