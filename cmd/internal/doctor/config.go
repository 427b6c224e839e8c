package doctor

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/session/profile"
)

// Config checks the AWS config and credentials files: their modes, lines that
// the AWS tools read differently, and profiles that cannot be used. At most ten
// lines and ten profiles are listed.
func Config(config *profile.Config, env map[string]string, f Formatter) []Finding {
	const most = 10
	r := results{check: "config"}
	if runtime.GOOS != "windows" && env["HOME"] == "" {
		r.warning("set HOME to your home directory", "HOME is not set: the config file is %s, and programs may look for other files elsewhere", config.Path)
	}
	named := env["AWS_CONFIG_FILE"] != ""
	switch _, err := os.Stat(config.Path); {
	case errors.Is(err, fs.ErrNotExist) && named:
		r.problem("$ unset AWS_CONFIG_FILE", "AWS_CONFIG_FILE names %s, which does not exist: there are no profiles in this shell", config.Path)
		return r.findings
	case errors.Is(err, fs.ErrNotExist):
		r.problem("$ ssoenv configure", "%s does not exist", config.Path)
		return r.findings
	case named:
		r.ok("AWS_CONFIG_FILE is set: the profiles are those of %s", config.Path)
	}
	if path := config.CredentialsPath; env["AWS_SHARED_CREDENTIALS_FILE"] != "" && path != os.DevNull {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			r.warning("$ unset AWS_SHARED_CREDENTIALS_FILE", "AWS_SHARED_CREDENTIALS_FILE names %s, which does not exist", path)
		}
	}
	inConfig, inCredentials := config.StaticKeys()
	r.mode(config.Path, inConfig, f)
	r.mode(config.CredentialsPath, inCredentials, f)

	lines := config.Lint(f.Regions)
	for _, line := range lines[:min(len(lines), most)] {
		fix := f.EditLine(line.File, line.Number)
		if line.Fatal {
			r.problem(fix, "the AWS CLI cannot read %s: %s", line.File, line.Text)
		} else {
			r.warning(fix, "%s: %s", line.File, line.Text)
		}
	}
	if more := len(lines) - most; more > 0 {
		r.warning("fix the lines above first", "%s", f.Count(more, "more such line"))
	}
	r.profiles(config, most)
	failures := config.ProfileErrors()
	for _, err := range failures[:min(len(failures), most)] {
		if wrong, ok := errors.AsType[*profile.ConfigError](err); ok && config.ErrorLine(wrong) > 0 {
			r.problem(f.EditLine(config.Path, config.ErrorLine(wrong)), "%v", err)
			continue
		}
		r.failed(f, err)
	}
	if more := len(failures) - most; more > 0 {
		r.problem("fix those above first", "%s", f.Count(more, "more such profile"))
	}
	names := config.ProfileNames()
	switch noProblem := !slices.ContainsFunc(r.findings, func(f Finding) bool { return f.Status != OK }); {
	case noProblem && len(names) == 0 && len(config.SessionNames()) == 0:
		r.warning("$ ssoenv configure", "%s has no profiles", config.Path)
	case noProblem:
		r.ok("%s: %s, no problems", config.Path, f.Count(len(names), "profile"))
	}
	return r.findings
}

// profiles checks each profile for what ssoenv accepts and the AWS CLI refuses, and
// for endpoints that ssoenv does not follow. At most that many of each are listed.
func (r *results) profiles(config *profile.Config, most int) {
	refused, unused := 0, 0
	for _, name := range config.ProfileNames() {
		for _, line := range config.ProfileProblems(name) {
			if refused++; refused <= most {
				r.warning("edit "+config.Path, "%s", line)
			}
		}
		endpoints := config.UnusedEndpoints(name)
		if len(endpoints) == 0 {
			continue
		}
		if unused++; unused <= most {
			var exports []string
			for _, endpoint := range endpoints {
				exports = append(exports, endpoint.Variable+"="+endpoint.Value)
			}
			r.warning("if the network has no other way to AWS: export "+strings.Join(exports, " "),
				"profile %q has endpoints for services that ssoenv calls itself; ssoenv calls AWS's own unless a variable names them", name)
		}
	}
}

// mode checks who may read and write one of the files. secret says that it
// contains static credentials.
func (r *results) mode(path string, secret bool, f Formatter) {
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" {
		return
	}
	switch mode := info.Mode().Perm(); {
	case !info.Mode().IsRegular():
		if path != os.DevNull {
			r.warning("", "%s is not a regular file, and is not read", path)
		}
	case secret && mode&0o077 != 0:
		r.problem("$ chmod 600 "+f.ShellWord(path), "%s contains secret access keys and is open to others (mode %04o)", path, mode)
		r.repair(func() error { return os.Chmod(path, 0o600) })
	case mode&0o002 != 0:
		r.problem("$ chmod go-w "+f.ShellWord(path), "%s is writable by all users, who could redirect your logins (mode %04o)", path, mode)
		r.repair(func() error { return os.Chmod(path, mode&^0o022) })
	case mode&0o020 != 0:
		r.warning("$ chmod g-w "+f.ShellWord(path), "%s is writable by its group, whose members could redirect your logins (mode %04o)", path, mode)
		r.repair(func() error { return os.Chmod(path, mode&^0o020) })
	}
}
