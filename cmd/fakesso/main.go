// Command fakesso serves a fake AWS IAM Identity Center on this machine. With it,
// ssoenv, the AWS CLI and the SDKs can be tried and tested without an AWS account.
//
//	fakesso -write-config /tmp/demo/config -env-file /tmp/demo/env &
//	until test -e /tmp/demo/env; do sleep 0.1; done
//	set -a; . /tmp/demo/env; set +a
//	BROWSER="fakesso -visit %s" ssoenv login dev
//
// When it listens, it prints the environment variables that make clients use it, one
// NAME='VALUE' per line, for a shell to read. With -env-file it writes them to a file
// instead, which it creates in one step. Its behaviour can be changed while it runs,
// through the paths under /fake/ (see package ssotest):
//
//	curl -d role-lifetime=2m "$FAKESSO_URL/fake/config"
//	curl -d 'op=GetRoleCredentials&kind=reset-after' "$FAKESSO_URL/fake/fault"
//	curl -d what=sessions "$FAKESSO_URL/fake/revoke"
//	curl "$FAKESSO_URL/fake/calls"
//
// The user approves logins in a browser. With -visit, fakesso acts as the browser and
// the user: it opens the address, approves the login, follows the redirects and exits.
// With -approve, logins are approved automatically.
//
// It exits on SIGINT and SIGTERM.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "fakesso:", err)
		os.Exit(1)
	}
}

// errUsage is returned for an invalid command line, after a message was printed.
var errUsage = errors.New("wrong usage")

// options are the flags other than the server's settings.
type options struct {
	listen, cert, config, data, env string
	visit                           string
	accounts, roles                 int
	hostile                         bool
}

// run parses the flags, writes the requested files and serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	server := ssotest.New()
	var o options
	flags := flag.NewFlagSet("fakesso", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "loopback `address` to listen on")
	flags.StringVar(&o.cert, "tls", "", "serve HTTPS, and write the self-signed certificate to `file`")
	flags.StringVar(&o.config, "write-config", "", "write an AWS config with the profiles dev, prod, readonly, deploy and legacy to `file`")
	flags.StringVar(&o.data, "write-data-path", "", "write endpoints for AWS CLI before 2.13 and botocore before 1.31 to `directory`, for AWS_DATA_PATH")
	flags.StringVar(&o.env, "env-file", "", "write the environment variables to `file` instead of printing them")
	flags.StringVar(&o.visit, "visit", "", "open `address` like a browser, approve the login there and exit")
	flags.IntVar(&o.accounts, "accounts", 0, "add `n` accounts")
	flags.IntVar(&o.roles, "roles", 2, "`number` of roles in each added account, at most 8")
	flags.BoolVar(&o.hostile, "hostile", false, "add accounts with hostile names")
	flags.Func("fault", "add a fault, such as `op=CreateToken&kind=reset-after&times=2`; can be repeated", func(spec string) error {
		f, err := ssotest.ParseFault(spec)
		if err == nil {
			server.Fault(f)
		}
		return err
	})
	server.Settings.Flags(flags)
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "fakesso: unexpected argument %q\n", flags.Arg(0))
		return errUsage
	}
	if o.visit != "" {
		return visit(ctx, o.visit)
	}
	roles := []string{"Administrator", "ReadOnly", "Developer", "Operator", "Auditor", "Billing", "Network", "Security"}
	server.AddAccounts(ssotest.ManyAccounts(o.accounts, roles[:min(max(o.roles, 1), len(roles))]...)...)
	if o.hostile {
		server.AddAccounts(ssotest.HostileAccounts()...)
	}

	listener, err := listen(ctx, o.listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	scheme := "http"
	if o.cert != "" {
		scheme = "https"
		if listener, err = listenTLS(listener, o.cert, certificateHosts(server)); err != nil {
			return err
		}
	}
	base := scheme + "://" + listener.Addr().String()
	if o.config != "" {
		if err := writeConfig(o.config, server); err != nil {
			return err
		}
	}
	if o.data != "" {
		if err := ssotest.WriteDataPath(o.data, base); err != nil {
			return err
		}
	}
	if err := writeEnv(base, o, stdout); err != nil {
		return err
	}
	return serve(ctx, listener, server)
}

// visit opens address and posts the form of the Approve button, unless the login is
// approved already. Like a browser it follows redirects, at the end of a PKCE login to
// the client's listener.
func visit(ctx context.Context, address string) error {
	page, err := fetch(ctx, http.MethodGet, address, "")
	if err != nil {
		return err
	}
	if page.Path == "/oauth/callback" || page.Path == "/federation" {
		return nil // approved automatically and redirected to the client, or a console link
	}
	_, err = fetch(ctx, http.MethodPost, page.String(), url.Values{"decision": {"approve"}}.Encode())
	return err
}

// fetch sends a request, follows redirects and returns the final URL. A final status
// other than 200 is an error.
func fetch(ctx context.Context, method, address, form string) (*url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	if form != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", res.Request.URL.Host, res.Status)
	}
	return res.Request.URL, nil
}

// listen listens on a loopback address, and returns an error for any other address:
// every client of the server can sign in and read its log.
func listen(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%q is not a loopback address", host)
	}
	var config net.ListenConfig
	return config.Listen(ctx, "tcp", address)
}

// serve serves until ctx ends, and then waits up to 3 s for requests to finish.
// Requests that hang because of a fault end immediately.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return server.Close()
	}
	return nil
}

// writeEnv writes the environment variables that make clients use the server, to
// o.env or else to stdout.
func writeEnv(base string, o options, stdout io.Writer) error {
	lines := [][2]string{
		{"AWS_ENDPOINT_URL_SSO", base},
		{"AWS_ENDPOINT_URL_SSO_OIDC", base},
		{"AWS_ENDPOINT_URL_STS", base},
		{"AWS_ENDPOINT_URL_SIGNIN", base},
	}
	for _, file := range []struct{ name, path string }{
		{"AWS_CONFIG_FILE", o.config}, {"AWS_CA_BUNDLE", o.cert}, {"AWS_DATA_PATH", o.data},
	} {
		if file.path == "" {
			continue
		}
		path, err := filepath.Abs(file.path)
		if err != nil {
			return err
		}
		lines = append(lines, [2]string{file.name, path})
	}
	lines = append(lines, [2]string{"FAKESSO_URL", base})
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "%s='%s'\n", line[0], strings.ReplaceAll(line[1], "'", `'\''`))
	}
	if o.env == "" {
		_, err := io.WriteString(stdout, b.String())
		return err
	}
	// Rename, so that the file is complete as soon as it exists.
	if err := os.WriteFile(o.env+".tmp", []byte(b.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(o.env+".tmp", o.env)
}

// configHeader is the first line of a config that fakesso wrote. A file without it is
// not replaced.
const configHeader = "# Written by fakesso. It will be replaced.\n"

// writeConfig writes an AWS config for the server's default accounts. It returns an
// error if the file exists and was not written by fakesso.
func writeConfig(name string, server *ssotest.Server) error {
	old, err := os.ReadFile(name)
	switch {
	case err == nil && !strings.HasPrefix(string(old), configHeader):
		return fmt.Errorf("%q exists and was not written by fakesso", name)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	text := configHeader + strings.NewReplacer("{start}", server.StartURLs[0], "{region}", server.Region).Replace(config)
	return os.WriteFile(name, []byte(text), 0o600)
}

const config = `
[sso-session demo]
sso_start_url = {start}
sso_region = {region}
sso_registration_scopes = sso:account:access

[profile dev]
sso_session = demo
sso_account_id = 111111111111
sso_role_name = Developer
region = eu-central-1

[profile prod]
sso_session = demo
sso_account_id = 222222222222
sso_role_name = Administrator
region = us-east-1

[profile readonly]
sso_session = demo
sso_account_id = 222222222222
sso_role_name = ReadOnly
region = us-east-1

[profile deploy]
role_arn = arn:aws:iam::222222222222:role/Deploy
source_profile = dev
region = us-east-1

[profile legacy]
sso_start_url = {start}
sso_region = {region}
sso_account_id = 111111111111
sso_role_name = ReadOnly
region = us-west-2
`

// certificateHosts returns the host names for the certificate: those of this machine,
// those of the AWS services, for tests that route them to this machine, and those of
// the start URLs.
func certificateHosts(server *ssotest.Server) []string {
	names := []string{"127.0.0.1", "::1", "localhost", "signin.aws.amazon.com"}
	for _, service := range []string{"portal.sso", "oidc", "sts", "device.sso"} {
		names = append(names, service+"."+server.Region+".amazonaws.com")
	}
	for _, text := range server.StartURLs {
		if u, err := url.Parse(text); err == nil && u.Hostname() != "" {
			names = append(names, u.Hostname())
		}
	}
	return names
}

// listenTLS returns a TLS listener on top of listener, with a new self-signed
// certificate that is valid for hosts. It writes the certificate to file as PEM. The
// private key is only in memory.
func listenTLS(listener net.Listener, file string, hosts []string) (net.Listener, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "fakesso"},
		NotBefore:             time.Now().Add(-24 * time.Hour), // for clients whose clock is behind
		NotAfter:              time.Now().Add(30 * 24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true, // self-signed
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return nil, err
	}
	return tls.NewListener(listener, &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		NextProtos:   []string{"http/1.1"}, // so that a reset breaks a connection, not a stream
	}), nil
}
