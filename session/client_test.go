package session

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/store"
)

var testConfig = ssotest.Config("https://d-0123456789.awsapps.com/start", "dev", "legacy")

// newClient returns a client and a service that share a clock and use no network, so
// that they work on fake time too.
func newClient(t *testing.T) (*Client, *ssotest.Server) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "config")
	if err := os.WriteFile(path, []byte(testConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := profile.ReadConfig(path, filepath.Join(dir, "credentials"))
	if err != nil {
		t.Fatal(err)
	}
	open := func(open func(string) (*cache.Dir, error), name string) *cache.Dir {
		d, err := open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	server := ssotest.New()
	server.AutoApprove = true
	server.Interval = 5 * time.Second
	return &Client{
		Store: &store.Store{
			Tokens:   open(cache.OpenShared, "sso"),
			Roles:    open(cache.Open, "roles"),
			Private:  open(cache.Open, "private"),
			CLIRoles: open(cache.OpenShared, "cli"),
			Now:      time.Now,
			Warn:     func(line string) { t.Log("warning:", line) },
		},
		Config:    config,
		Transport: func() (http.RoundTripper, error) { return server.Transport(), nil },
		Host:      "laptop",
	}, server
}

func profileNamed(t *testing.T, c *Client, name string) profile.Profile {
	t.Helper()
	p, err := c.Config.Profile(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// configOf rewrites the client's config file and returns the new Config.
func configOf(t *testing.T, c *Client, text string) *profile.Config {
	t.Helper()
	if err := os.WriteFile(c.Config.Path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := profile.ReadConfig(c.Config.Path, c.Config.CredentialsPath)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// targetOf returns the session as the target of a login without a vanity URL.
func targetOf(sso profile.SSOSession) loginTarget {
	return loginTarget{SSOSession: sso, issuer: sso.StartURL}
}

// tokenPath returns the path of the session's token file.
func tokenPath(c *Client, sso profile.SSOSession) string {
	return c.SessionWatchFiles(c.Config, sso)[1]
}

// deleteRole deletes the cached credentials of the profile.
func deleteRole(c *Client, p profile.Profile) error {
	creds, _ := c.CachedCredentials(p)
	key, _, _ := strings.Cut(filepath.Base(creds.ExpiryFile), ".")
	return c.Roles.Delete(key)
}

// cliRoleKey returns the name of the file in which the AWS CLI caches the
// credentials of a role in account 111111111111.
func cliRoleKey(sso profile.SSOSession, role string) string {
	origin := `"sessionName":"` + sso.Name + `"`
	if sso.Name == "" {
		origin = `"startUrl":"` + sso.StartURL + `"`
	}
	return fmt.Sprintf("%x", sha1.Sum([]byte(`{"accountId":"111111111111","roleName":"`+role+`",`+origin+`}`)))
}

// is reports whether err is an error of type T.
func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}
