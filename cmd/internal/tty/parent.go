package tty

import (
	"os"
	"path/filepath"
	"strings"
)

// ParentShell returns the name of the program that started this process, without
// the hyphen of a login shell and without Windows' ".exe": usually the user's shell,
// which need not be the one that SHELL names. It returns the base name of SHELL if the
// system does not say.
func ParentShell(env map[string]string) string {
	name, err := parentName(os.Getppid())
	if err != nil {
		name = filepath.Base(env["SHELL"])
	}
	return strings.TrimPrefix(name, "-")
}
