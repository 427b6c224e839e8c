package tty

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ParentShell returns the name of the program that started this process, without
// the hyphen of a login shell: usually the user's shell, which need not be the
// one that SHELL names. It returns the base name of SHELL if the system does not
// say.
func ParentShell(env map[string]string) string {
	name, err := parentName()
	if err != nil {
		name = filepath.Base(env["SHELL"])
	}
	return strings.TrimPrefix(name, "-")
}

// parentName returns the name of the parent process's program, from /proc or
// from ps.
func parentName() (string, error) {
	if data, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", os.Getppid())); err == nil {
		return strings.TrimSpace(string(data)), nil
	}
	out, err := exec.Command("/bin/ps", "-o", "comm=", "-p", fmt.Sprint(os.Getppid())).Output()
	if err != nil {
		return "", fmt.Errorf("the parent process: %w", err)
	}
	return filepath.Base(strings.TrimSpace(string(out))), nil
}
