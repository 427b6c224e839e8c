package session

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/ssotest"
)

var testConfig = "\n" + ssotest.Config("https://d-0123456789.awsapps.com/start", "dev", "legacy")

// newClient makes a client and a service that share the clock and no network,
// so that it runs on fake time as well.
func newClient(t *testing.T) (*Client, *ssotest.Server) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "config")
	if err := os.WriteFile(path, []byte(testConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := ReadConfig(path, filepath.Join(dir, "credentials"))
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
		Config:    config,
		Tokens:    open(cache.OpenShared, "sso"),
		Roles:     open(cache.Open, "roles"),
		Private:   open(cache.Open, "private"),
		CLIRoles:  open(cache.OpenShared, "cli"),
		Transport: func() (http.RoundTripper, error) { return server.Transport(), nil },
		Now:       time.Now,
		Host:      "laptop",
		Warn:      func(line string) { t.Log("warning:", line) },
	}, server
}

func profileNamed(t *testing.T, c *Client, name string) Profile {
	t.Helper()
	p, err := c.Config.Profile(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
