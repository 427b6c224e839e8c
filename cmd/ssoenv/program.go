package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/adrg/xdg"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/cmd/internal/keyring"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/shellinit"
)

// say tells a person something, in one line. Whatever came from a server or a
// file is made visible on the way.
func (p *program) say(format string, args ...any) {
	if p.quiet {
		return
	}
	_, _ = fmt.Fprintf(p.stderr, "ssoenv: %s\n", safetext.Printable(fmt.Sprintf(format, args...)))
}

// log tells what happens, to whoever asked for it with --debug.
func (p *program) log(format string, args ...any) {
	if p.debug {
		p.say("debug: "+format, args...)
	}
}

// print writes what a program reads or a shell evaluates, in one piece.
func (p *program) print(text string) error {
	if _, err := io.WriteString(p.stdout, text); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}

// The files.

func (p *program) configPath() string { return p.awsFile("AWS_CONFIG_FILE", "config") }

// awsFile finds one of AWS's two files. As the AWS CLI does, it lets ~ stand
// for the home directory in the variable, and $NAME for another variable.
func (p *program) awsFile(variable, name string) string {
	path := p.env[variable]
	if path == "" {
		return filepath.Join(p.home(), ".aws", name)
	}
	path = os.Expand(path, func(name string) string {
		if value, ok := p.env[name]; ok {
			return value
		}
		return "$" + name
	})
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') {
		return p.home() + rest
	}
	return path
}

// home is the home directory: the one that HOME names, else the system's
// record of the user, which is what the AWS CLI goes by.
func (p *program) home() string {
	if xdg.Home != "" {
		return xdg.Home
	}
	if u, err := user.Current(); err == nil {
		return u.HomeDir
	}
	return string(filepath.Separator)
}

func (p *program) config() (*session.Config, error) {
	return session.ReadConfig(p.configPath(), p.awsFile("AWS_SHARED_CREDENTIALS_FILE", "credentials"))
}

// client opens the AWS config and the caches. It makes no connection, and no
// file or directory.
func (p *program) client() (*session.Client, error) {
	endpoints := session.Endpoints{
		SSO:    p.env["AWS_ENDPOINT_URL_SSO"],
		OIDC:   p.env["AWS_ENDPOINT_URL_SSO_OIDC"],
		STS:    p.env["AWS_ENDPOINT_URL_STS"],
		Signin: p.env["AWS_ENDPOINT_URL_SIGNIN"],
	}
	if err := endpoints.Check(); err != nil {
		return nil, err
	}
	config, err := p.config()
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	return &session.Client{
		Config:    config,
		Tokens:    p.open(cache.OpenShared, p.tokenDirectory()),
		Roles:     p.openRoles(),
		Private:   p.open(cache.Open, p.privateDirectory()),
		CLIRoles:  p.open(cache.OpenShared, filepath.Join(p.home(), ".aws", "cli", "cache")),
		Keyring:   keyring.Keyring{Bus: p.env["DBUS_SESSION_BUS_ADDRESS"]},
		Transport: sync.OnceValues(p.transport),
		Endpoints: endpoints,
		STSRegion: p.regionBefore(),
		Now:       p.now,
		Host:      host,
		Warn:      func(line string) { p.say("%s", line) },
	}, nil
}

// regionBefore is the region of this shell before ssoenv, as the AWS CLI would
// read it: what use has made of it belongs to another profile.
func (p *program) regionBefore() string {
	past := parseSnapshot(p.env["SSOENV_SAVED"])
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		if region := past.original(p.env, name); region != nil && *region != "" {
			return *region
		}
	}
	return ""
}

// checkRegion finds a region at fault that one of this shell's variables has
// named: what is from the config or from a flag has been checked.
func (p *program) checkRegion(region string) error {
	if session.IsRegion(region) {
		return nil
	}
	name := "AWS_REGION"
	if p.env[name] == "" {
		name = "AWS_DEFAULT_REGION"
	}
	return usageError{fmt.Sprintf("%s is %q, which is not a region such as eu-west-1", name, region)}
}

// open opens a cache directory. One that cannot be trusted or used is left
// alone, and the work goes on without it.
func (p *program) open(open func(string) (*cache.Dir, error), path string) *cache.Dir {
	dir, err := open(path)
	if err != nil {
		p.say("%v", err)
		return nil
	}
	return dir
}

func (p *program) tokenDirectory() string   { return filepath.Join(p.home(), ".aws", "sso", "cache") }
func (p *program) privateDirectory() string { return filepath.Join(xdg.CacheHome, "ssoenv") }

// roleDirectory is where role credentials live: in memory, where the system
// gives the person a runtime directory that is, and gone at the last logout.
func (p *program) roleDirectory() (path string, inMemory bool) {
	if xdg.RuntimeDir != "" && cache.PrivateMemory(xdg.RuntimeDir) {
		return filepath.Join(xdg.RuntimeDir, "ssoenv"), true
	}
	return p.roleDirectoryOnDisk(), false
}

func (p *program) roleDirectoryOnDisk() string { return filepath.Join(p.privateDirectory(), "roles") }

// openRoles opens the place of role credentials: on a disk, they are sealed
// with a key that the kernel keeps, where it does.
func (p *program) openRoles() *cache.Dir {
	open := openSealed
	path, inMemory := p.roleDirectory()
	if inMemory {
		open = cache.Open
	}
	roles := p.open(open, path)
	if p.debug && roles != nil {
		p.log("role credentials in %s: %s", path, protection(roles))
	}
	return roles
}

func openSealed(path string) (*cache.Dir, error) { return cache.OpenSealed(path, "ssoenv") }

// protection tells a person what keeps a directory's values from whoever gets
// hold of the disk.
func protection(dir *cache.Dir) string {
	how, err := dir.Protection()
	if err != nil {
		return fmt.Sprintf("%v (%v)", how, err)
	}
	return how.String()
}

// transport is made when the network is first needed: a cached switch reads no
// certificates.
func (p *program) transport() (http.RoundTripper, error) {
	var roots []byte
	if path := p.env["AWS_CA_BUNDLE"]; path != "" {
		var err error
		if roots, err = os.ReadFile(path); err != nil {
			return nil, shownError{fmt.Errorf("the certificates of AWS_CA_BUNDLE: %w", err), statusFailed,
				[]string{"give AWS_CA_BUNDLE the path of a file of PEM certificates, or unset it"}}
		}
	}
	transport, err := session.NewTransport(roots, http.ProxyFromEnvironment)
	if err != nil {
		return nil, shownError{fmt.Errorf("the certificates of AWS_CA_BUNDLE %q: %w", p.env["AWS_CA_BUNDLE"], err), statusFailed,
			[]string{"give AWS_CA_BUNDLE the path of a file of PEM certificates, or unset it"}}
	}
	if p.debug {
		return loggedTransport{transport, p}, nil
	}
	return transport, nil
}

// loggedTransport logs each call without what it carries.
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

// interruptible is for commands about to wait: it turns Ctrl-C into a context
// that ends, so that what was begun is put in order and the exit status says
// what happened. It costs a start too much to be there before it is needed. A
// signal that whoever started ssoenv had ignored, as nohup does, stays so.
func (p *program) interruptible() (context.Context, context.CancelFunc) {
	signals := slices.DeleteFunc([]os.Signal{os.Interrupt, syscall.SIGHUP}, signal.Ignored)
	return signal.NotifyContext(context.Background(), append(signals, syscall.SIGTERM)...)
}

// defaultProfile is the profile that a command without one is about: the shell's own,
// else the one that the AWS tools would take.
func (p *program) defaultProfile(named string) string {
	for _, name := range []string{named, p.env["SSOENV_PROFILE"], p.env["AWS_PROFILE"], p.env["AWS_DEFAULT_PROFILE"]} {
		if name != "" {
			return name
		}
	}
	return "default"
}

// dialect is the shell to write for: the one that the flag names, else POSIX.
func dialect(name string) (shellinit.Shell, error) {
	if name == "" {
		name = "sh"
	}
	shell, ok := shellinit.Named(name)
	if !ok {
		return shellinit.Shell{}, shownError{usageError{fmt.Sprintf("ssoenv does not know the shell %q", name)}, statusUsage,
			[]string{"the shells are " + strings.Join(shellinit.Names(), ", ")}}
	}
	return shell, nil
}

// formatDuration says how long something lasts, in the two largest units.
func formatDuration(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d <= 0:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}

// formatTime names a moment as a clock on the wall does.
func (p *program) formatTime(t time.Time) string {
	local := t.Local()
	if t.Sub(p.now()).Abs() > 20*time.Hour {
		return local.Format("2 Jan 15:04")
	}
	return local.Format("15:04")
}
