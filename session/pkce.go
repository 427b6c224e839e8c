package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
)

// loginWithCode logs in with a browser that comes back to this process.
func (c *Client) loginWithCode(ctx context.Context, sso SSOSession, options LoginOptions) (Token, error) {
	oidc, err := c.oidcClient(sso.Region)
	if err != nil {
		return Token{}, err
	}
	client, err := c.workingRegistration(ctx, sso, oidc)
	if err != nil {
		return Token{}, err
	}
	back, err := newCallback()
	if err != nil {
		return Token{}, err
	}
	defer back.close()

	verifier := randomText()
	challenge := sha256.Sum256([]byte(verifier))
	authorize, err := c.authorizeURL(ctx, sso.Region)
	if err != nil {
		return Token{}, err
	}
	// The service spells blanks as %20 and calls the parameter scopes.
	authorize.RawQuery = strings.ReplaceAll(url.Values{
		"response_type":         {"code"},
		"client_id":             {client.ClientID},
		"redirect_uri":          {back.uri},
		"state":                 {back.state},
		"code_challenge_method": {"S256"},
		"scopes":                {strings.Join(sso.Scopes, " ")},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}.Encode(), "+", "%20")
	expires := c.Now().Add(loginTimeout)
	if err := options.Show(LoginPrompt{Method: AuthorizationCode, URL: authorize.String(), Expires: expires}); err != nil {
		return Token{}, err
	}

	code, err := back.wait(ctx, options.Pasted, func() {
		c.warn("that is not the address that this login waits for: paste the whole of it, from %s to its end", back.uri)
	})
	if err != nil {
		back.finish(err)
		return Token{}, err
	}
	out, err := oidc.CreateToken(ctx, &ssooidc.CreateTokenInput{
		GrantType:    aws.String(grantAuthorizationCode),
		ClientId:     aws.String(client.ClientID),
		ClientSecret: aws.String(client.ClientSecret),
		Code:         aws.String(code),
		CodeVerifier: aws.String(verifier),
		RedirectUri:  aws.String(back.uri),
	})
	var token Token
	if err = apiError("CreateToken", err); err == nil {
		token, err = c.storeLogin(ctx, sso, client, out)
	}
	back.finish(err)
	return token, err
}

// workingRegistration returns a client that the portal still knows. An unknown
// one could only fail where this process cannot see it, on a page in the
// browser; so a cached one is first tried with a code that no portal gave,
// which a portal that knows the client answers with invalid_grant.
func (c *Client) workingRegistration(ctx context.Context, sso SSOSession, oidc *ssooidc.Client) (registration, error) {
	client, err := c.registration(ctx, sso, grantAuthorizationCode)
	if err != nil || client.isNew {
		return client, err
	}
	_, err = oidc.CreateToken(ctx, &ssooidc.CreateTokenInput{
		GrantType:    aws.String(grantAuthorizationCode),
		ClientId:     aws.String(client.ClientID),
		ClientSecret: aws.String(client.ClientSecret),
		Code:         aws.String(randomText()),
		CodeVerifier: aws.String(randomText()),
		RedirectUri:  aws.String(redirectURI),
	})
	if hasCode(apiError("CreateToken", err), codeInvalidClient, codeUnauthorizedClient) {
		return c.register(ctx, sso, grantAuthorizationCode)
	}
	return client, nil
}

// randomText is 256 random bits as 43 characters that a URL and RFC 7636 take
// as they are.
func randomText() string {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(bits[:])
}

// A callback is the address on this machine that a browser is sent back to.
// Only GET of the one path, at the literal address, with the state that only
// the portal has been told, counts; everything else is answered with a 4xx and
// the login goes on waiting.
type callback struct {
	uri   string
	state string

	host     string
	listener net.Listener
	server   *http.Server

	mu       sync.Mutex
	taken    bool
	results  chan callbackResult // the one that counts
	finished chan struct{}       // closed when outcome is known
	outcome  error
}

// An callbackResult is what the portal sent the browser back with.
type callbackResult struct {
	code   string
	denial string // the error parameter, for a login that was refused
}

func newCallback() (*callback, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("a port for the browser to come back to: %w", err)
	}
	host := listener.Addr().String()
	back := &callback{
		uri:      "http://" + host + redirectPath,
		state:    randomText(),
		host:     host,
		listener: listener,
		results:  make(chan callbackResult, 1),
		finished: make(chan struct{}),
	}
	back.server = &http.Server{
		Handler:           back,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       5 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go func() { _ = back.server.Serve(listener) }()
	return back, nil
}

// close stops listening, once the browser has had the page that it waits for.
func (b *callback) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if b.server.Shutdown(ctx) != nil {
		_ = b.server.Close()
	}
}

// wait returns the authorization code, from the browser or from what the
// person pasted. A line that is not the awaited address is mistaken, and the
// next one may be right.
func (b *callback) wait(ctx context.Context, pasted <-chan string, mistaken func()) (string, error) {
	timeout := time.NewTimer(loginTimeout)
	defer timeout.Stop()
	for {
		var got callbackResult
		select {
		case got = <-b.results:
		case line, open := <-pasted:
			if !open {
				pasted = nil
				continue
			}
			var ok bool
			if got, ok = b.readPasted(line); !ok {
				mistaken()
				continue
			}
		case <-timeout.C:
			return "", &LoginDeniedError{Reason: fmt.Sprintf("nobody logged in within %d minutes", loginTimeout/time.Minute), Late: true}
		case <-ctx.Done():
			return "", ctx.Err()
		}
		if got.denial == "access_denied" {
			return "", &LoginDeniedError{Reason: "the login was denied in the browser"}
		}
		if got.denial != "" {
			return "", &LoginDeniedError{Reason: "the portal refused the login: " + shorten(got.denial)}
		}
		return got.code, nil
	}
}

// readPasted takes the address that the browser was sent back to.
func (b *callback) readPasted(line string) (callbackResult, bool) {
	u, err := url.Parse(strings.TrimSpace(line))
	if err != nil {
		return callbackResult{}, false
	}
	return b.read(u.Query())
}

// read checks the state before it looks at anything else.
func (b *callback) read(query url.Values) (callbackResult, bool) {
	state := query["state"]
	if len(state) != 1 || subtle.ConstantTimeCompare([]byte(state[0]), []byte(b.state)) != 1 {
		return callbackResult{}, false
	}
	got := callbackResult{code: query.Get("code"), denial: query.Get("error")}
	return got, got.code != "" || got.denial != ""
}

// finish tells the browser how the login ended.
func (b *callback) finish(outcome error) {
	b.outcome = outcome
	close(b.finished)
}

func (b *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Host != b.host:
		// A page that had its own name resolve to this machine comes with
		// that name.
		refuse(w, http.StatusMisdirectedRequest)
		return
	case r.URL.Path != redirectPath:
		refuse(w, http.StatusNotFound)
		return
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed)
		return
	}
	got, ok := b.read(r.URL.Query())
	if !ok {
		refuse(w, http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	second := b.taken
	b.taken = true
	b.mu.Unlock()
	if second {
		refuse(w, http.StatusConflict)
		return
	}
	b.results <- got
	select {
	case <-b.finished:
		writePage(w, b.outcome)
	case <-r.Context().Done():
	}
}

func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Connection", "close")
	http.Error(w, "this is not what the login waits for", status)
}

//go:embed page.html
var page string

// writePage shows that the login is done, which it is by then, or what went
// wrong.
func writePage(w http.ResponseWriter, outcome error) {
	class, title, text := "good", "You are logged in", "ssoenv has your session. You can close this page and go back to the terminal."
	var denied *LoginDeniedError
	switch {
	case errors.As(outcome, &denied):
		class, title, text = "bad", "Not logged in", upperFirst(denied.Reason)+". The terminal says what to do."
	case outcome != nil:
		class, title, text = "bad", "The login failed", upperFirst(outcome.Error())+". The terminal says what to do."
	}
	filled := strings.NewReplacer("{{class}}", class, "{{title}}", html.EscapeString(title), "{{text}}", html.EscapeString(text)).Replace(page)
	_, style, _ := strings.Cut(page, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Connection", "close")
	_, _ = io.WriteString(w, filled)
}

func upperFirst(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
