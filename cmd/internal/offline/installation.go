package offline

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// An installation has two programs: the public one, which shells start, and the full one,
// which that one starts for everything that needs the network or the user. Packages put
// them into two folders; in one folder the full one has a name of its own:
//
//	PREFIX/bin/ssoenv    PREFIX/libexec/ssoenv/ssoenv
//	FOLDER/ssoenv        FOLDER/ssoenv-full
//
// The full program alone, as "go install" leaves it, is public itself.

// FullName is the name of the full program beside the public one.
const FullName = "ssoenv-full"

// FullPaths returns where the full program may be that belongs to the public one at the
// path, which has no link in it. The first that may be started is it.
func FullPaths(public string) []string {
	folder := filepath.Dir(public)
	return []string{
		filepath.Join(filepath.Dir(folder), "libexec", "ssoenv", "ssoenv"),
		filepath.Join(folder, FullName),
	}
}

// IsFullPath reports whether the path, which has no link in it, is one of a full program
// behind a public one.
func IsFullPath(path string) bool { return publicOf(path) != "" }

// publicOf returns where the public program of the full one at the path belongs, or "" if
// that is no place of a full program.
func publicOf(full string) string {
	folder, name := filepath.Split(full)
	switch {
	case name == FullName:
		return filepath.Join(folder, "ssoenv")
	case name == "ssoenv" && filepath.Base(folder) == "ssoenv" && filepath.Base(filepath.Dir(filepath.Clean(folder))) == "libexec":
		return filepath.Join(folder, "..", "..", "bin", "ssoenv")
	}
	return ""
}

// PublicPath returns the path of the public program of the installation that the program
// at the path belongs to: the path itself if there is no other.
func PublicPath(self string) string {
	resolved, err := filepath.EvalSymlinks(self)
	if err != nil {
		return self
	}
	public := publicOf(resolved)
	if public == "" {
		return self
	}
	if info, err := os.Stat(public); err != nil || !info.Mode().IsRegular() {
		return self
	}
	return public
}

// Executable returns the path by which a shell finds ssoenv again: the one that
// it was started by, or that of the name ssoenv, if that leads to the public program of
// this installation (see [PublicPath]). A link in PATH survives an upgrade that its
// target may not.
func Executable(arg0 string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("ssoenv's own path: %w", err)
	}
	self = PublicPath(self)
	selfInfo, err := os.Stat(self)
	if err != nil {
		return self, nil
	}
	for _, name := range []string{arg0, "ssoenv"} {
		found, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if found, err = filepath.Abs(found); err != nil {
			continue
		}
		foundInfo, err := os.Stat(found)
		if err == nil && os.SameFile(selfInfo, foundInfo) {
			return found, nil
		}
	}
	return self, nil
}
