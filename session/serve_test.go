package session

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

const servedKeyID, servedSecret = "ASIASERVEDSERVED0000", "served secret"

// newServer returns a credential server that serves until the test ends, and its address.
// change may change it before it serves.
func newServer(t testing.TB, change func(*CredentialServer)) (s *CredentialServer, host string) {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &Keeper{Now: time.Now, Renew: func(context.Context) (store.Credentials, error) { return store.Credentials{}, errors.New("not now") }}
	k.Set(store.Credentials{
		AccessKeyID: servedKeyID, SecretKey: servedSecret, SessionToken: safetext.Secret("served token"),
		Expires: time.Now().Add(time.Hour), RenewAt: time.Now().Add(45 * time.Minute),
	})
	s = NewCredentialServer(listener, k)
	s.AccountID = "111111111111"
	if change != nil {
		change(s)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Serve(ctx, listener)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		if c, err := net.Dial("tcp4", s.host); err == nil {
			_ = c.Close()
			t.Error("after Serve has returned, something listens")
		}
	})
	return s, s.host
}

// send sends a text and returns what is answered until the connection ends.
func send(t testing.TB, host, text string) string {
	t.Helper()
	c, err := net.Dial("tcp4", host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = io.WriteString(c, text)
	answer, _ := io.ReadAll(c)
	return string(answer)
}

// rightRequest returns the request of an SDK.
func rightRequest(s *CredentialServer) string {
	return "GET " + s.path + " HTTP/1.1\r\nHost: " + s.host + "\r\nAccept: application/json\r\nUser-Agent: Boto3/1.43\r\nAccept-Encoding: identity\r\nAuthorization: " + s.Token.Reveal() + "\r\n\r\n"
}

func TestServerAnswersTheProtocol(t *testing.T) {
	s, host := newServer(t, nil)
	res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(send(t, host, rightRequest(s)))), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	expires, err := time.Parse(time.RFC3339, got["Expiration"])
	if res.StatusCode != 200 || got["AccessKeyId"] != servedKeyID || got["SecretAccessKey"] != servedSecret || got["Token"] != "served token" ||
		got["AccountId"] != "111111111111" || len(got) != 5 || err != nil || time.Until(expires) < 59*time.Minute || expires.Location() != time.UTC {
		t.Errorf("got %s %v, %v", res.Status, got, err)
	}
	if !res.Close || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got headers %v, want that the connection ends and nothing is stored", res.Header)
	}
	for name := range res.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("got header %s, want none that lets a web page read", name)
		}
	}
}

// Static keys have no token and no expiration. Every SDK wants both fields.
func TestServerOfStaticKeys(t *testing.T) {
	s, host := newServer(t, func(s *CredentialServer) {
		s.Keeper.Set(store.Credentials{AccessKeyID: "AKIA", SecretKey: servedSecret})
	})
	answer := send(t, host, rightRequest(s))
	_, body, _ := strings.Cut(answer, "\r\n\r\n")
	var got map[string]string
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	token, hasToken := got["Token"]
	if expires, err := time.Parse(time.RFC3339, got["Expiration"]); !hasToken || token != "" || err != nil || time.Until(expires) < 50*time.Minute {
		t.Errorf("got %v", got)
	}
}

// All that is not the one right request gets 403 and the same text.
func TestServerRefuses(t *testing.T) {
	s, host := newServer(t, nil)
	right, token := rightRequest(s), s.Token.Reveal()
	port := host[strings.IndexByte(host, ':'):]
	header := func(lines string) string {
		return strings.Replace(right, "Accept:", lines+"\r\nAccept:", 1)
	}
	replace := func(old, new string) string { return strings.Replace(right, old, new, 1) }
	requests := map[string]string{
		"no token":           replace("Authorization: "+token+"\r\n", ""),
		"empty token":        replace(token, ""),
		"wrong token":        replace(token, token[:51]+"x"),
		"half of the token":  replace(token, token[:26]),
		"longer token":       replace(token, token+"A"),
		"bearer":             replace(token, "Bearer "+token),
		"two tokens":         header("Authorization: " + token),
		"token in the query": replace(s.path+" ", s.path+"?Authorization="+token+" "),
		"another host":       replace("Host: "+host, "Host: rebound.example"+port),
		"localhost":          replace("Host: "+host, "Host: localhost"+port),
		"no port":            replace("Host: "+host, "Host: 127.0.0.1"),
		"another port":       replace("Host: "+host, "Host: 127.0.0.1:1"),
		"absolute address":   replace("GET "+s.path, "GET http://rebound.example"+s.path),
		"its own address":    replace("GET "+s.path, "GET http://"+host+s.path),
		"origin":             header("Origin: http://" + host),
		"origin null":        header("Origin: null"),
		"referer":            header("Referer: http://" + host + "/"),
		"cookie":             header("Cookie: a=b"),
		"sec-fetch-site":     header("Sec-Fetch-Site: none"),
		"sec-fetch-mode":     header("sec-fetch-mode: no-cors"),
		"sec-ch-ua":          header(`Sec-CH-UA: "Chromium"`),
		"websocket":          header("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x"),
		"preflight":          "OPTIONS " + s.path + " HTTP/1.1\r\nHost: " + host + "\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: authorization\r\n\r\n",
		"options of all":     "OPTIONS * HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		"another path":       replace(s.path, "/"),
		"path and more":      replace(s.path+" ", s.path+"/ "),
		"path with a query":  replace(s.path+" ", s.path+"? "),
		"escaped path":       replace(s.path, "/%"+fmt.Sprintf("%x", s.path[1])+s.path[2:]),
		"double slash":       replace(s.path, "/"+s.path),
		"a body":             header("Content-Length: 1") + "x",
		"a body in chunks":   header("Transfer-Encoding: chunked") + "0\r\n\r\n",
		"guess of a file":    replace(s.path, "/latest/meta-data/"),
		"no host":            "GET " + s.path + " HTTP/1.0\r\nAuthorization: " + token + "\r\nConnection: close\r\n\r\n",
	}
	for _, method := range []string{"HEAD", "POST", "PUT", "DELETE", "PATCH", "CONNECT", "TRACE", "get", "PROPFIND"} {
		requests["method "+method] = replace("GET", method)
	}
	text := ""
	for name, request := range requests {
		answer := send(t, host, request)
		if strings.Contains(answer, servedKeyID) || strings.Contains(answer, servedSecret) || strings.Contains(answer, token) || strings.Contains(answer, s.path) {
			t.Errorf("%s: got credentials or a part of the request:\n%s", name, answer)
		}
		head, body, _ := strings.Cut(answer, "\r\n\r\n")
		if !strings.HasPrefix(head, "HTTP/1.1 403 ") && !strings.HasPrefix(head, "HTTP/1.0 403 ") {
			t.Errorf("%s: got %q, want 403", name, head)
		}
		if name != "no host" && !strings.Contains(head, "Connection: close") || strings.Contains(head, "Access-Control") {
			t.Errorf("%s: got headers %q", name, head)
		}
		if name == "method HEAD" { // whose answer has no body
			continue
		}
		if text == "" {
			text = body
		}
		if body != text {
			t.Errorf("%s: got %q, another text than %q", name, body, text)
		}
	}
	if answer := send(t, host, right); !strings.Contains(answer, servedKeyID) {
		t.Errorf("after %d refusals: got %q, want credentials", len(requests), answer)
	}
	// One connection carries one request.
	if answer := send(t, host, right+right); strings.Count(answer, "HTTP/1.1") != 1 {
		t.Errorf("two requests on a connection: got\n%s", answer)
	}
}

// What is too large or malformed is refused, and read only up to a limit.
func TestServerLimitsRequests(t *testing.T) {
	s, host := newServer(t, nil)
	right := rightRequest(s)
	for name, request := range map[string]string{
		"long header":  strings.Replace(right, "Accept:", "X: "+strings.Repeat("x", 1<<20)+"\r\nAccept:", 1),
		"many headers": strings.Replace(right, "Accept:", strings.Repeat("X: x\r\n", 100_000)+"Accept:", 1),
		"long path":    strings.Replace(right, s.path, s.path+strings.Repeat("x", 1<<20), 1),
		"long token":   strings.Replace(right, s.Token.Reveal(), strings.Repeat("x", 1<<20), 1),
		"long method":  strings.Repeat("x", 1<<20),
		"no HTTP":      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
		"NUL":          strings.Replace(right, "Accept:", "X: \x00\r\nAccept:", 1),
		"two hosts":    strings.Replace(right, "Accept:", "Host: "+host+"\r\nAccept:", 1),
	} {
		answer := send(t, host, request)
		if strings.Contains(answer, servedKeyID) || answer != "" && !strings.HasPrefix(answer, "HTTP/1.1 4") {
			t.Errorf("%s: got %q, want a refusal", name, answer)
		}
	}
	if answer := send(t, host, right); !strings.Contains(answer, servedKeyID) {
		t.Errorf("afterwards: got %q, want credentials", answer)
	}
}

// Connections that are held open, at every stage of a request, keep nothing from the
// others, and are closed after two seconds.
func TestServerOutlivesSlowClients(t *testing.T) {
	t.Parallel()
	s, host := newServer(t, nil)
	right := rightRequest(s)
	var held []net.Conn
	for i := range 50 {
		c, err := net.Dial("tcp4", host)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, right[:i*len(right)/50])
		held = append(held, c)
	}
	for range 20 {
		if answer := send(t, host, right); !strings.Contains(answer, servedKeyID) {
			t.Fatalf("got %q, want credentials", answer)
		}
	}
	for _, c := range held {
		_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
		if _, err := io.ReadAll(c); err != nil && !errors.Is(err, net.ErrClosed) && strings.Contains(err.Error(), "timeout") {
			t.Fatal("a connection that sends nothing more is held for 30 s")
		}
	}
}

// Connections of others get 403, and those that they hold open keep the user from nothing.
// In this test what comes from 127.0.0.2 is another user's.
func TestServerRefusesOthers(t *testing.T) {
	t.Parallel()
	s, host := newServer(t, func(s *CredentialServer) {
		s.IsOwn = func(c net.Conn) bool { return strings.HasPrefix(c.RemoteAddr().String(), "127.0.0.1:") }
	})
	right := rightRequest(s)
	others := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	refused, err := others.Dial("tcp4", host)
	if err != nil {
		t.Fatal(err)
	}
	defer refused.Close()
	_, _ = io.WriteString(refused, right)
	if answer, _ := io.ReadAll(refused); !strings.HasPrefix(string(answer), "HTTP/1.1 403 ") || !strings.Contains(string(answer), "only processes of the user") {
		t.Errorf("got %q, want 403", answer)
	}
	for range 300 {
		if c, err := others.Dial("tcp4", host); err == nil { // and not closed again already
			defer c.Close()
			_, _ = io.WriteString(c, right[:20])
		}
	}
	if answer := send(t, host, right); !strings.Contains(answer, servedKeyID) {
		t.Errorf("the user got %q, want credentials", answer)
	}
}

// Connections of others that stay open never make the next one wait. Of those of the user
// the 65th waits for the end of another.
func TestServerLimitsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiting := make(chan net.Conn)
		var isOwn atomic.Bool
		l := &limitedListener{
			Listener: channelListener{waiting: waiting}, isOwn: func(net.Conn) bool { return isOwn.Load() },
			own: make(chan struct{}, maxConnections), foreign: make(chan struct{}, maxForeign),
		}
		accepted := make(chan net.Conn, 1000)
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				accepted <- c
			}
		}()
		connect := func(n int) {
			for range n {
				ours, theirs := net.Pipe()
				t.Cleanup(func() { theirs.Close() })
				waiting <- ours
			}
			synctest.Wait()
		}
		connect(300)
		if n := len(accepted); n != maxForeign {
			t.Errorf("got %d connections of others, want %d", n, maxForeign)
		}
		isOwn.Store(true)
		connect(maxConnections + 1)
		if n := len(accepted); n != maxForeign+maxConnections {
			t.Errorf("got %d connections, want %d", n, maxForeign+maxConnections)
		}
		for range maxForeign {
			<-accepted
		}
		_ = (<-accepted).Close()
		synctest.Wait()
		if n := len(accepted); n != maxConnections {
			t.Errorf("after one of %d has ended, got %d more, want one more", maxConnections, n-maxConnections+1)
		}
		close(waiting)
	})
}

// A channelListener accepts what a channel gives, until it is closed.
type channelListener struct {
	net.Listener
	waiting chan net.Conn
}

func (l channelListener) Accept() (net.Conn, error) {
	c, ok := <-l.waiting
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

// The client is told what is wrong and what to do, in printable characters.
func TestServerExplains(t *testing.T) {
	for _, test := range []struct {
		err    error
		status string
		body   string
	}{
		{&Refusal{Status: 403, Code: "LoginRequired", Message: "log in\x1b[31m with: ssoenv login dev\u202e"}, "403", `{"Code":"LoginRequired","Message":"log in\\u001b[31m with: ssoenv login dev\\u202e"}` + "\n"},
		{&Refusal{Status: 503, Code: "Unavailable", Message: "no answer"}, "503", `{"Code":"Unavailable","Message":"no answer"}` + "\n"},
		{errors.New("unexplained"), "503", `{"Code":"Unavailable","Message":"the credentials are being renewed; ask again"}` + "\n"},
	} {
		s, host := newServer(t, func(s *CredentialServer) {
			s.Keeper.Renew = func(context.Context) (store.Credentials, error) { return store.Credentials{}, test.err }
			s.Keeper.Set(store.Credentials{AccessKeyID: servedKeyID, SecretKey: servedSecret, Expires: time.Now().Add(-time.Second)})
		})
		answer := send(t, host, rightRequest(s))
		_, body, _ := strings.Cut(answer, "\r\n\r\n")
		if !strings.HasPrefix(answer, "HTTP/1.1 "+test.status) || body != test.body {
			t.Errorf("%v: got %q, want %s and %q", test.err, answer, test.status, test.body)
		}
	}
}

// Two hundred clients at once at a renewal: one call. The answers after it are from memory.
func TestServerUnderLoad(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	s, host := newServer(t, func(s *CredentialServer) {
		s.Keeper.Renew = func(context.Context) (store.Credentials, error) {
			calls.Add(1)
			time.Sleep(200 * time.Millisecond)
			return store.Credentials{AccessKeyID: "ASIARENEWED", SecretKey: servedSecret, Expires: time.Now().Add(time.Hour), RenewAt: time.Now().Add(45 * time.Minute)}, nil
		}
		s.Keeper.Set(store.Credentials{AccessKeyID: servedKeyID, SecretKey: servedSecret, Expires: time.Now(), RenewAt: time.Now()})
	})
	right := rightRequest(s)
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if answer := send(t, host, right); !strings.Contains(answer, "ASIARENEWED") {
				t.Errorf("got %q, want the new credentials", answer)
			}
		})
	}
	all.Wait()
	if n := calls.Load(); n != 1 {
		t.Errorf("got %d calls for 200 clients, want 1", n)
	}
	for range 200 {
		send(t, host, right)
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("got %d calls after 400 answers, want 1", n)
	}
}

// BenchmarkServer measures one cached answer, with the connection that it costs.
func BenchmarkServer(b *testing.B) {
	s, host := newServer(b, nil)
	right := rightRequest(s)
	for b.Loop() {
		send(b, host, right)
	}
}

// An addressed listener has an address and nothing else.
type addressed struct{ net.Listener }

func (addressed) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// The path and the token cannot be guessed, and no two servers have the same.
func TestServerSecrets(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		s := NewCredentialServer(addressed{}, nil)
		if len(s.Token) != 52 || len(s.path) != 27 || seen[s.path] || seen[s.Token.Reveal()] {
			t.Fatalf("got path of %d, token of %d characters, or one again", len(s.path), len(s.Token))
		}
		seen[s.path], seen[s.Token.Reveal()] = true, true
	}
}
