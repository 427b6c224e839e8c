package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"
	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/shellinit"
)

// filesAction is for direnv's library function: it prints the files that change
// when there is something new to load.
func filesAction(p *program, c *cli.Context) error {
	name, err := oneProfile(c)
	if err != nil {
		return err
	}
	if name, err = resolveArg(name, p.state); err != nil {
		return err
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	prof, err := client.Config.Profile(name)
	files := client.WatchFiles(client.Config, prof)
	if err != nil {
		// The config has to change or, if the name may be an account's name
		// and a role, the session.
		_, sso, _ := accountAndRole(client.Config, name, err)
		files = client.SessionWatchFiles(client.Config, sso)
	}
	return p.print(strings.Join(files, "\n") + "\n")
}

// initDirenv prints direnv's library function or, with install, writes it to
// direnv's lib folder.
func (p *program) initDirenv(install bool) error {
	exe, err := offline.Executable(p.args[0])
	if err != nil {
		return err
	}
	if !install {
		return p.print(shellinit.Direnv(exe))
	}
	path := direnvFile(p.env)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := cache.ReplaceFile(path, []byte(shellinit.Direnv(exe)), 0o644); err != nil {
		return err
	}
	p.say("wrote %s; an .envrc can now contain \"use ssoenv PROFILE\"", path)
	return nil
}

// uninstallDirenv removes the library function from direnv's lib folder. A file of
// that name that is not ssoenv's is an error.
func (p *program) uninstallDirenv() error {
	path := direnvFile(p.env)
	switch text, err := os.ReadFile(path); {
	case errors.Is(err, fs.ErrNotExist):
		p.say("%s does not exist", path)
		return nil
	case err != nil:
		return err
	case !shellinit.IsDirenv(string(text)):
		return shownError{fmt.Errorf("%s is not a file that ssoenv wrote", path), statusFailed, []string{"remove it yourself if it is not needed"}}
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	p.say("removed %s", path)
	return nil
}

// direnvFile returns the path of the function in direnv's lib folder.
func direnvFile(env map[string]string) string {
	folder := cmp.Or(env["DIRENV_CONFIG"], filepath.Join(xdg.ConfigHome, "direnv"))
	return filepath.Join(folder, "lib", "ssoenv.sh")
}
