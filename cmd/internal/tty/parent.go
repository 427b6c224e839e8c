package tty

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ParentShell is the shell that started ssoenv, which is often not the one
// that SHELL names.
func ParentShell(env map[string]string) string {
	name, err := parentName()
	if err != nil {
		name = filepath.Base(env["SHELL"])
	}
	return strings.TrimPrefix(name, "-")
}

// parentName is the name of the parent process's program.
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
