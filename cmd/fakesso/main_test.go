package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// start runs fakesso with args until the test ends. It returns the environment
// variables that fakesso printed, and a function that stops it.
func start(t *testing.T, args ...string) (env map[string]string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, args, w, io.Discard)
		w.Close()
	}()
	env = map[string]string{}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), "=")
		env[name] = strings.Trim(value, "'")
		if name == "FAKESSO_URL" {
			return env, func() error { cancel(); return <-done }
		}
	}
	t.Fatalf("fakesso ended: %v, want FAKESSO_URL on stdout", <-done)
	return nil, nil
}

func TestServesUntilStopped(t *testing.T) {
	env, stop := start(t, "-interval=3s", "-fault", "op=RegisterClient&kind=hang")
	for _, name := range []string{"AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SIGNIN"} {
		if env[name] != env["FAKESSO_URL"] {
			t.Errorf("%s = %q, want %q", name, env[name], env["FAKESSO_URL"])
		}
	}
	resp, err := http.Get(env["FAKESSO_URL"] + "/fake/config")
	if err != nil {
		t.Fatal(err)
	}
	config, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || !strings.Contains(string(config), "interval=3s\n") {
		t.Errorf("got config %q, %v; want interval=3s", config, err)
	}

	// A request that hangs must not keep the server from stopping.
	hung := make(chan error, 1)
	go func() {
		resp, err := http.Post(env["FAKESSO_URL"]+"/client/register", "application/json", strings.NewReader("{}"))
		if err == nil {
			resp.Body.Close()
		}
		hung <- err
	}()
	for calls := []byte{}; !bytes.Contains(calls, []byte("RegisterClient")); {
		resp, err := http.Get(env["FAKESSO_URL"] + "/fake/calls")
		if err != nil {
			t.Fatal(err)
		}
		calls, err = io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := stop(); err != nil {
		t.Errorf("stop: got error %v, want none", err)
	}
	if err := <-hung; err == nil {
		t.Error("the request that hangs got a response, want an error")
	}
}

func TestTLS(t *testing.T) {
	cert := filepath.Join(t.TempDir(), "cert.pem")
	env, _ := start(t, "-tls", cert)
	if env["AWS_CA_BUNDLE"] != cert || !strings.HasPrefix(env["FAKESSO_URL"], "https://127.0.0.1:") {
		t.Errorf("got environment %v, want AWS_CA_BUNDLE=%s and an https URL", env, cert)
	}
	text, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		t.Fatal("no certificate in the file")
	}
	if block, rest := pem.Decode(text); block.Type != "CERTIFICATE" || len(rest) != 0 {
		t.Error("the file contains more than a certificate")
	}
	for _, name := range []string{"127.0.0.1", "portal.sso.us-east-1.amazonaws.com", "d-0123456789.awsapps.com"} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: name}}}
		resp, err := client.Get(env["FAKESSO_URL"] + "/start")
		if err != nil {
			t.Errorf("as %q: %v", name, err)
			continue
		}
		resp.Body.Close()
	}
}

func TestWritesFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's here")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	config, data, env := filepath.Join(dir, "config"), filepath.Join(dir, "models"), filepath.Join(dir, "env")
	args := []string{"-write-config", config, "-write-data-path", data, "-env-file", env, "-start-url=https://x.awsapps.com/start,https://y.awsapps.com/start", "-accounts=3", "-hostile"}
	for range 2 { // the second run replaces the files
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := run(ctx, args, io.Discard, io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"[sso-session demo]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\n", "[profile dev]", "[profile prod]", "[profile readonly]", "[profile legacy]"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("got config %q, want %q in it", text, part)
		}
	}
	if rules, err := os.ReadFile(filepath.Join(data, "sso-oidc", "2019-06-10", "endpoint-rule-set-1.json")); err != nil || !bytes.Contains(rules, []byte(`"http://127.0.0.1:`)) {
		t.Errorf("got endpoint rules %q, %v; want the server's URL in them", rules, err)
	}
	// A shell must be able to read the file.
	out, err := exec.Command("sh", "-euc", `. "$1"; printf %s "$AWS_CONFIG_FILE"`, "sh", env).Output()
	if err != nil || string(out) != config {
		t.Errorf("the shell reads %q, %v; want %q", out, err, config)
	}

	if err := os.WriteFile(config, []byte("[default]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
		t.Error("a config that fakesso did not write was replaced, want an error")
	}
}

func TestRejectsInvalidArguments(t *testing.T) {
	for _, args := range [][]string{{"-listen=0.0.0.0:0"}, {"-listen=:0"}, {"-listen=192.0.2.1:0"}, {"-listen=127.0.0.1"}} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil || errors.Is(err, errUsage) {
			t.Errorf("%q: got %v, want an error about the address", args, err)
		}
	}
	for _, args := range [][]string{{"serve"}, {"-no-such-flag"}, {"-fault=kind=explode"}, {"-interval=soon"}} {
		if err := run(t.Context(), args, io.Discard, io.Discard); !errors.Is(err, errUsage) {
			t.Errorf("%q: got %v, want %v", args, err, errUsage)
		}
	}
}
