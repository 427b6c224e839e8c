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
// at the path self belongs to. It is an error if there is none, if it is this one again,
// or if others than root and the owner of self could have put it there.
func FullProgram(self string) (string, error) {
	self, err := filepath.EvalSymlinks(self)
	if err != nil {
		return "", err
	}
	if offline.IsFullPath(self) {
		return "", fmt.Errorf("%s is the small program, in the place of the full one", self)
	}
	var problem error
	paths := offline.FullPaths(self)
	for _, path := range paths {
		full, err := checkFull(path, self)
		if err == nil {
			return full, nil
		}
		if problem == nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			problem = err
		}
	}
	if problem == nil {
		problem = fmt.Errorf("the full program is missing; it belongs at %s", strings.Join(paths, " or "))
	}
	return "", problem
}

// checkFull returns the path without links, if the program at path may be started in place
// of the one at self.
func checkFull(path, self string) (string, error) {
	full, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	own, err := os.Stat(self)
	if err != nil {
		return "", err
	}
	switch info, err := os.Stat(full); {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a file", path)
	case os.SameFile(info, own):
		return "", fmt.Errorf("%s is the small program, in the place of the full one", path)
	}
	for checked, like := range map[string]string{full: self, filepath.Dir(full): filepath.Dir(self)} {
		if err := checkAsSafe(checked, like); err != nil {
			return "", err
		}
	}
	return full, nil
}

// checkAsSafe returns an error if the file or folder at path is less safe from other users
// than the one at own: it must belong to root or to the owner of that, no other user may
// write to it, and its group only if that group may write to own.
func checkAsSafe(path, own string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	ownInfo, err := os.Stat(own)
	if err != nil {
		return err
	}
	ownSystem, ok := ownInfo.Sys().(*syscall.Stat_t)
	system, sysOK := info.Sys().(*syscall.Stat_t)
	if !ok || !sysOK {
		return fmt.Errorf("the owner of %s is unknown", path)
	}
	switch writable := info.Mode().Perm(); {
	case system.Uid != 0 && system.Uid != ownSystem.Uid:
		return fmt.Errorf("%s belongs to another user than %s", path, own)
	case writable&0o002 != 0:
		return fmt.Errorf("every user can write to %s", path)
	case writable&0o020 != 0 && (ownInfo.Mode().Perm()&0o020 == 0 || system.Gid != ownSystem.Gid):
		return fmt.Errorf("the group of %s can write to it", path)
	}
	return nil
}
