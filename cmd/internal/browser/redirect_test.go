//go:build unix

package browser

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// serveOnce calls ServeOnce with a browser that only writes its address to a file,
// and returns that address.
func serveOnce(t *testing.T, ctx context.Context) (address string, r *Redirect) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "address")
	r, err := ServeOnce(ctx, Command{"/bin/sh", "-c", `printf %s "$1" >"$0.part"; mv "$0.part" "$0"`, file}, "https://target.example/?secret")
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
	return string(text), r
}

// request sends one request and does not follow a redirect.
func request(t *testing.T, method, address, host string) *http.Response {
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
		t.Errorf("%s %s: got %v, %q, want a body without the address", method, address, err, body)
	}
	return res
}

// Only the right request gets the address, and only once. Wrong requests do not
// use it up.
func TestRedirect(t *testing.T) {
	address, r := serveOnce(t, t.Context())
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
		res := request(t, test.method, test.address, test.host)
		if res.StatusCode != test.status || res.Header.Get("Location") != "" {
			t.Errorf("%s %s with host %q: got %s, want %d", test.method, test.address, test.host, res.Status, test.status)
		}
	}
	select {
	case <-r.Fetched():
		t.Fatal("Fetched is closed after wrong requests only")
	default:
	}
	// With another name of this machine, and another port, as behind a forwarded one.
	res := request(t, "GET", address, "localhost:1")
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "https://target.example/?secret" ||
		res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("got %s, %v, want a redirect to the address that is not stored", res.Status, res.Header)
	}
	<-r.Fetched()
	if again, err := net.Dial("tcp", u.Host); err == nil {
		_ = again.Close()
		// The port is closed shortly after the answer.
		awaitClosed(t, u.Host)
	}
}

// Of several right requests at the same time, one gets the address.
func TestRedirectAnswersOneRequest(t *testing.T) {
	h := &Redirect{target: "https://target.example/?secret", path: "/path", served: make(chan struct{})}
	answers := make([]*httptest.ResponseRecorder, 20)
	var all sync.WaitGroup
	for i := range answers {
		answers[i] = httptest.NewRecorder()
		all.Go(func() { h.ServeHTTP(answers[i], httptest.NewRequest(http.MethodGet, "http://127.0.0.1:1/path", nil)) })
	}
	all.Wait()
	redirected := 0
	for _, answer := range answers {
		switch location := answer.Header().Get("Location"); {
		case answer.Code == http.StatusSeeOther && location == h.target:
			redirected++
		case answer.Code != http.StatusGone || location != "" || strings.Contains(answer.Body.String(), "secret"):
			t.Errorf("got status %d, location %q, %q, want status 410 without the address", answer.Code, location, answer.Body)
		}
	}
	if redirected != 1 {
		t.Errorf("got %d redirects, want 1", redirected)
	}
	select {
	case <-h.served:
	default:
		t.Error("served is open after a redirect, want it closed")
	}
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

// The redirect ends with its context.
func TestRedirectEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	address, r := serveOnce(t, ctx)
	cancel()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	awaitClosed(t, u.Host)
	select {
	case <-r.Fetched():
		t.Error("Fetched is closed without a request")
	default:
	}
}
