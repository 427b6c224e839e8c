package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// A world is a machine of a user of AWS: a home directory with a config, programs, a
// clock, and a fake Identity Center that has all host names of AWS.
type world struct {
	folder string
	server *ssotest.Server
	client *http.Client // the user's browser
	env    []string     // of the shell
	close  func()
}

// morning is what the clocks of a picture show at its beginning: far from the end of a
// minute, so that the times in it are always the same.
const morning = 9*time.Hour + 41*time.Minute + 15*time.Second

// accounts are those of a company.
var accounts = []ssotest.Account{
	{ID: "111111111111", Name: "Development", Roles: []string{"Developer", "ReadOnly"}},
	{ID: "222222222222", Name: "Production", Roles: []string{"Administrator", "Operator", "ReadOnly"}},
	{ID: "333333333333", Name: "Staging", Roles: []string{"Developer", "ReadOnly"}},
	{ID: "444444444444", Name: "Data Platform", Roles: []string{"Analyst", "ReadOnly"}},
	{ID: "555555555555", Name: "Security", Roles: []string{"Auditor", "ReadOnly"}},
	{ID: "666666666666", Name: "Networking", Roles: []string{"Operator", "ReadOnly"}},
}

// profiles are the config's: name, account, role and region.
var profiles = [][4]string{
	{"dev", "111111111111", "Developer", "eu-central-1"},
	{"dev-readonly", "111111111111", "ReadOnly", "eu-central-1"},
	{"staging", "333333333333", "Developer", "eu-central-1"},
	{"staging-readonly", "333333333333", "ReadOnly", "eu-central-1"},
	{"prod", "222222222222", "Administrator", "us-east-1"},
	{"prod-operator", "222222222222", "Operator", "us-east-1"},
	{"prod-readonly", "222222222222", "ReadOnly", "us-east-1"},
	{"data", "444444444444", "Analyst", "eu-central-1"},
	{"data-readonly", "444444444444", "ReadOnly", "eu-central-1"},
	{"security-audit", "555555555555", "Auditor", "eu-central-1"},
	{"network-readonly", "666666666666", "ReadOnly", "us-east-1"},
}

// newWorld makes a world in a folder. bin is a folder with the program ssoenv.
func newWorld(folder, bin string) (*world, error) {
	w := &world{folder: folder, server: ssotest.New()}
	w.server.Settings.StartURLs = []string{"https://corp.awsapps.com/start"}
	w.server.Settings.User = "alice"
	w.server.Settings.AutoApprove = true
	w.server.Settings.PlainSecrets = true
	w.server.Settings.RoleLifetime = time.Hour - 3*time.Second // 59m from the first moment on
	w.server.SetAccounts(accounts)
	proxy, roots, err := w.serve()
	if err != nil {
		return nil, err
	}
	file := func(name string) string { return filepath.Join(folder, name) }
	var config strings.Builder
	config.WriteString("[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-east-1\nsso_registration_scopes = sso:account:access\n")
	for _, p := range profiles {
		fmt.Fprintf(&config, "\n[profile %s]\nsso_session = corp\nsso_account_id = %s\nsso_role_name = %s\nregion = %s\n", p[0], p[1], p[2], p[3])
		if color := map[string]string{"dev": "green", "prod": "red"}[p[0]]; color != "" {
			fmt.Fprintf(&config, "ssoenv_color = %s\n", color)
		}
	}
	err = errors.Join(os.MkdirAll(file("home/.aws"), 0o700), os.Mkdir(file("bin"), 0o700))
	for name, text := range map[string]string{
		"home/.aws/config": config.String(),
		"roots.pem":        roots,
		"zone":             zone(morning),
		"browser":          "#!/bin/sh\nprintf %s \"$1\" >\"${0%/*}/visit.new\" && mv \"${0%/*}/visit.new\" \"${0%/*}/visit\"\n",
		"bashrc":           startup,
		"bin/aws":          awsInTurn,
	} {
		err = errors.Join(err, os.WriteFile(file(name), []byte(text), 0o700)) //nolint:gosec // one of them is a program
	}
	w.env = []string{
		"HOME=" + file("home"), "PATH=" + file("bin") + ":" + bin + ":/usr/local/bin:/usr/bin:/bin", "TERM=xterm-256color", "LANG=C.UTF-8", "TZ=:" + file("zone"),
		"HTTPS_PROXY=" + proxy, "AWS_CA_BUNDLE=" + file("roots.pem"), "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=",
		"BROWSER=" + file("browser") + " %s",
	}
	return w, err
}

// startup is the shell's start-up file.
const startup = `unset HISTFILE
bind 'set enable-bracketed-paste off'
PROMPT_COMMAND='printf "\e[0m"'
PS1='\[\e[34m\]\w\[\e[39m\] $ \[\e[1m\]' PS0='\e[0m'
eval "$(ssoenv init bash --prompt)"
`

// awsInTurn is the AWS CLI. If there is a folder of turns, it prints its output when there
// is a file with the profile's name in it: the lines of commands that run at once have a
// new order each time.
const awsInTurn = `#!/bin/sh
here=${0%/*}
PATH=${PATH#"$here:"}
[ -d "$here/turns" ] || exec aws "$@"
output=$(aws "$@") || exit
until [ -e "$here/turns/$SSOENV_PROFILE" ]; do sleep 0.02; done
printf '%s\n' "$output"
`

// serve starts the fake, with a certificate for each host name, and a proxy through
// which all names lead to it.
func (w *world) serve() (proxy, roots string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ssoenv's pictures"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, root, root, &key.PublicKey, key)
	if err != nil {
		return "", "", err
	}
	aws := httptest.NewUnstartedServer(w.server)
	aws.TLS = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: root.NotBefore, NotAfter: root.NotAfter, DNSNames: []string{hello.ServerName}}
		signed, err := x509.CreateCertificate(rand.Reader, leaf, root, &key.PublicKey, key)
		return &tls.Certificate{Certificate: [][]byte{signed, raw}, PrivateKey: key}, err
	}}
	aws.Config.ErrorLog = log.New(io.Discard, "", 0)
	aws.StartTLS()
	tunnel := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_ = ssotest.Tunnel(rw, r, aws.Listener.Addr().String())
	}))
	w.close = func() {
		tunnel.CloseClientConnections()
		tunnel.Close()
		aws.CloseClientConnections()
		aws.Close()
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
	through, err := url.Parse(tunnel.URL)
	w.client = &http.Client{Timeout: limit, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool},
		Proxy: func(r *http.Request) (*url.URL, error) {
			if r.URL.Hostname() == "127.0.0.1" {
				return nil, nil
			}
			return through, nil
		},
	}}
	return tunnel.URL, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})), err
}

// visit opens the address that the browser was started with, as the user's browser does,
// and returns the address of the login.
func (w *world) visit(ctx context.Context) (string, error) {
	file := filepath.Join(w.folder, "visit")
	var address []byte
	for until := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		var err error
		if address, err = os.ReadFile(file); err == nil {
			break
		} else if time.Now().After(until) {
			return "", err
		}
	}
	if err := os.Remove(file); err != nil {
		return "", err
	}
	login := ""
	client := *w.client
	client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/authorize" {
			login = r.URL.String()
		}
		return nil
	}
	if strings.Contains(string(address), "/authorize?") {
		login = string(address)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, string(address), nil)
	if err != nil {
		return "", err
	}
	res, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the browser got %s", res.Status)
	}
	return login, nil
}

// zone returns a file of the format TZif (RFC 9636, version 1) for a zone in which it is
// now the given time of day.
func zone(now time.Duration) string {
	utc := time.Duration(time.Now().Unix()%86400) * time.Second
	offset := int32((now - utc).Seconds())
	text := append([]byte("TZif"), make([]byte, 16)...)
	for _, count := range []uint32{0, 0, 0, 0, 1, 4} { // one type, a name of four bytes
		text = binary.BigEndian.AppendUint32(text, count)
	}
	text = binary.BigEndian.AppendUint32(text, uint32(offset)) //nolint:gosec // its two's complement
	return string(append(text, 0, 0, 'C', 'E', 'T', 0))
}
