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

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/store"
)

// loginWithCode logs in with a browser that is redirected to this process.
func (c *Client) loginWithCode(ctx context.Context, target loginTarget, options LoginOptions) (store.Token, error) {
	oidc, err := c.services(target.Network).OIDC(target.Region)
	if err != nil {
		return store.Token{}, err
	}
	client, err := c.workingRegistration(ctx, target, oidc)
	if err != nil {
		return store.Token{}, err
	}
	redirect, err := newCallback()
	if err != nil {
		return store.Token{}, err
	}
	defer redirect.close()

	verifier := randomText()
	challenge := sha256.Sum256([]byte(verifier))
	authorize, err := c.services(target.Network).AuthorizeURL(ctx, target.Region)
	if err != nil {
		return store.Token{}, err
	}
	// The service writes blanks as %20 and calls the parameter scopes.
	authorize.RawQuery = strings.ReplaceAll(url.Values{
		"response_type":         {"code"},
		"client_id":             {client.ClientID},
		"redirect_uri":          {redirect.uri},
		"state":                 {redirect.state},
		"code_challenge_method": {"S256"},
		"scopes":                {strings.Join(target.Scopes, " ")},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}.Encode(), "+", "%20")
	expires := c.Now().Add(loginTimeout)
	if err := options.Show(LoginPrompt{Method: AuthorizationCode, URL: authorize.String(), Expires: expires}); err != nil {
		return store.Token{}, err
	}

	code, err := redirect.wait(ctx, options.Pasted, func() {
		c.Warnf("that is not the address that this login waits for: paste the whole of it, from %s to its end", redirect.uri)
	})
	if err != nil {
		redirect.finish(err)
		return store.Token{}, err
	}
	out, err := oidc.CreateToken(ctx, &ssooidc.CreateTokenInput{
		GrantType:    aws.String(store.GrantAuthorizationCode),
		ClientId:     aws.String(client.ClientID),
		ClientSecret: aws.String(client.ClientSecret),
		Code:         aws.String(code),
		CodeVerifier: aws.String(verifier),
		RedirectUri:  aws.String(redirect.uri),
	})
	var token store.Token
	if err = awsapi.CallError("CreateToken", err); err == nil {
		token, err = c.storeLogin(ctx, target, client, out)
	}
	redirect.finish(err)
	return token, err
}

// workingRegistration returns a client that the service still knows. With an
// unknown one, the login fails on a page in the browser, which this process does
// not see. So a cached client is first used with an invalid code: the service
// answers invalid_grant if it knows the client.
func (c *Client) workingRegistration(ctx context.Context, target loginTarget, oidc *ssooidc.Client) (store.Registration, error) {
	client, isNew, err := c.registration(ctx, target, store.GrantAuthorizationCode)
	if err != nil || isNew {
		return client, err
	}
	_, err = oidc.CreateToken(ctx, &ssooidc.CreateTokenInput{
		GrantType:    aws.String(store.GrantAuthorizationCode),
		ClientId:     aws.String(client.ClientID),
		ClientSecret: aws.String(client.ClientSecret),
		Code:         aws.String(randomText()),
		CodeVerifier: aws.String(randomText()),
		RedirectUri:  aws.String(redirectURI),
	})
	if awsapi.HasCode(awsapi.CallError("CreateToken", err), awsapi.CodeInvalidClient, awsapi.CodeUnauthorizedClient) {
		return c.register(ctx, target, store.GrantAuthorizationCode)
	}
	return client, nil
}

// randomText returns 256 random bits as 43 characters that need no escaping in a
// URL and are valid as a code verifier of RFC 7636.
func randomText() string {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(bits[:])
}

// A callback is the loopback address to which the browser is redirected. It
// accepts one request: a GET of its path, with its address as the Host, and with
// the state that was sent to the service. It answers all others with a 4xx, and
// the login continues to wait.
type callback struct {
	uri   string
	state string

	host   string
	server *http.Server

	mu       sync.Mutex
	accepted bool
	results  chan callbackResult // receives the one that was accepted
	finished chan struct{}       // closed when outcome is set
	outcome  error
}

// A callbackResult is the query of the redirect.
type callbackResult struct {
	code   string
	denial string // the error parameter, if the login was denied
}

func newCallback() (*callback, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("no port for the browser to return to: %w", err)
	}
	host := listener.Addr().String()
	b := &callback{
		uri:      "http://" + host + redirectPath,
		state:    randomText(),
		host:     host,
		results:  make(chan callbackResult, 1),
		finished: make(chan struct{}),
	}
	b.server = &http.Server{
		Handler:           b,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       5 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go func() { _ = b.server.Serve(listener) }()
	return b, nil
}

// close stops listening. It waits up to a second for the browser to receive its
// page.
func (b *callback) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if b.server.Shutdown(ctx) != nil {
		_ = b.server.Close()
	}
}

// wait returns the authorization code, from the browser or from a line that the
// user pasted. For a line that is not the address of the redirect it calls
// badLine, and waits for the next one. It waits up to loginTimeout.
func (b *callback) wait(ctx context.Context, pasted <-chan string, badLine func()) (string, error) {
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
				badLine()
				continue
			}
		case <-timeout.C:
			return "", &LoginDeniedError{Reason: fmt.Sprintf("the login was not approved within %d minutes", loginTimeout/time.Minute), Late: true}
		case <-ctx.Done():
			return "", ctx.Err()
		}
		if got.denial == "access_denied" {
			return "", &LoginDeniedError{Reason: "the login was denied in the browser"}
		}
		if got.denial != "" {
			return "", &LoginDeniedError{Reason: "the access portal refused the login: " + awsapi.Shorten(got.denial)}
		}
		return got.code, nil
	}
}

// readPasted reads the query of an address of the redirect.
func (b *callback) readPasted(line string) (callbackResult, bool) {
	u, err := url.Parse(strings.TrimSpace(line))
	if err != nil {
		return callbackResult{}, false
	}
	return b.read(u.Query())
}

// read returns the result in a query. ok is false if the state is wrong, or if the
// query has neither a code nor an error.
func (b *callback) read(query url.Values) (result callbackResult, ok bool) {
	state := query["state"]
	if len(state) != 1 || subtle.ConstantTimeCompare([]byte(state[0]), []byte(b.state)) != 1 {
		return callbackResult{}, false
	}
	result = callbackResult{code: query.Get("code"), denial: query.Get("error")}
	return result, result.code != "" || result.denial != ""
}

// finish shows the outcome of the login in the browser. It must be called once.
func (b *callback) finish(outcome error) {
	b.outcome = outcome
	close(b.finished)
}

func (b *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Host != b.host:
		// A web page whose host name resolves to this machine sends that name.
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
	second := b.accepted
	b.accepted = true
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

// writePage writes the page of the outcome. The login is complete by then.
func writePage(w http.ResponseWriter, outcome error) {
	class, title, text, next := "good", "You are logged in", "ssoenv has your session.", "You can close this tab and go back to the terminal."
	if outcome != nil {
		class, title, text = "bad", "The login failed", upperFirst(outcome.Error())+"."
		next = "Close this tab and go back to the terminal: it says what to do."
	}
	if denied, ok := errors.AsType[*LoginDeniedError](outcome); ok {
		title, text = "Not logged in", upperFirst(denied.Reason)+"."
		next = "Close this tab. To log in, run the command in the terminal again."
	}
	filled := strings.NewReplacer("{{class}}", class, "{{title}}", html.EscapeString(title), "{{text}}", html.EscapeString(text), "{{next}}", next).Replace(page)
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
