package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"go/ast"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// A throughProxy is a world in which AWS's own hosts are reached through a proxy
// with a password. Connections to other servers are recorded.
type throughProxy struct {
	*world
	mu        sync.Mutex
	asked     map[string]bool // method and host, of the proxy
	strays    atomic.Int32    // connections to other servers
	protocols atomic.Int32    // requests with HTTP/2
	elsewhere string          // whose address that is
}

const proxyPassword = "pr0xy-canary"

func newThroughProxy(t *testing.T, http2 ...bool) *throughProxy {
	t.Helper()
	w := &throughProxy{world: newWorld(t), asked: map[string]bool{}}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "AWS, as far as this test goes"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{
			"oidc.us-east-1.amazonaws.com", "portal.sso.us-east-1.amazonaws.com", "sts.eu-central-1.amazonaws.com",
			"eu-central-1.signin.aws.amazon.com", "d-0123456789.awsapps.com",
		},
	}
	raw, err := x509.CreateCertificate(rand.Reader, certificate, certificate, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	aws := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 {
			w.protocols.Add(1)
		}
		w.server.ServeHTTP(rw, r)
	}))
	aws.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}
	aws.EnableHTTP2 = len(http2) > 0
	aws.StartTLS()
	t.Cleanup(aws.Close)
	w.write(t, "roots.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})))

	proxy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.asked[r.Method+" "+r.Host] = true
		w.mu.Unlock()
		if r.Method != http.MethodConnect || r.Header.Get("Proxy-Authorization") == "" {
			http.Error(rw, "only CONNECT, with a password", http.StatusProxyAuthRequired)
			return
		}
		if err := ssotest.Tunnel(rw, r, aws.Listener.Addr().String()); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(proxy.Close)

	stray, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stray.Close() })
	go func() {
		for {
			conn, err := stray.Accept()
			if err != nil {
				return
			}
			w.strays.Add(1)
			_ = conn.Close()
		}
	}()
	w.elsewhere = "http://" + stray.Addr().String()

	through := "http://user:" + proxyPassword + "@" + strings.TrimPrefix(proxy.URL, "http://")
	w.env = append(slices.DeleteFunc(w.env, func(v string) bool { return strings.HasPrefix(v, "AWS_ENDPOINT_URL") }),
		"HTTPS_PROXY="+through, "HTTP_PROXY="+through, "ALL_PROXY="+through,
		"AWS_CA_BUNDLE="+filepath.Join(w.home, "roots.pem"), "SSL_CERT_FILE="+filepath.Join(w.home, "roots.pem"))
	w.write(t, ".aws/config", strings.ReplaceAll(defaultConfig, "$URL/start", "https://d-0123456789.awsapps.com/start")+`
[profile chained]
role_arn = arn:aws:iam::222222222222:role/Deploy
source_profile = dev
region = eu-central-1
`)
	return w
}

// everyday are commands that together make every request that ssoenv makes.
var everyday = [][]string{
	{"ssoenv", "login", "dev"},
	{"ssoenv", "use", "dev"},
	{"ssoenv", "use", "chained"},
	{"ssoenv", "whoami", "dev"},
	{"ssoenv", "accounts", "--sso-session", "corp"},
	{"ssoenv", "roles", "111111111111", "--sso-session", "corp"},
	{"ssoenv", "sync", "--sso-session", "corp", "--dry-run"},
	{"ssoenv", "console", "dev", "--print"},
	{"ssoenv", "exec", "prod", "--", "true"},
	{"ssoenv", "credential-process", "plain"},
	{"ssoenv", "doctor"},
	{"ssoenv", "login", "dev", "--force", "--device-code"},
	{"ssoenv", "login", "legacy"},
	{"ssoenv", "list"},
	{"ssoenv", "status"},
	{"ssoenv", "prompt"},
	{"ssoenv", "logout", "--all"},
}

// Requests go to AWS's own hosts, by CONNECT, even if other variables and settings
// name another endpoint. The variables of FIPS and dual stack come before the
// settings. The proxy's password is not shown.
func TestOnlyAWSIsAsked(t *testing.T) {
	t.Parallel()
	w := newThroughProxy(t)
	for _, other := range []string{
		"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SSO_ADMIN", "AWS_ENDPOINT_URL_IAM", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_SSO_ENDPOINT", "AWS_STS_ENDPOINT", "AWS_PORTAL_URL", "AWS_SIGNIN_ENDPOINT",
	} {
		w.env = append(w.env, other+"="+w.elsewhere)
	}
	w.env = append(w.env, "AWS_USE_FIPS_ENDPOINT=false", "AWS_USE_DUALSTACK_ENDPOINT=false", "AWS_STS_REGIONAL_ENDPOINTS=legacy", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false")
	settings := "\nendpoint_url = " + w.elsewhere + "\nservices = elsewhere\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\nsts_regional_endpoints = legacy"
	config := w.read(t, ".aws/config")
	config = regexp.MustCompile(`(?m)^\[(profile|sso-session) .*\]$`).ReplaceAllString(config, "$0"+settings)
	config = "[default]" + settings + "\n\n" + config + "\n[services elsewhere]\n"
	for _, service := range []string{"sso", "sso_oidc", "sts", "signin", "sso_admin"} {
		config += service + " =\n  endpoint_url = " + w.elsewhere + "\n"
	}
	w.write(t, ".aws/config", config)

	for _, words := range everyday {
		for _, debug := range []string{"SSOENV_DEBUG=0", "SSOENV_DEBUG=1"} {
			out, err := w.command(t, []string{debug}, words...).CombinedOutput()
			if err != nil && words[1] != "doctor" {
				t.Errorf("%q: %v\n%s", words, err, out)
			}
			if strings.Contains(string(out), proxyPassword) {
				t.Errorf("%q with %s tells the proxy's password:\n%s", words, debug, out)
			}
			if words[1] == "doctor" && !strings.Contains(string(out), "through the proxy 127.0.0.1:") {
				t.Errorf("the doctor says nothing of the proxy:\n%s", out)
			}
		}
	}
	want := []string{
		"CONNECT d-0123456789.awsapps.com:443", "CONNECT eu-central-1.signin.aws.amazon.com:443", "CONNECT oidc.us-east-1.amazonaws.com:443",
		"CONNECT portal.sso.us-east-1.amazonaws.com:443", "CONNECT sts.eu-central-1.amazonaws.com:443",
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if got := slices.Sorted(maps.Keys(w.asked)); !slices.Equal(got, want) {
		t.Errorf("the proxy was asked for %q, want %q", got, want)
	}
	if n := w.strays.Load(); n != 0 {
		t.Errorf("%d connections went elsewhere", n)
	}
}

// Nothing that ssoenv writes has a secret in it, even with the HTTP/2 debug log of
// net/http turned on and a service that speaks HTTP/2.
func TestHTTP2DebugShowsNoSecret(t *testing.T) {
	t.Parallel()
	w := newThroughProxy(t, true)
	needles := func() []needle { return needlesOf(w.server.Secrets()) }
	for _, words := range everyday {
		c := w.command(t, []string{"GODEBUG=http2debug=2"}, words...)
		var said strings.Builder
		c.Stderr = &said
		if _, err := c.Output(); err != nil && words[1] != "doctor" {
			t.Errorf("%q: %v\n%s", words, err, said.String())
		}
		if strings.Contains(said.String(), "http2:") {
			t.Errorf("%q: got the debug log of net/http, want none:\n%.2000s", words, said.String())
		}
		for _, found := range findSecrets([]byte(said.String()), needles()) {
			t.Errorf("%q shows the %s (%s) on standard error", words, found.kind, found.form)
		}
	}
	if w.protocols.Load() == 0 {
		t.Error("no request was made with HTTP/2")
	}
}

// AWS_CA_BUNDLE may name a pipe, a device or a huge file: that is an error, and
// ssoenv does not wait for it.
func TestUnusableCertificateBundles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	// Not in the home, in which every file is searched for secrets.
	pipe, huge := filepath.Join(w.home, "pipe"), filepath.Join(t.TempDir(), "huge")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, 3<<30); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		pipe: "is not a regular file", "/dev/zero": "is not a regular file", w.home: "is not a regular file",
		huge: "is larger than 10 MiB", filepath.Join(w.home, "none"): "no such file",
	} {
		out, err := w.command(t, []string{"AWS_CA_BUNDLE=" + path}, "ssoenv", "whoami", "dev").CombinedOutput()
		if exitStatus(err) != 1 || !strings.Contains(string(out), want) {
			t.Errorf("AWS_CA_BUNDLE=%s: got status %d, %s, want status 1 and %q", path, exitStatus(err), out, want)
		}
		if want == "no such file" || path == w.home {
			continue // the TLS library goes on without it
		}
		folder := t.TempDir()
		must(t, os.Symlink(path, filepath.Join(folder, "linked.pem")))
		for _, variable := range []string{"SSL_CERT_FILE=" + path, "SSL_CERT_DIR=/nonexistent:" + folder} {
			out, err := w.command(t, []string{variable}, "ssoenv", "whoami", "dev").CombinedOutput()
			if exitStatus(err) != 1 || !strings.Contains(string(out), want) {
				t.Errorf("%s: got status %d, %s, want status 1 and %q", variable, exitStatus(err), out, want)
			}
		}
	}
}

// An error of the proxy is reported without its password. No proxy is used for
// addresses of this machine.
func TestProxyPasswordsAreNotShown(t *testing.T) {
	t.Parallel()
	w := newThroughProxy(t)
	for name, proxy := range map[string]string{
		"not there":    "http://user:" + proxyPassword + "@127.0.0.1:1",
		"no such port": "http://user:" + proxyPassword + "@127.0.0.1:99999",
		"SOCKS":        "socks5://user:" + proxyPassword + "@127.0.0.1:1",
		"by TLS":       "https://user:" + proxyPassword + "@127.0.0.1:1",
	} {
		for _, words := range [][]string{{"login", "dev", "--debug", "--device-code"}, {"doctor", "--debug"}} {
			c := w.command(t, []string{"HTTPS_PROXY=" + proxy}, append([]string{"ssoenv"}, words...)...)
			out, err := c.CombinedOutput()
			if err == nil {
				t.Errorf("%s: %q worked\n%s", name, words, out)
			}
			if strings.Contains(string(out), "canary") {
				t.Errorf("%s: %q tells the password:\n%s", name, words, out)
			}
		}
	}
	// The endpoints of this machine.
	here := newWorld(t)
	here.env = append(here.env, "HTTPS_PROXY=http://127.0.0.1:1", "HTTP_PROXY=http://127.0.0.1:1", "ALL_PROXY=http://127.0.0.1:1")
	here.logIn(t)
	if len(w.asked) != 0 {
		t.Errorf("the proxy was asked for %v", w.asked)
	}
}

// A reply of 300 MB, or one that decompresses to that, is not read into memory.
func TestHugeRepliesCostNoMemory(t *testing.T) {
	w := newWorld(t)
	w.logIn(t)
	peak := func(words ...string) (kib int64) {
		c := w.command(t, nil, words...)
		out, err := c.CombinedOutput()
		usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			t.Fatalf("%v\n%s", err, out)
		}
		return usage.Maxrss
	}
	idle := peak("ssoenv", "version")
	usual := peak("ssoenv", "use", "dev")
	w.server.Fault(ssotest.Fault{Kind: ssotest.Huge, Size: 300 << 20, Times: ssotest.Forever})
	for _, words := range [][]string{
		{"ssoenv", "use", "prod"}, {"ssoenv", "accounts", "--sso-session", "corp"}, {"ssoenv", "login", "dev", "--force"}, {"ssoenv", "sync", "--sso-session", "corp", "--dry-run"},
	} {
		huge := peak(words...)
		t.Logf("%q: %d MiB at the peak, %d in a usual use, %d of the program itself", words, huge>>10, usual>>10, idle>>10)
		if huge > 64<<10 && huge > idle+32<<10 { // the race detector has its own
			t.Errorf("%q took %d MiB", words, huge>>10)
		}
	}
}

// Commands that need no network make no socket of any family: they use neither a
// resolver nor D-Bus.
func TestOfflineCommandsOpenNoSocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env = append(w.env, "DBUS_SESSION_BUS_ADDRESS=unix:path="+filepath.Join(w.home, "bus"))
	w.logIn(t)
	if out, err := w.command(t, nil, "ssoenv", "use", "dev").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, words := range [][]string{
		{"use", "dev"}, {"use", "dev", "--shell", "fish"}, {"prompt"}, {"complete", "bash", "--", "ssoenv", "use", ""}, {"complete", "zsh", "--", "ssoenv", "login", "--sso-session", ""},
		{"list"}, {"list", "--names"}, {"status"}, {"clear"}, {"version"}, {"init", "bash"}, {"init", "zsh"}, {"completion", "fish"},
		{"exec", "dev", "--", "true"}, {"credential-process", "dev"}, {"doctor", "--offline"}, {"login", "dev"}, {"use", "missing"}, {"--help"},
	} {
		if trace := w.traced(t, append([]string{"ssoenv"}, words...)...); trace != "" {
			t.Errorf("ssoenv %s:\n%s", strings.Join(words, " "), trace)
		}
	}
}

// The other commands connect only to the services: no name is looked up, and there
// is no telemetry.
func TestOnlyTheServicesAreConnectedTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	port := strings.TrimPrefix(w.url, "http://127.0.0.1:")
	allowed := regexp.MustCompile(`^\d+ +(connect\(\d+, \{sa_family=AF_INET, sin_port=htons\(` + port + `\), sin_addr=inet_addr\("127\.0\.0\.1"\)\}|<\.\.\. connect resumed|socket\(AF_INET6?, SOCK_STREAM|bind\(\d+, \{sa_family=AF_INET, sin_port=htons\(0\), sin_addr=inet_addr\("127\.0\.0\.1"\)\}|<\.\.\. \w+ resumed)`)
	for _, words := range [][]string{
		{"login", "dev", "--device-code"}, {"use", "dev"}, {"whoami", "dev"}, {"accounts", "--sso-session", "corp"}, {"roles", "111111111111", "--sso-session", "corp"},
		{"sync", "--sso-session", "corp", "--dry-run"}, {"console", "dev", "--print"}, {"doctor"}, {"logout", "--all"},
	} {
		trace := w.traced(t, append([]string{"ssoenv"}, words...)...)
		if !strings.Contains(trace, "connect(") {
			t.Errorf("ssoenv %s made no connection", strings.Join(words, " "))
		}
		for line := range strings.Lines(trace) {
			if !allowed.MatchString(line) {
				t.Errorf("ssoenv %s: %s", strings.Join(words, " "), line)
			}
		}
	}
}

// Nothing in the sources weakens TLS or uses net/http's default client, which
// follows redirects.
func TestNothingWeakensTLS(t *testing.T) {
	for _, file := range sources(t) {
		if !strings.HasPrefix(file.name, "session/") && !strings.HasPrefix(file.name, "cmd/ssoenv/") || strings.HasPrefix(file.name, "session/ssotest/") {
			continue
		}
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			if name, ok := node.(*ast.Ident); ok {
				switch name.Name {
				case "InsecureSkipVerify", "VerifyPeerCertificate", "VerifyConnection", "DefaultClient", "DefaultTransport", "VersionTLS10", "VersionTLS11":
					t.Errorf("%s has %s", file.name, name.Name)
				}
			}
			if selector, ok := node.(*ast.SelectorExpr); ok {
				if of, ok := selector.X.(*ast.Ident); ok && of.Name == "http" && slices.Contains([]string{"Get", "Post", "Head", "PostForm", "Client"}, selector.Sel.Name) {
					t.Errorf("%s has http.%s", file.name, selector.Sel.Name)
				}
			}
			return true
		})
	}
}
