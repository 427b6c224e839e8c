package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/cmd/internal/keyring"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// deps are made when a run first needs them, and reused.
type deps struct {
	cachedConfig *profile.Config
	cachedClient *session.Client
	configWarned bool
	endpointNote endpointNote
}

// config returns the AWS config. The files are read once in a run, but for
// [program.reloadConfig].
func (p *program) config() (*profile.Config, error) {
	if p.cachedConfig != nil {
		return p.cachedConfig, nil
	}
	if p.pathsErr != nil {
		return nil, p.pathsErr
	}
	config, err := profile.ReadConfig(p.paths.Config, p.paths.Credentials)
	if err == nil {
		p.cachedConfig = config
	}
	return config, err
}

// reloadConfig reads the AWS config again, because another program has changed
// it, and gives it to the client.
func (p *program) reloadConfig(client *session.Client) error {
	p.cachedConfig = nil
	config, err := p.config()
	if err != nil {
		return err
	}
	client.Config = config
	return nil
}

// client returns the run's only client. It makes no connection, and creates no
// file or folder.
func (p *program) client() (*session.Client, error) {
	if p.cachedClient != nil {
		return p.cachedClient, nil
	}
	network := networkVariables(p.state)
	var endpoints session.Endpoints
	if network.IgnoreEndpoints == nil || !*network.IgnoreEndpoints {
		endpoints = offline.EndpointVariables(p.state)
	}
	if err := endpoints.Check(); err != nil {
		return nil, err
	}
	config, err := p.config()
	if err != nil {
		return nil, err
	}
	if name, ok := config.ServedProfile(); ok {
		return nil, servedError(name)
	}
	host, _ := os.Hostname()
	tokens, tokensErr := cache.OpenShared(p.paths.Tokens)
	if tokensErr != nil {
		p.say("%v", tokensErr)
	}
	p.cachedClient = &session.Client{
		Store: &store.Store{
			Tokens:      tokens,
			TokensError: tokensErr,
			Roles:       p.openRoles(),
			Private:     p.open(cache.Open, p.paths.Private),
			CLIRoles:    p.open(cache.OpenShared, p.paths.CLICache),
			Unusual:     p.paths.Unusual,

			DefaultCache: p.paths.DefaultCache(),
			Keyring:      keyring.Keyring{Bus: p.env["DBUS_SESSION_BUS_ADDRESS"]},
			Now:          p.now,
			Warn:         func(line string) { p.say("%s", line) },
			Waiting:      p.waitFor,
		},
		Config:          config,
		Transport:       sync.OnceValues(func() (http.RoundTripper, error) { return p.transport(config.DefaultCABundle()) }),
		BundleTransport: onceForEach(p.transport),
		Endpoints:       endpoints,
		Variables:       network,
		STSRegion:       p.state.RegionBefore(),
		RunProcess:      p.runProcess,
		ProcessChain:    strings.Split(p.env[processChain], "\n"),
		Host:            host,
	}
	return p.cachedClient, nil
}

// open opens a cache. A folder that cannot be used or trusted is left alone, and
// the command goes on without it.
func (p *program) open(open func(string) (*cache.Dir, error), path string) *cache.Dir {
	dir, err := open(path)
	if err != nil {
		p.say("%v", err)
		return nil
	}
	return dir
}

// openElsewhere opens, once, the folders in which a run with another environment may
// have stored something, for a logout or a login. One that cannot be used or trusted
// now could not be then.
func (p *program) openElsewhere(client *session.Client) {
	if client.Elsewhere != nil {
		return
	}
	for _, paths := range []func() []string{p.paths.Elsewhere, client.RecordedFolders} {
		for _, path := range paths() {
			if dir, err := cache.Open(path); err == nil {
				client.Elsewhere = append(client.Elsewhere, dir)
			}
		}
	}
}

func (p *program) openRoles() *cache.Dir {
	roles := p.open(func(string) (*cache.Dir, error) { return p.paths.OpenRoles() }, "")
	if p.debug && roles != nil {
		path, _ := p.paths.Roles()
		p.log("role credentials in %s: %s", path, offline.Protection(roles))
	}
	return roles
}

// transport makes the HTTP transport with the certificates of AWS_CA_BUNDLE, else of
// the ca_bundle of a profile, which may be empty. It is called when the network is
// first needed: a cached switch reads no certificates.
func (p *program) transport(caBundle string) (http.RoundTripper, error) {
	path, source := p.state.Before("AWS_CA_BUNDLE"), "AWS_CA_BUNDLE"
	hint := "give AWS_CA_BUNDLE the path of a file of PEM certificates, or unset it"
	if path == "" {
		path, source = caBundle, "ca_bundle"
		hint = "give ca_bundle in " + p.paths.Config + " the path of a file of PEM certificates, or remove it"
	}
	var roots []byte
	if path != "" {
		var err error
		if roots, err = readBundle(path); err != nil {
			return nil, shownError{fmt.Errorf("the certificates of %s: %w", source, err), statusFailed, []string{hint}}
		}
	} else if err := checkSystemBundles(p.env); err != nil {
		return nil, shownError{err, statusFailed, []string{"let the variable lead to files of PEM certificates, or unset it"}}
	}
	transport, err := session.NewTransport(roots, http.ProxyFromEnvironment)
	if err != nil {
		return nil, shownError{fmt.Errorf("the certificates of %s %q: %w", source, path, err), statusFailed, []string{hint}}
	}
	announced := announcedTransport{transport, p}
	if p.debug {
		return loggedTransport{announced, p}, nil
	}
	return announced, nil
}

// onceForEach returns a function that calls make once for each path.
func onceForEach(make func(path string) (http.RoundTripper, error)) func(path string) (http.RoundTripper, error) {
	var made sync.Map // path → func() (http.RoundTripper, error)
	return func(path string) (http.RoundTripper, error) {
		once, _ := made.LoadOrStore(path, sync.OnceValues(func() (http.RoundTripper, error) { return make(path) }))
		return once.(func() (http.RoundTripper, error))()
	}
}

// checkSystemBundles returns an error if SSL_CERT_FILE or SSL_CERT_DIR leads to a file
// of certificates that [readBundle] would not read: the TLS library reads it without a
// limit.
func checkSystemBundles(env map[string]string) error {
	if path := env["SSL_CERT_FILE"]; path != "" {
		if err := checkBundle(path); err != nil {
			return fmt.Errorf("the certificates of SSL_CERT_FILE: %w", err)
		}
	}
	for _, dir := range filepath.SplitList(env["SSL_CERT_DIR"]) {
		entries, _ := os.ReadDir(dir) // the library ignores a folder that it cannot read
		for _, entry := range entries {
			path := filepath.Join(dir, entry.Name())
			if info, err := os.Stat(path); err == nil && !info.IsDir() {
				if err := checkBundle(path); err != nil {
					return fmt.Errorf("the certificates of SSL_CERT_DIR: %w", err)
				}
			}
		}
	}
	return nil
}

// checkBundle returns an error if the file exists and is not a regular one of at most
// maxBundle bytes.
func checkBundle(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%q is not a regular file", path)
	case info.Size() > maxBundle:
		return fmt.Errorf("%q is larger than %d MiB", path, maxBundle>>20)
	}
	return nil
}

// maxBundle is the limit of a file of certificates, in bytes. The largest bundles
// of public authorities are below 1 MiB.
const maxBundle = 10 << 20

// readBundle reads a file of certificates. Anything but a regular file of at most
// maxBundle bytes is an error: a pipe or a device would block, or never end.
func readBundle(path string) ([]byte, error) {
	file, info, err := cache.OpenToRead(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%q is not a regular file", path)
	case info.Size() > maxBundle:
		return nil, fmt.Errorf("%q is larger than %d MiB", path, maxBundle>>20)
	}
	return io.ReadAll(io.LimitReader(file, maxBundle))
}

// A loggedTransport logs each call without its headers and bodies.
type loggedTransport struct {
	http.RoundTripper
	p *program
}

func (t loggedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	res, err := t.RoundTripper.RoundTrip(req)
	took := time.Since(start).Round(time.Millisecond)
	if err != nil {
		t.p.log("%s %s%s: %v after %v", req.Method, req.URL.Host, req.URL.Path, err, took)
	} else {
		t.p.log("%s %s%s: %s after %v", req.Method, req.URL.Host, req.URL.Path, res.Status, took)
	}
	return res, err
}
