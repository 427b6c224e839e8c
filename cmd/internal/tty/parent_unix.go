//go:build unix

package tty

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// parentName returns the name of the parent process's program, from /proc or
// from ps.
func parentName(pid int) (string, error) {
	if data, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); err == nil {
		return strings.TrimSpace(string(data)), nil
	}
	out, err := exec.Command("/bin/ps", "-o", "comm=", "-p", fmt.Sprint(pid)).Output()
	if err != nil {
		return "", fmt.Errorf("the parent process: %w", err)
	}
	return filepath.Base(strings.TrimSpace(string(out))), nil
}
