//go:build unix

package front

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
)

// FullProgram returns the path of the full program of the installation that the program
// at the path self belongs to. It is an error if there is none, or if others than root and
// the owner of self could have put it there.
func FullProgram(self string) (string, error) {
	self, err := filepath.EvalSymlinks(self)
	if err != nil {
		return "", err
	}
	own, err := os.Stat(self)
	if err != nil {
		return "", err
	}
	paths := offline.FullPaths(self)
	for _, path := range paths {
		switch info, err := os.Stat(path); {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return "", err
		case !info.Mode().IsRegular():
			return "", fmt.Errorf("%s is not a file", path)
		}
		for _, checked := range []string{path, filepath.Dir(path)} {
			if err := checkAsSafe(checked, own); err != nil {
				return "", err
			}
		}
		return path, nil
	}
	return "", fmt.Errorf("the full program is missing; it belongs at %s", strings.Join(paths, " or "))
}

// checkAsSafe returns an error if the file or folder is less safe from other users than
// the file own: it must belong to root or to the owner of own, no other user may write to
// it, and its group only if the group of own may write to that.
func checkAsSafe(path string, own fs.FileInfo) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	ownSystem, ok := own.Sys().(*syscall.Stat_t)
	system, sysOK := info.Sys().(*syscall.Stat_t)
	if !ok || !sysOK {
		return fmt.Errorf("the owner of %s is unknown", path)
	}
	switch writable := info.Mode().Perm(); {
	case system.Uid != 0 && system.Uid != ownSystem.Uid:
		return fmt.Errorf("%s belongs to another user than %s", path, own.Name())
	case writable&0o002 != 0:
		return fmt.Errorf("every user can write to %s", path)
	case writable&0o020 != 0 && (own.Mode().Perm()&0o020 == 0 || system.Gid != ownSystem.Gid):
		return fmt.Errorf("the group of %s can write to it", path)
	}
	return nil
}
