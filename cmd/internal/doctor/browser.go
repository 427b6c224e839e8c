package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/cmd/internal/browser"
	"github.com/ssoenv/ssoenv/session/profile"
)

// Browsers checks what a login to each of the sessions opens. check says why no program
// that a config file names is started.
func Browsers(sessions []profile.SSOSession, env map[string]string, configPath string, check func(file string) error) []Finding {
	r := results{check: "browser"}
	var settings []string
	for _, sso := range sessions {
		if err := check(sso.BrowserFile); err != nil && sso.Browser != "" {
			r.problem("take the right to write from other users, and name the file by an absolute path", "ssoenv_browser of %s is not started: %v", sso.BrowserFile, err)
			continue
		}
		if !slices.Contains(settings, sso.Browser) {
			settings = append(settings, sso.Browser)
		}
	}
	if len(sessions) == 0 {
		settings = []string{""}
	}
	for _, setting := range settings {
		command, err := browser.Find(env, setting)
		switch {
		case errors.Is(err, browser.ErrNone) && setting == "" && strings.Trim(env["BROWSER"], string(os.PathListSeparator)+" ") != "":
			r.warning("$ unset BROWSER", "BROWSER is %q, which cannot be run, and there is no other browser: a login shows its address, to open elsewhere", env["BROWSER"])
		case errors.Is(err, browser.ErrNone):
			r.ok("%v: a login shows its address, to open elsewhere", err)
		case err != nil && setting != "":
			r.problem("fix ssoenv_browser in "+configPath, "%v", err)
		case err != nil:
			r.warning("install one, or name another in BROWSER", "%v", err)
		case setting == "" && env["BROWSER"] != "" && !strings.Contains(env["BROWSER"], filepath.Base(command[0])):
			r.warning("$ unset BROWSER", "BROWSER is %q, which cannot be run: a login opens %s", env["BROWSER"], command[0])
		default:
			r.ok("a login opens %s", strings.Join(command, " "))
		}
	}
	return r.findings
}
