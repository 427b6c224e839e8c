package session

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/store"
)

// A memoryKeyring is a keyring in memory that fails after a number of requests.
type memoryKeyring struct {
	items  map[string]string
	breaks int // requests before it fails; -1: it never fails
}

var errLocked = errors.New("it is locked")

func (k *memoryKeyring) ask() error {
	if k.breaks == 0 {
		return errLocked
	}
	k.breaks--
	return nil
}

func (k *memoryKeyring) Read(name string) (string, bool, error) {
	text, found := k.items[name]
	return text, found, k.ask()
}

func (k *memoryKeyring) Write(name, text string) error {
	if err := k.ask(); err != nil {
		return err
	}
	k.items[name] = text
	return nil
}

func (k *memoryKeyring) Delete(name string) error {
	delete(k.items, name)
	return k.ask()
}

// newIsolated returns a client that is logged in, with its token in a keyring.
func newIsolated(t *testing.T) (*Client, *ssotest.Server, *memoryKeyring, profile.Profile) {
	t.Helper()
	c, server := newClient(t)
	k := &memoryKeyring{items: map[string]string{}, breaks: -1}
	c.Keyring = k
	p := profileNamed(t, c, "dev")
	p.SSOSession.Isolated = true
	if _, asked, err := c.Login(t.Context(), p.SSOSession, approving(c)); err != nil || !asked {
		t.Fatalf("Login: %v, %v", asked, err)
	}
	return c, server, k, p
}

// approving returns the options of a login that the user approves at once.
func approving(c *Client) LoginOptions {
	return LoginOptions{Show: func(challenge LoginPrompt) error {
		transport, err := c.Transport()
		if err != nil {
			return err
		}
		go func() {
			if res, err := (&http.Client{Transport: passOn{transport}}).Get(challenge.URL); err == nil {
				_ = res.Body.Close()
			}
		}()
		return nil
	}}
}

// passOn sends requests to 127.0.0.1 over the network, and others to the service.
type passOn struct{ service http.RoundTripper }

func (p passOn) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasPrefix(req.URL.Host, "127.0.0.1:") {
		return http.DefaultTransport.RoundTrip(req)
	}
	return p.service.RoundTrip(req)
}

func TestIsolatedTokenIsInTheKeyringAlone(t *testing.T) {
	c, _, k, p := newIsolated(t)
	if len(k.items) != 1 {
		t.Errorf("the keyring holds %d items", len(k.items))
	}
	keys, err := c.Tokens.Keys()
	if err != nil || len(keys) > 0 {
		t.Errorf("the token cache holds %q, %v", keys, err)
	}
	if keys, err = c.Private.Keys(); err != nil || len(keys) > 0 {
		t.Errorf("the private cache holds %q, %v", keys, err)
	}
	if _, err := c.Credentials(t.Context(), p); err != nil {
		t.Error(err)
	}
	if had, err := c.Logout(t.Context(), p.SSOSession); !had || err != nil || len(k.items) != 0 {
		t.Errorf("Logout = %v, %v; the keyring holds %d items", had, err, len(k.items))
	}
}

// A keyring that stops working before the refresh token is used, be it between a
// read and a write, keeps it from being used. No file is used instead of the
// keyring.
func TestRefreshWithABreakingKeyring(t *testing.T) {
	const secured = 4 // operations before the refresh; the next one stores the token
	for breaks := range secured + 3 {
		c, server, k, p := newIsolated(t)
		now := time.Now().Add(2 * time.Hour)
		c.Now = func() time.Time { return now }
		k.breaks = breaks
		token, err := c.Token(t.Context(), p.SSOSession)
		refreshes := server.Calls(ssotest.RefreshToken)
		var broken *store.KeyringError
		switch {
		case breaks < secured && (!errors.As(err, &broken) || !errors.Is(err, errLocked) || refreshes != 0):
			t.Errorf("broken after %d: %v, %d refreshes", breaks, err, refreshes)
		case breaks >= secured && (err != nil || token.Access == "" || refreshes != 1):
			t.Errorf("broken after %d: %v, %d refreshes", breaks, err, refreshes)
		case breaks >= secured && c.Persisted(p.SSOSession) != (breaks > secured):
			t.Errorf("broken after %d: got Persisted %v", breaks, c.Persisted(p.SSOSession))
		}
		if keys, err := c.Tokens.Keys(); err != nil || len(keys) > 0 {
			t.Errorf("broken after %d: the token cache holds %q, %v", breaks, keys, err)
		}
	}
}

func TestWithoutKeyring(t *testing.T) {
	c, server, _, p := newIsolated(t)
	server.ForgetCalls()
	c.Keyring = nil
	_, asked, err := c.Login(t.Context(), p.SSOSession, approving(c))
	if !is[*store.KeyringError](err) || asked || server.Calls(ssotest.RegisterClient) != 0 {
		t.Errorf("Login = %v, %v", asked, err)
	}
	if _, err := c.Credentials(t.Context(), p); !is[*store.KeyringError](err) {
		t.Errorf("Credentials: %v", err)
	}
	if had, err := c.Logout(t.Context(), p.SSOSession); had || !is[*store.KeyringError](err) {
		t.Errorf("Logout = %v, %v", had, err)
	}
}
