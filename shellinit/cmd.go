package shellinit

import (
	"fmt"
	"strings"
)

// Cmd is cmd.exe of Windows. It has no function, no hook and no eval: in
//
//	for /f "delims=" %i in ('ssoenv use dev') do @set "%i"
//
// it sets what ssoenv prints, a line NAME=value for each variable; no value unsets it. It
// runs nothing of the output. [Named] does not know it, since there is nothing for a
// start-up file.
//
// In that line cmd expands nothing in a value. It would in a batch file, and with /v:on,
// and it reads the output in the code page of the console. So values may have only
// printable ASCII characters without " % and !, which mean the same everywhere.
var Cmd = Shell{name: "cmd", export: "%s=%s\n", unset: "%s=\n"}

// maxCmdLine is the number of bytes of a line that cmd runs.
const maxCmdLine = 8191

// renderCmd is Render for [Cmd].
func renderCmd(env Env) (string, error) {
	var b strings.Builder
	for _, v := range env {
		if err := v.check(); err != nil {
			return "", err
		}
		line := fmt.Sprintf(Cmd.unset, v.Name)
		if !v.Unset {
			line = fmt.Sprintf(Cmd.export, v.Name, v.Value)
			if strings.ContainsFunc(v.Value, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`"%!`, r) }) {
				return "", fmt.Errorf(`the value of %q has characters that cmd cannot read: ", %%, ! or others than printable ASCII`, v.Name)
			}
			if len(line) > maxCmdLine {
				return "", fmt.Errorf("the value of %q is too long for a line of cmd", v.Name)
			}
		}
		b.WriteString(line)
	}
	return b.String(), nil
}
