package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/adrg/xdg"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/shellinit"
)

// shell looks whether the function is loaded in the shell that has started
// ssoenv, which is proven by what only the function knows.
func (x *examination) shell(mark string) {
	name := x.callingShell()
	shell, known := shellinit.Named(name)
	if claimed, _, ok := strings.Cut(mark, ":"); ok {
		name = claimed
		shell, known = shellinit.Named(claimed)
	}
	hinted, file := startup(name)
	line := hinted.StartupLine(false)
	switch {
	case !known:
		// Some other program has started it, or a shell for which there is none.
	case mark == shell.Mark():
		x.ok("the function of this version is loaded in this %s", name)
	case mark != "":
		x.problem("open a new shell", "the function in this %s is of another version of ssoenv", name)
	case x.hasUser():
		x.problem(fmt.Sprintf("add to %s:  %s  and open a new shell", file, line), "the function is not loaded in this %s: ssoenv use has nothing to switch", name)
	default:
		x.warning(fmt.Sprintf("for a shell of a person's, add to %s:  %s", file, line), "the function is not loaded in this %s", name)
	}
}

// prompt looks whether a person at the shell sees which profile is in use. Only
// the function knows what draws the prompt: no shell exports that.
func (x *examination) prompt(mark, drawn string) {
	name, _, _ := strings.Cut(mark, ":")
	shell, known := shellinit.Named(name)
	if !known || shell.Prompt() == "" || drawn == "" {
		return
	}
	switch {
	case strings.Contains(drawn, "SSOENV_PROMPT"):
		x.ok("the prompt of this %s shows the profile in use", name)
	case strings.Contains(drawn, "starship") || x.env["STARSHIP_SHELL"] == name: // in bash, which is given what it has drawn
		x.ok("starship draws the prompt of this %s, and its module aws shows the profile in use", name)
	case strings.Contains(drawn, "_p9k"):
		x.ok("powerlevel10k draws the prompt of this %s, and its segment aws shows the profile in use", name)
	default:
		x.ok("the prompt of this %s does not show the profile in use; it would with this in %s:  %s", name, shell.StartupFile(), shell.StartupLine(true))
	}
}

// programs looks which ssoenv the PATH leads to.
func (x *examination) programs() {
	self, err := os.Executable()
	if err != nil {
		x.wrong(fmt.Errorf("ssoenv's own path: %w", err))
		return
	}
	ours, err := os.Stat(self)
	if err != nil {
		x.problem("open a new shell", "%s, which runs here, is gone: it has been replaced", self)
		return
	}
	var found []string
	first := false // is this one
	for _, folder := range filepath.SplitList(x.env["PATH"]) {
		if !filepath.IsAbs(folder) {
			x.warning("take it out of PATH, or spell it out", "PATH has the entry %q, which is another folder wherever you go", folder)
			continue
		}
		path := filepath.Join(folder, "ssoenv"+executableSuffix())
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || runtime.GOOS != "windows" && info.Mode().Perm()&0o111 == 0 {
			continue
		}
		same := os.SameFile(ours, info)
		if len(found) == 0 {
			first = same
		}
		if !same || len(found) == 0 {
			found = append(found, path)
		}
	}
	switch {
	case len(found) == 0:
		x.warning("put its folder into PATH", "no ssoenv is in PATH: this one is %s", self)
	case !first:
		x.problem("remove one of them, and open a new shell", "PATH leads to %s, but this ssoenv is %s", found[0], self)
	case len(found) > 1:
		x.warning("remove all but one of them", "there is more than one ssoenv in PATH: %s", strings.Join(found, ", "))
	default:
		x.ok("%s is the only ssoenv in PATH", found[0])
	}
}

func executableSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// configFiles looks at the AWS CLI's two files, as ssoenv and as others read
// them.
func (x *examination) configFiles() {
	client, err := x.quietClient()
	if err != nil {
		x.wrong(err)
		return
	}
	x.client = client
	config := client.Config
	x.portals, _ = config.SSOSessions() // what is wrong with the others is among the failures
	before := len(x.findings)

	if _, err := os.Stat(config.Path); errors.Is(err, fs.ErrNotExist) {
		x.problem("ssoenv configure makes one", "there is no %s", config.Path)
		return
	}
	inConfig, inCredentials := config.StaticKeys()
	x.mode(config.Path, inConfig)
	x.mode(config.CredentialsPath, inCredentials)

	const most = 10 // that anybody reads
	lines := config.Lint()
	for _, line := range lines[:min(len(lines), most)] {
		mend := fmt.Sprintf("mend line %d of %s", line.Number, line.File)
		if line.Fatal {
			x.problem(mend, "the AWS CLI will not read %s: %s", line.File, line.Text)
		} else {
			x.warning(mend, "%s: %s", line.File, line.Text)
		}
	}
	if more := len(lines) - most; more > 0 {
		x.warning("mend the lines above first", "there are %d more such lines", more)
	}
	failures := config.ProfileErrors()
	for _, err := range failures[:min(len(failures), most)] {
		x.wrong(err)
	}
	if more := len(failures) - most; more > 0 {
		x.problem("mend those above first", "there are %d more such profiles", more)
	}
	if len(x.findings) == before {
		x.ok("%s: %s, which all AWS tools read alike", config.Path, count(len(config.ProfileNames()), "profile"))
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// quietClient leaves it to the checks to say what is wrong with the caches, and
// makes findings of its warnings.
func (x *examination) quietClient() (*session.Client, error) {
	quiet := x.quiet
	x.quiet = true
	client, err := x.program.client()
	x.quiet = quiet
	if err == nil {
		client.Warn = func(line string) { x.warning("", "%s", line) }
	}
	return client, err
}

// mode looks who may read and write one of the files.
func (x *examination) mode(path string, secret bool) {
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" {
		return
	}
	switch mode := info.Mode().Perm(); {
	case secret && mode&0o077 != 0:
		x.problem("chmod 600 "+shellinit.Word(path), "%s holds secret keys, and others may read it (mode %04o)", path, mode)
	case mode&0o002 != 0:
		x.problem("chmod go-w "+shellinit.Word(path), "%s can be written by anybody, who could send your login elsewhere (mode %04o)", path, mode)
	case mode&0o020 != 0:
		x.warning("chmod g-w "+shellinit.Word(path), "%s can be written by its group, if that has others in it (mode %04o)", path, mode)
	}
}

// sessions looks at what is kept of each login.
func (x *examination) sessions() {
	for _, sso := range x.portals {
		title := fmt.Sprintf("session %q", sso.Title())
		token, ok := x.client.CachedToken(sso)
		left := token.Expires.Sub(x.now())
		switch {
		case !ok:
			x.warning(x.loginCommandFor(sso), "%s: not logged in", title)
		case token.Refreshable(x.now()) && token.RegistrationExpires.IsZero():
			x.ok("%s: logged in, renewed by itself", title)
		case token.Refreshable(x.now()):
			x.ok("%s: logged in, renewed by itself; the client registration lasts until %s", title, x.formatTime(token.RegistrationExpires))
		case left > 0:
			x.warning("log in again then: "+x.loginCommandFor(sso), "%s: logged in until %s, and then not renewed: %s", title, x.formatTime(token.Expires), whyNotRenewed(token))
		default:
			x.warning(x.loginCommandFor(sso), "%s: the login has ended, and is not renewed: %s", title, whyNotRenewed(token))
		}
	}
}

func whyNotRenewed(token session.Token) string {
	if token.Refresh == "" {
		return "the portal gave no refresh token"
	}
	return "the client registration has ended"
}

// caches looks whether what is to be kept can be kept, and from whom.
func (x *examination) caches() {
	roles, inMemory := x.roleDirectory()
	for _, c := range []struct {
		what, path string
		open       func(string) (*cache.Dir, error)
	}{
		{"logins", x.tokenDirectory(), cache.OpenShared},
		{"role credentials", roles, openSealed},
		{"registrations and locks", x.privateDirectory(), cache.Open},
	} {
		dir, err := c.open(c.path)
		if err == nil {
			err = dir.Check()
		}
		switch {
		case errors.Is(err, cache.ErrNoLocks):
			x.warning("keep it on a disk of this machine", "%v: two shells may renew at the same time", err)
		case err != nil:
			x.problem(fmt.Sprintf("make %s a directory of your own, with mode 0700", c.path), "%s are not kept: %v", c.what, err)
		case c.path == roles && inMemory:
			x.ok("%s are kept in memory: %s", c.what, c.path)
		case c.path == roles:
			x.ok("%s are kept on disk, %s: %s", c.what, protection(dir), c.path)
		default:
			x.ok("%s are kept in %s", c.what, c.path)
		}
	}
	if folder := x.env["XDG_RUNTIME_DIR"]; folder != "" && !inMemory {
		x.warning("make it a directory of yours alone (mode 0700) on a tmpfs, or unset XDG_RUNTIME_DIR",
			"XDG_RUNTIME_DIR is %q, which is not in memory, or not yours alone: role credentials are not kept there", folder)
	}
	if folder := x.env["XDG_CACHE_HOME"]; folder != "" && !filepath.IsAbs(folder) {
		x.warning("spell it out from the root", "XDG_CACHE_HOME is %q, which depends on the folder, and is ignored: %s is used", folder, xdg.CacheHome)
	}
}

// direnv looks at what ssoenv has installed for it.
func (x *examination) direnv() {
	if _, err := exec.LookPath("direnv"); err != nil {
		return
	}
	exe, err := x.executable()
	if err != nil {
		x.wrong(err)
		return
	}
	self, err := os.Executable()
	if err != nil {
		x.wrong(fmt.Errorf("ssoenv's own path: %w", err))
		return
	}
	const install = "ssoenv init direnv --install"
	path := x.direnvFile()
	switch text, err := os.ReadFile(path); {
	case errors.Is(err, fs.ErrNotExist):
		x.ok("direnv is here; %q in an .envrc would take: %s", "use ssoenv PROFILE", install)
	case err != nil:
		x.problem(install, "direnv's %s cannot be read", path)
	case string(text) != shellinit.Direnv(exe) && string(text) != shellinit.Direnv(self):
		x.problem(install, "direnv's %s is of another version of ssoenv", path)
	default:
		x.ok("direnv knows \"use ssoenv PROFILE\": %s", path)
	}
}

// browsers looks what a login would open.
func (x *examination) browsers() {
	settings := []string{}
	for _, sso := range x.portals {
		if !slices.Contains(settings, sso.Browser) {
			settings = append(settings, sso.Browser)
		}
	}
	for _, setting := range settings {
		line, err := x.findBrowser(setting)
		switch {
		case errors.Is(err, errNoBrowser):
			x.ok("%v: a login shows its address, to be opened elsewhere", err)
		case err != nil && setting != "":
			x.problem("mend ssoenv_browser in "+x.configPath(), "%v", err)
		case err != nil:
			x.warning("install one, or name another in BROWSER", "%v", err)
		case setting == "" && x.env["BROWSER"] != "" && !strings.Contains(x.env["BROWSER"], filepath.Base(line[0])):
			x.warning("name a program in BROWSER, or unset it", "BROWSER is %q, which cannot be run: a login opens %s", x.env["BROWSER"], line[0])
		default:
			x.ok("a login opens %s", strings.Join(line, " "))
		}
	}
}
