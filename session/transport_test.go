package session

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/store"
)

// The size of every part of an answer is limited. The test measures all memory that
// is allocated, garbage included.
func TestBombs(t *testing.T) {
	zeros := func(w io.Writer) {
		chunk := make([]byte, 64<<10)
		for range 300 << 20 / len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
	var bomb bytes.Buffer
	packer := gzip.NewWriter(&bomb)
	zeros(packer)
	if err := packer.Close(); err != nil {
		t.Fatal(err)
	}
	raw := func(send func(w *bufio.Writer) error) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, b, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(http.ErrAbortHandler) // HTTP/2 has no such thing
			}
			defer func() { _ = conn.Close() }()
			for err == nil {
				err = send(b.Writer)
			}
		}
	}
	var begun atomic.Bool
	for name, bomb := range map[string]http.HandlerFunc{
		"300 MB": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", fmt.Sprint(300<<20))
			zeros(w)
		},
		"chunks without end": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			chunk, flush := make([]byte, 1000), http.NewResponseController(w).Flush
			for r.Method != http.MethodHead {
				if _, err := w.Write(chunk); err != nil || flush() != nil {
					return
				}
			}
		},
		"gzip": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb.Bytes())
		},
		"headers": func(w http.ResponseWriter, _ *http.Request) {
			for i := range 20 {
				w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 10<<10))
			}
			// Without the headers this would be a valid answer.
			_, _ = fmt.Fprintf(w, `{"roleCredentials":{"accessKeyId":"ASIAIOSFODNN7EXAMPLE","secretAccessKey":"s","sessionToken":"t","expiration":%d}}`, time.Now().Add(time.Hour).UnixMilli())
		},
		"one header without end": raw(func(w *bufio.Writer) error {
			if begun.CompareAndSwap(false, true) {
				_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nX: ")
			}
			_, err := w.Write(make([]byte, 4<<10))
			return err
		}),
		"informational answers without end": raw(func(w *bufio.Writer) error {
			_, err := io.WriteString(w, "HTTP/1.1 103 Early Hints\r\nLink: "+strings.Repeat("x", 1<<10)+"\r\n\r\n")
			return err
		}),
		"chunk extensions without end": raw(func(w *bufio.Writer) error {
			if begun.CompareAndSwap(false, true) {
				_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			}
			_, err := io.WriteString(w, "1;"+strings.Repeat("x", 1<<10)+"\r\n \r\n")
			return err
		}),
	} {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTP/2 %v", name, http2), func(t *testing.T) {
				begun.Store(false)
				listener := httptest.NewUnstartedServer(bomb)
				listener.EnableHTTP2 = http2
				listener.StartTLS()
				defer listener.Close()
				defer listener.CloseClientConnections()
				transport, err := NewTransport(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: listener.Certificate().Raw}), nil)
				if err != nil {
					t.Fatal(err)
				}
				c, _ := newClient(t)
				c.Transport = func() (http.RoundTripper, error) { return transport, nil }
				c.Endpoints = Endpoints{SSO: listener.URL, OIDC: listener.URL, STS: listener.URL, Signin: listener.URL}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err = c.getRoleCredentials(t.Context(), profileNamed(t, c, "dev"), store.Token{Access: "token"})
				if err == nil {
					t.Error("it counts as an answer")
				}
				if region := c.DetectRegion(t.Context(), listener.URL+"/start"); region != "" {
					t.Errorf("it is in %s", region)
				}
				c.Probe(t.Context(), listener.URL)
				runtime.ReadMemStats(&after)
				if took := after.TotalAlloc - before.TotalAlloc; took > 48<<20 {
					t.Errorf("it took %d MiB of memory: %v", took>>20, err)
				}
			})
		}
	}
}

// certified returns a TLS listener in front of the service with a changed
// certificate, and the authority that signed it.
func certified(t *testing.T, handler http.Handler, change func(*x509.Certificate, *tls.Config)) (address string, roots []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "an authority"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, authority, authority, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	roots = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "a service"},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	config := &tls.Config{}
	change(leaf, config)
	if raw, err = x509.CreateCertificate(rand.Reader, leaf, authority, &key.PublicKey, key); err != nil {
		t.Fatal(err)
	}
	config.Certificates = []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}
	listener := httptest.NewUnstartedServer(handler)
	listener.Config.ErrorLog = nil
	listener.TLS = config
	listener.StartTLS()
	t.Cleanup(listener.Close)
	return listener.URL, roots
}

// A bad certificate and an old protocol version are rejected, even if the user has
// configured the authority.
func TestOnlyGoodCertificates(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*x509.Certificate, *tls.Config)
		says   string // empty: it is fine
	}{
		"good":    {func(*x509.Certificate, *tls.Config) {}, ""},
		"TLS 1.2": {func(_ *x509.Certificate, c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, ""},
		"TLS 1.1": {func(_ *x509.Certificate, c *tls.Config) {
			c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		}, "protocol version"},
		"TLS 1.0": {func(_ *x509.Certificate, c *tls.Config) {
			c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
		}, "protocol version"},
		"expired":    {func(l *x509.Certificate, _ *tls.Config) { l.NotAfter = time.Now().Add(-time.Hour) }, "expired"},
		"not yet":    {func(l *x509.Certificate, _ *tls.Config) { l.NotBefore = time.Now().Add(time.Hour) }, "not yet valid"},
		"other host": {func(l *x509.Certificate, _ *tls.Config) { l.IPAddresses, l.DNSNames = nil, []string{"evil.example"} }, "certificate"},
		"for clients": {func(l *x509.Certificate, _ *tls.Config) {
			l.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}, "incompatible key usage"},
	} {
		t.Run(name, func(t *testing.T) {
			c, server := newClient(t)
			address, roots := certified(t, server, test.change)
			c.Transport = func() (http.RoundTripper, error) { return NewTransport(roots, nil) }
			c.Endpoints = Endpoints{OIDC: address, SSO: address}
			_, err := c.register(t.Context(), targetOf(profileNamed(t, c, "dev").SSOSession), store.GrantDeviceCode)
			probed := c.Probe(t.Context(), address+"/token").Err
			if test.says == "" {
				if err != nil || probed != nil {
					t.Errorf("%v, %v", err, probed)
				}
				return
			}
			if err == nil || probed == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, %v", err, probed)
			}
			if n := len(server.Log()); n != 0 {
				t.Errorf("the service got %d requests, want 0", n)
			}
		})
	}
}

// A server certificate is always verified, with the system's authorities or the given
// ones.
func TestCertificates(t *testing.T) {
	server := ssotest.New()
	listener := httptest.NewTLSServer(server)
	defer listener.Close()
	c, _ := newClient(t)
	c.Endpoints = Endpoints{OIDC: listener.URL, SSO: listener.URL}
	sso := profileNamed(t, c, "dev").SSOSession
	options := LoginOptions{Method: DeviceCode, Show: func(challenge LoginPrompt) error { return server.Approve(challenge.Code) }}
	server.Interval = time.Second

	c.Transport = func() (http.RoundTripper, error) { return NewTransport(nil, nil) }
	_, _, err := c.Login(t.Context(), sso, options)
	if err == nil || !strings.Contains(err.Error(), "certificate of an authority that this machine does not know") {
		t.Errorf("an unknown authority: %v", err)
	}

	roots := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: listener.Certificate().Raw})
	c.Transport = func() (http.RoundTripper, error) { return NewTransport(roots, nil) }
	if _, _, err = c.Login(t.Context(), sso, options); err != nil {
		t.Error(err)
	}
	if _, err := NewTransport([]byte("no certificate"), nil); err == nil {
		t.Error("roots without a certificate are accepted")
	}
}

// A proxy gets a CONNECT request, and only encrypted data after it.
func TestProxy(t *testing.T) {
	server := ssotest.New()
	listener := httptest.NewTLSServer(server)
	defer listener.Close()
	requests := make(chan string, 10)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- r.Method + " " + r.Host
		if err := ssotest.Tunnel(w, r, listener.Listener.Addr().String()); err != nil {
			t.Error(err)
		}
	}))
	defer proxy.Close()
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := newClient(t)
	roots := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: listener.Certificate().Raw})
	transport, err := NewTransport(roots, http.ProxyURL(address))
	if err != nil {
		t.Fatal(err)
	}
	transport.TLSClientConfig.ServerName = "example.com" // the name in the certificate
	c.Transport = func() (http.RoundTripper, error) { return transport, nil }
	_, err = c.register(t.Context(), targetOf(profileNamed(t, c, "dev").SSOSession), store.GrantDeviceCode)
	if err != nil {
		t.Error(err)
	}
	if got := <-requests; got != "CONNECT oidc.us-east-1.amazonaws.com:443" {
		t.Errorf("the proxy was asked to %s", got)
	}
}

// A proxy that cannot be reached, or does not connect, is named and not AWS.
func TestBrokenProxyIsNamed(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	defer refusing.Close()
	there := strings.TrimPrefix(refusing.URL, "http://")
	for proxy, want := range map[string]string{
		"http://user:password@127.0.0.1:1": "the proxy 127.0.0.1:1 refused the connection",
		refusing.URL:                       "the proxy " + there + " answered HTTP 407 Proxy Authentication Required and does not connect to AWS",
	} {
		address, err := url.Parse(proxy)
		if err != nil {
			t.Fatal(err)
		}
		c, _ := newClient(t)
		transport, err := NewTransport(nil, http.ProxyURL(address))
		if err != nil {
			t.Fatal(err)
		}
		c.Transport = func() (http.RoundTripper, error) { return transport, nil }
		_, err = c.register(t.Context(), targetOf(profileNamed(t, c, "dev").SSOSession), store.GrantDeviceCode)
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", proxy, err, want)
		}
	}
}
