package main

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"
	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/shellinit"
)

// filesCommand is for direnv's library function: it names the files that change
// when there is something new to load.
func (p *program) filesCommand() *cli.Command {
	var ignored credentialOptions
	return &cli.Command{
		Name:      "files",
		Usage:     "print the files that tell of newer credentials and of a login",
		ArgsUsage: "PROFILE",
		Hidden:    true,
		Flags:     ignored.flags(), // an .envrc may give any to use
		Action: func(c *cli.Context) error {
			name, err := oneProfile(c)
			if err != nil {
				return err
			}
			if name, err = p.resolveArg(name); err != nil {
				return err
			}
			client, err := p.client()
			if err != nil {
				return err
			}
			profile, err := client.Config.Profile(name)
			files := client.WatchFiles(profile)
			if err != nil {
				// The config is what has to change, or, where the name may be an
				// account's and a role's, the login. Nobody is asked for it here.
				_, sso, _ := accountAndRole(client.Config, name, err)
				files = client.SessionWatchFiles(sso)
			}
			return p.print(strings.Join(files, "\n") + "\n")
		},
	}
}

// initDirenv prints direnv's library function, or puts it where direnv looks.
func (p *program) initDirenv(install bool) error {
	exe, err := p.executable()
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
	p.say("%s is written: an .envrc may say \"use ssoenv PROFILE\" now", path)
	return nil
}

// direnvFile returns the path of the library function in direnv's configuration.
func direnvFile(env map[string]string) string {
	folder := cmp.Or(env["DIRENV_CONFIG"], filepath.Join(xdg.ConfigHome, "direnv"))
	return filepath.Join(folder, "lib", "ssoenv.sh")
}

// setByDirenv reports whether direnv has set the variable in this shell and will
// restore it when the directory is left. It reads DIRENV_DIFF, which direnv writes
// as base64 (URL alphabet) of zlib of JSON with the new values in "n". It returns
// false if that is missing, cannot be decoded or is larger than 4 MiB.
func setByDirenv(env map[string]string, name string) bool {
	packed, err := base64.URLEncoding.DecodeString(env["DIRENV_DIFF"])
	if err != nil || len(packed) == 0 {
		return false
	}
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return false
	}
	data, err := io.ReadAll(io.LimitReader(r, 4<<20))
	if err != nil {
		return false
	}
	var diff struct {
		Next map[string]json.RawMessage `json:"n"`
	}
	if json.Unmarshal(data, &diff) != nil {
		return false
	}
	_, set := diff.Next[name]
	return set
}
