//go:build unix

package browser

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// handedOff hands an address to a browser that does nothing but say where it
// was sent.
func handedOff(t *testing.T, ctx context.Context) (address string, fetched <-chan struct{}) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "address")
	fetched, err := ServeOnce(ctx, Command{"/bin/sh", "-c", `printf %s "$1" >"$0.part"; mv "$0.part" "$0"`, file}, "https://target.example/?secret")
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	text, err := os.ReadFile(file)
	for ; err != nil && time.Now().Before(deadline); text, err = os.ReadFile(file) {
		time.Sleep(time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text), fetched
}

// unmoved makes one request and follows nothing.
func unmoved(t *testing.T, method, address, host string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || strings.Contains(string(body), "secret") {
		t.Errorf("%s %s: %v, %q", method, address, err, body)
	}
	return res
}

// Only the right request gets the address, and only once; the wrong ones do
// not use it up.
func TestHandoff(t *testing.T) {
	address, fetched := handedOff(t, t.Context())
	u, err := url.Parse(address)
	if err != nil || u.Hostname() != "127.0.0.1" || len(u.Path) < 1+26 {
		t.Fatalf("%q: %v", address, err)
	}
	base := "http://" + u.Host
	for _, test := range []struct {
		method, address, host string
		status                int
	}{
		{"GET", base + "/", "", 404},
		{"GET", base + "/favicon.ico", "", 404},
		{"GET", address + "x", "", 404},
		{"GET", address[:len(address)-1], "", 404},
		{"GET", address, "evil.example", 403},
		{"GET", address, "evil.example:" + u.Port(), 403},
		{"GET", address, "127.0.0.1.evil.example:" + u.Port(), 403},
		{"HEAD", address, "", 405},
		{"POST", address, "", 405},
		{"OPTIONS", address, "", 405},
	} {
		res := unmoved(t, test.method, test.address, test.host)
		if res.StatusCode != test.status || res.Header.Get("Location") != "" {
			t.Errorf("%s %s of %q: %s", test.method, test.address, test.host, res.Status)
		}
	}
	select {
	case <-fetched:
		t.Fatal("it took a wrong request for the browser")
	default:
	}
	// By another name, and another port where one is forwarded.
	res := unmoved(t, "GET", address, "localhost:1")
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "https://target.example/?secret" ||
		res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%s, %v", res.Status, res.Header)
	}
	<-fetched
	if again, err := net.Dial("tcp", u.Host); err == nil {
		_ = again.Close()
		// The port is given up after the answer, in no time that anybody waits for.
		awaitClosed(t, u.Host)
	}
}

// awaitClosed waits until nobody listens any more.
func awaitClosed(t *testing.T, host string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		c, err := net.Dial("tcp", host)
		if err != nil {
			return
		}
		_ = c.Close()
	}
	t.Error("it still listens")
}

// A handoff ends with what it is for.
func TestHandoffEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	address, fetched := handedOff(t, ctx)
	cancel()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	awaitClosed(t, u.Host)
	select {
	case <-fetched:
		t.Error("nobody has fetched it")
	default:
	}
}
