package tty

import (
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

// parentName returns the name of the parent process's program, in lower case and
// without ".exe": cmd, powershell, pwsh, bash.
func parentName(pid int) (string, error) {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid)) //nolint:gosec // a process id
	if err != nil {
		return "", fmt.Errorf("the parent process: %w", err)
	}
	defer func() { _ = windows.CloseHandle(process) }()
	path := make([]uint16, windows.MAX_LONG_PATH)
	size := uint32(windows.MAX_LONG_PATH)
	if err := windows.QueryFullProcessImageName(process, 0, &path[0], &size); err != nil {
		return "", fmt.Errorf("the parent process: %w", err)
	}
	name := strings.ToLower(filepath.Base(windows.UTF16ToString(path[:size])))
	return strings.TrimSuffix(name, ".exe"), nil
}
