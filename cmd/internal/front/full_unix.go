//go:build unix

package front

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
		err := checkFull(path, self)
		if err == nil {
			return path, nil
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

// checkFull returns nil if the program at path may be started in place of the one at self,
// which has no link in it. The folders that both are in are those of the installation's
// owner, as for any program; what is below them, which others could have created, is
// checked, and has no link.
func checkFull(path, self string) error {
	base := filepath.Dir(self)
	for !strings.HasPrefix(path, strings.TrimSuffix(base, "/")+"/") {
		base = filepath.Dir(base)
	}
	var below []string
	for at := path; at != base; at = filepath.Dir(at) {
		below = append(below, at)
	}
	for i, at := range slices.Backward(below) { // from the outermost folder
		info, err := os.Lstat(at)
		like := filepath.Dir(self)
		switch isProgram := i == 0; {
		case err != nil:
			return err
		case isProgram && !info.Mode().IsRegular():
			return fmt.Errorf("%s is not a file", at)
		case !isProgram && !info.IsDir():
			return fmt.Errorf("%s is not a folder: %w", at, syscall.ENOTDIR)
		case isProgram:
			like = self
		}
		if err := checkAsSafe(at, info, like); err != nil {
			return err
		}
	}
	return nil
}

// checkAsSafe returns an error if the file or folder at path, with that info, is less safe
// from other users than the one at own: it must belong to root or to the owner of that, no other user may
// write to it, and its group only if that group may write to own.
func checkAsSafe(path string, info fs.FileInfo, own string) error {
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
