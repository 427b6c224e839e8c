package doctor

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Program checks which ssoenv a shell finds in PATH. self is the path of the
// executable of this process.
func Program(self, path string) []Finding {
	r := results{check: "program"}
	running, err := os.Stat(self)
	if err != nil {
		r.problem("open a new shell", "%s, which is running, has been replaced or removed", self)
		return r.findings
	}
	var found []string
	first := false // whether PATH finds this program first
	for _, folder := range filepath.SplitList(path) {
		if !filepath.IsAbs(folder) {
			r.warning("remove it from PATH, or make it absolute", "PATH has the relative entry %q, which is another folder in each directory", folder)
			continue
		}
		name := filepath.Join(folder, "ssoenv"+executableSuffix())
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() || runtime.GOOS != "windows" && info.Mode().Perm()&0o111 == 0 {
			continue
		}
		same := os.SameFile(running, info)
		if len(found) == 0 {
			first = same
		}
		if !same || len(found) == 0 {
			found = append(found, name)
		}
	}
	switch {
	case len(found) == 0:
		r.warning("add its folder to PATH", "ssoenv is not in PATH: this one is %s", self)
	case !first:
		r.problem("remove one of them, and open a new shell", "PATH finds %s, but this ssoenv is %s", found[0], self)
	case len(found) > 1:
		r.warning("remove all but one of them", "PATH has more than one ssoenv: %s", strings.Join(found, ", "))
	default:
		r.ok("%s is the only ssoenv in PATH", found[0])
	}
	return r.findings
}

// Builds checks that the two programs of an installation are of the same build. front
// and full are what their "version" prints; err is why that of the program at path is
// unknown.
func Builds(path, front, full string, err error) []Finding {
	r := results{check: "program"}
	const fix = "install ssoenv again: both of its programs belong to one installation"
	switch {
	case err != nil:
		r.problem(fix, "%s does not say its version: %v", path, err)
	case front != full:
		r.problem(fix, "%s is another build (%s) than the full program behind it (%s)", path, strings.TrimSpace(front), strings.TrimSpace(full))
	default:
		r.ok("%s and the full program behind it are of one build", path)
	}
	return r.findings
}

func executableSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}
