package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"go/ast"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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
	strays    atomic.Int32    // connections to who must not be asked
	elsewhere string          // whose address that is
}

const proxyPassword = "pr0xy-canary"

func newThroughProxy(t *testing.T) *throughProxy {
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
	aws := httptest.NewUnstartedServer(w.server)
	aws.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}
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
		there, err := net.Dial("tcp", aws.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		here, buffered, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			_, _ = io.Copy(there, buffered)
			_ = there.Close()
		}()
		_, _ = io.Copy(here, there)
		_ = here.Close()
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
// name another endpoint. The proxy's password is not shown.
func TestOnlyAWSIsAsked(t *testing.T) {
	t.Parallel()
	w := newThroughProxy(t)
	for _, other := range []string{
		"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SSO_ADMIN", "AWS_ENDPOINT_URL_IAM", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_SSO_ENDPOINT", "AWS_STS_ENDPOINT", "AWS_PORTAL_URL", "AWS_SIGNIN_ENDPOINT",
	} {
		w.env = append(w.env, other+"="+w.elsewhere)
	}
	w.env = append(w.env, "AWS_USE_FIPS_ENDPOINT=true", "AWS_USE_DUALSTACK_ENDPOINT=true", "AWS_STS_REGIONAL_ENDPOINTS=legacy", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false")
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

// listeners returns the addresses at which a process listens, as /proc spells them.
func listeners(t *testing.T, pid int) []string {
	t.Helper()
	mine := map[string]bool{}
	fds, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "fd/*"))
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, "socket:[") {
			mine[strings.Trim(to, "socket:[]")] = true
		}
	}
	var found []string
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			const listening, unconnected = "0A", "07"
			if len(fields) > 9 && mine[fields[9]] && (fields[3] == listening || fields[3] == unconnected) {
				found = append(found, table+" "+fields[1])
			}
		}
	}
	return found
}

// A login listens on one port of 127.0.0.1, from just before the address is shown
// until the answer has arrived.
func TestALoginListensOnOnePort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arrived, goOn := make(chan struct{}), make(chan struct{})
	gate := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/client/register" {
			close(arrived)
			<-goOn
		}
		w.server.ServeHTTP(rw, r)
	}))
	defer gate.Close()
	w.write(t, ".aws/config", strings.ReplaceAll(defaultConfig, "$URL", gate.URL))
	c := w.command(t, []string{"AWS_ENDPOINT_URL_SSO_OIDC=" + gate.URL}, "ssoenv", "login", "dev", "--no-browser")
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-arrived
	if before := listeners(t, c.Process.Pid); len(before) != 0 {
		t.Errorf("before anything is shown it listens at %q", before)
	}
	close(goOn)
	var said bytes.Buffer
	address := ""
	for buffer := make([]byte, 4096); address == ""; {
		n, err := stderr.Read(buffer)
		said.Write(buffer[:n])
		address = regexp.MustCompile(`http://\S+/authorize\S+\n`).FindString(said.String())
		if err != nil {
			t.Fatalf("%v\n%s", err, said.String())
		}
	}
	during := listeners(t, c.Process.Pid)
	if len(during) != 1 || !strings.HasPrefix(during[0], "/proc/net/tcp 0100007F:") {
		t.Errorf("while it waits it listens at %q", during)
	}
	back := redirectOf(t, strings.TrimSpace(address))
	res, err := http.Get(back)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	_, _ = io.Copy(&said, stderr)
	if err := c.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	awaitClosed(t, res.Request.URL.Host)
}

// watchArguments has another user read every process's arguments in a loop until the
// test ends. seen returns what was read.
func (w *world) watchArguments(t *testing.T) (seen func() string) {
	t.Helper()
	var all bytes.Buffer
	c := exec.Command("/bin/sh", "-c", `while :; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n'; echo looked; done`)
	c.Stdout = &all
	if os.Getuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return func() string {
		_ = c.Process.Kill()
		_ = c.Wait()
		return all.String()
	}
}

// Another user who reads every process's arguments repeatedly finds the address that
// a browser was started with, but no secret.
func TestOtherUsersDoNotSeeTheAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, words := range [][]string{{"login", "dev"}, {"console", "dev"}} {
		page := filepath.Join(w.home, words[0])
		seen := w.watchArguments(t)
		c := w.command(t, []string{"BROWSER=" + lingering(t, w), "PAGE=" + page}, append([]string{"ssoenv"}, words...)...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			if _, err := os.Stat(page); err == nil {
				break
			}
		}
		arguments := seen()
		if !strings.Contains(arguments, "ssoenv\n"+words[0]) || !strings.Contains(arguments, "http://127.0.0.1:") {
			t.Errorf("got no arguments of ssoenv %s and its browser in %d reads", words[0], strings.Count(arguments, "looked\n"))
		}
		for _, call := range w.server.Log() {
			for name, values := range call.Params {
				for _, value := range values {
					if len(value) >= 20 && (call.Op == ssotest.Authorize || call.Op == ssotest.ConsoleLogin || call.Op == ssotest.GetSigninToken) && name != "Destination" && name != "Issuer" && name != "scopes" && strings.Contains(arguments, value) {
						t.Errorf("ssoenv %s: another user has seen %s", words[0], name)
					}
				}
			}
		}
	}
}

// lingering writes a browser that keeps running for a while and returns its path.
func lingering(t *testing.T, w *world) string {
	t.Helper()
	file := filepath.Join(w.home, "lingering")
	if err := os.WriteFile(file, []byte("#!/bin/sh\nsleep 0.3\napprove \"$1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// redirectOf returns where the address redirects to.
func redirectOf(t *testing.T, address string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.Header.Get("Location")
}

// awaitClosed waits until the port refuses connections.
func awaitClosed(t *testing.T, host string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		c, err := net.Dial("tcp", host)
		if err != nil {
			return
		}
		_ = c.Close()
	}
	t.Errorf("got a connection to %s, want none", host)
}
