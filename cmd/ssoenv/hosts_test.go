package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// A hostWorld is a world in which all hosts of AWS lead to the fake, through a proxy
// that records for each user name which hosts were asked.
type hostWorld struct {
	*world
	proxy string // its address
	roots string // the path of the certificate that signs those of all hosts

	mu    sync.Mutex
	asked map[string]map[string]bool // user name → hosts
}

func newHostWorld(t *testing.T) *hostWorld {
	t.Helper()
	w := &hostWorld{world: newWorld(t), asked: map[string]map[string]bool{}}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "AWS, as far as this test goes"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, root, root, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "roots.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})))
	w.roots = filepath.Join(w.home, "roots.pem")
	aws := httptest.NewUnstartedServer(w.server)
	aws.TLS = &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: root.NotBefore, NotAfter: root.NotAfter, DNSNames: []string{hello.ServerName}}
		signed, err := x509.CreateCertificate(rand.Reader, leaf, root, &key.PublicKey, key)
		return &tls.Certificate{Certificate: [][]byte{signed, raw}, PrivateKey: key}, err
	}}
	aws.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that do not trust the root
	aws.StartTLS()
	t.Cleanup(aws.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
		user, _, _ := r.BasicAuth()
		w.mu.Lock()
		if w.asked[user] == nil {
			w.asked[user] = map[string]bool{}
		}
		w.asked[user][strings.TrimSuffix(r.Host, ":443")] = true
		w.mu.Unlock()
		_ = ssotest.Tunnel(rw, r, aws.Listener.Addr().String())
	}))
	t.Cleanup(proxy.Close)
	w.proxy = strings.TrimPrefix(proxy.URL, "http://")
	w.env = append(slices.DeleteFunc(w.env, func(v string) bool { return strings.HasPrefix(v, "AWS_ENDPOINT_URL") }), "SSL_CERT_FILE="+w.roots, "AWS_EC2_METADATA_DISABLED=true")
	return w
}

// as returns the variables that send a program through the proxy under a user name.
func (w *hostWorld) as(user string) string { return "HTTPS_PROXY=http://" + user + ":x@" + w.proxy }

// hosts returns the hosts that were asked under a user name.
func (w *hostWorld) hosts(user string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Keys(w.asked[user])), " ")
}

// goIdentity is a program that asks STS who it is, as any program does that uses the
// Go SDK with its defaults.
func goIdentity() {
	loaded, err := config.LoadDefaultConfig(context.Background())
	var who *sts.GetCallerIdentityOutput
	if err == nil {
		who, err = sts.NewFromConfig(loaded).GetCallerIdentity(context.Background(), nil)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(*who.Arn)
}

const hostProfile = "sso_account_id = 111111111111\nsso_role_name = Developer\n"

// The AWS CLI with a profile, ssoenv's own calls for it, and a program in a shell
// that was switched to it ask the same hosts, for each setting of the profile and of
// the environment.
func TestHostsAreThoseOfTheAWSCLI(t *testing.T) {
	t.Parallel()
	w := newHostWorld(t)
	w.env = append(w.env, "AWS_CA_BUNDLE="+w.roots)
	cases := []struct{ name, profile, env, hosts string }{
		{"plain", "region = eu-central-1\n", "", "portal.sso.us-east-1.amazonaws.com sts.eu-central-1.amazonaws.com"},
		{"fips", "region = us-west-2\nuse_fips_endpoint = true\n", "", "portal.sso-fips.us-east-1.amazonaws.com sts-fips.us-west-2.amazonaws.com"},
		{"dual", "region = eu-central-1\nuse_dualstack_endpoint = True\n", "", "portal.sso.us-east-1.api.aws sts.eu-central-1.api.aws"},
		{"both", "region = us-west-2\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n", "", "portal.sso-fips.us-east-1.api.aws sts-fips.us-west-2.api.aws"},
		{"fips-by-variable", "region = us-west-2\n", "AWS_USE_FIPS_ENDPOINT=True", "portal.sso-fips.us-east-1.amazonaws.com sts-fips.us-west-2.amazonaws.com"},
		{"dual-by-variable", "region = us-west-2\nuse_dualstack_endpoint = false\n", "AWS_USE_DUALSTACK_ENDPOINT=false", "portal.sso.us-east-1.amazonaws.com sts.us-west-2.amazonaws.com"},
		{"region-fips", "region = us-east-2-fips\n", "", "portal.sso.us-east-1.amazonaws.com sts-fips.us-east-2.amazonaws.com"},
		{"fips-region", "region = fips-us-east-2\n", "", "portal.sso.us-east-1.amazonaws.com sts-fips.us-east-2.amazonaws.com"},
		{"global", "region = aws-global\n", "", "portal.sso.us-east-1.amazonaws.com sts.amazonaws.com"},
		{"upper", "region = eu-central-1\n", "", "portal.sso.us-east-1.amazonaws.com sts.eu-central-1.amazonaws.com"},
		{"session-fips", "region = eu-central-1\n", "", "portal.sso-fips.us-east-1.amazonaws.com sts.eu-central-1.amazonaws.com"},
	}
	text := "[default]\nuse_fips_endpoint = false\n"
	for session, region := range map[string]string{"corp": "us-east-1", "upper": "US-EAST-1", "session-fips": "us-east-1-fips"} {
		text += fmt.Sprintf("[sso-session %s]\nsso_start_url = https://d-0123456789.awsapps.com/start\nsso_region = %s\nsso_registration_scopes = sso:account:access\n", session, region)
	}
	for _, c := range cases {
		session := "corp"
		if c.name == "upper" || c.name == "session-fips" {
			session = c.name
		}
		text += "[profile " + c.name + "]\nsso_session = " + session + "\n" + hostProfile + c.profile
	}
	w.write(t, ".aws/config", text)
	run := func(env []string, words ...string) string {
		t.Helper()
		out, err := w.command(t, env, words...).CombinedOutput()
		if err != nil {
			t.Errorf("%q: %v\n%s", words, err, out)
		}
		return string(out)
	}
	for _, session := range []string{"corp", "upper", "session-fips"} {
		run([]string{w.as("login")}, "ssoenv", "login", "--sso-session", session)
	}
	var commands []awsCommand
	env := func(program, name, variable string) []string {
		return slices.DeleteFunc([]string{w.as(program + "-" + name), variable}, func(v string) bool { return v == "" })
	}
	for _, c := range cases {
		commands = append(commands, awsCommand{env("aws", c.name, c.env), []string{"sts", "get-caller-identity", "--profile", c.name}})
		run(env("ssoenv", c.name, c.env), "sh", "-c", `rm -rf "$HOME/.cache/ssoenv/roles" && ssoenv whoami `+c.name)
		run(env("go", c.name, c.env), "ssoenv", "exec", c.name, "--", "goidentity")
	}
	logins := []string{"fips", "dual", "both"}
	for _, name := range logins {
		commands = append(commands, awsCommand{env("awslogin", name, ""), []string{"sso", "login", "--profile", name}})
		run(env("login", name, ""), "ssoenv", "login", "--force", "--device-code", name)
	}
	w.runAWS(t, commands)
	for _, c := range cases {
		byAWS, bySsoenv, byGo := w.hosts("aws-"+c.name), w.hosts("ssoenv-"+c.name), w.hosts("go-"+c.name)
		_, sts, _ := strings.Cut(c.hosts, " ")
		if byAWS != c.hosts || bySsoenv != c.hosts || byGo != sts {
			t.Errorf("%s: asked were\nby the AWS CLI %s\nby ssoenv      %s\nby the Go SDK  %s\nwant           %s", c.name, byAWS, bySsoenv, byGo, c.hosts)
		}
	}
	for _, name := range logins {
		// ssoenv reads the region of the start page besides.
		if got, want := w.hosts("login-"+name), "d-0123456789.awsapps.com "+w.hosts("awslogin-"+name); got != want {
			t.Errorf("%s: a login of ssoenv asked %s, want %s", name, got, want)
		}
	}
}

// An awsCommand is a command of the AWS CLI with more variables.
type awsCommand struct{ Env, Words []string }

// runAWS runs commands of Debian's AWS CLI, each without cached role credentials. One
// process loads the AWS CLI and forks for each.
func (w *hostWorld) runAWS(t *testing.T, commands []awsCommand) {
	t.Helper()
	const script = `
import json, os, shutil, sys
import awscli.clidriver, awscli.handlers
for command in json.loads(sys.argv[1]):
    shutil.rmtree(os.path.expanduser("~/.aws/cli/cache"), ignore_errors=True)
    child = os.fork()
    if child == 0:
        os.environ.update(entry.split("=", 1) for entry in command["Env"])
        sys.argv = ["aws"] + command["Words"]
        status = 70
        try:
            status = awscli.clidriver.main()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        print("failed:", command["Words"])
`
	list, err := json.Marshal(commands)
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.commandWithin(t, 5*time.Minute, []string{"AWS_PAGER="}, "/usr/bin/python3", "-c", script, string(list)).CombinedOutput()
	if err != nil || strings.Contains(string(out), "failed:") {
		t.Fatalf("install awscli: %v\n%s", err, out)
	}
}

// The certificates of a profile's ca_bundle count for a login and for everything
// after it, those of [default] for profiles without one, and AWS_CA_BUNDLE before
// both. What a switch has exported does not count for another profile.
func TestCABundles(t *testing.T) {
	t.Parallel()
	w := newHostWorld(t)
	w.env = slices.DeleteFunc(w.env, func(v string) bool { return strings.HasPrefix(v, "SSL_CERT_FILE=") })
	w.env = append(w.env, w.as("any"), "BROWSER=false")
	config := func(byDefault string) {
		w.write(t, ".aws/config", "[default]\n"+byDefault+"[sso-session corp]\nsso_start_url = https://d-0123456789.awsapps.com/start\nsso_region = us-east-1\n"+
			"[profile with]\nregion = us-east-1\nsso_session = corp\n"+hostProfile+"ca_bundle = "+w.roots+"\n[profile without]\nregion = us-east-1\nsso_session = corp\n"+hostProfile+
			"[profile chained]\nregion = us-east-1\nrole_arn = arn:aws:iam::222222222222:role/Deploy\nsource_profile = without\nca_bundle = "+w.roots+"\n")
	}
	check := func(works bool, env string, words ...string) {
		t.Helper()
		out, err := w.command(t, []string{env}, words...).CombinedOutput()
		unknown := strings.Contains(string(out), "has a certificate of an authority that this machine does not know")
		if (err == nil) != works || unknown == works {
			t.Errorf("%s %q: %v\n%s", env, words, err, out)
		}
	}
	login := func(profile string) []string {
		return []string{"ssoenv", "login", "--force", "--device-code", profile}
	}
	config("")
	check(false, "", login("without")...)
	check(true, "", login("with")...)
	check(true, "", "ssoenv", "exec", "with", "--", "true")
	check(true, "", "ssoenv", "whoami", "with")
	check(true, "", "ssoenv", "exec", "chained", "--", "true")
	check(false, "", "ssoenv", "exec", "with", "--", "ssoenv", "login", "--force", "--device-code", "without")
	check(true, "AWS_CA_BUNDLE="+w.roots, login("without")...)
	config("ca_bundle = " + w.roots + "\n")
	check(true, "", login("without")...)
	check(true, "", "ssoenv", "login", "--force", "--device-code", "--sso-session", "corp")
	w.write(t, "empty.pem", "")
	out, err := w.command(t, []string{"AWS_CA_BUNDLE=" + w.home}, login("with")...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the certificates of AWS_CA_BUNDLE") {
		t.Errorf("AWS_CA_BUNDLE does not come before ca_bundle: %v\n%s", err, out)
	}
}

// At a terminal one line names the host that is called instead of AWS, when it is
// called, and one says that a profile has no region and what follows.
func TestTerminalSaysHostAndRegion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	host := strings.TrimPrefix(w.url, "http://")
	note := "calling " + host + " instead of AWS, because of AWS_ENDPOINT_URL_SIGNIN, AWS_ENDPOINT_URL_SSO, AWS_ENDPOINT_URL_SSO_OIDC, AWS_ENDPOINT_URL_STS"
	s := w.shell(t, "bash")
	s.typeLine("ssoenv use plain")
	s.expect(regexp.QuoteMeta(note))
	s.expect(`"plain" has no region: most AWS tools fail without one; choose one with --region`)
	s.expect("PROMPT> ")
	w.write(t, ".aws/config", w.read(t, ".aws/config")+"\n[default]\nregion = ap-south-1\n")
	s.typeLine("ssoenv use plain; ssoenv use plain --region eu-west-1")
	s.expect(`"plain" has no region: AWS tools will use ap-south-1, the region of \[default\]; choose one with --region`)
	s.expect(`role ReadOnly, eu-west-1, until`)
	s.expect("PROMPT> ")
	s.typeLine("AWS_REGION=eu-west-3 ssoenv use plain")
	s.expect(`"plain" has no region: this shell keeps eu-west-3; choose one with --region`)
	s.expect("PROMPT> ")
	if n := strings.Count(s.shown(), "instead of AWS"); n != 1 {
		t.Errorf("the host is named %d times, want once: a cached switch calls nothing\n%s", n, s.shown())
	}
	if n := strings.Count(s.shown(), "has no region"); n != 3 {
		t.Errorf("the region is missed %d times, want 3\n%s", n, s.shown())
	}
}
