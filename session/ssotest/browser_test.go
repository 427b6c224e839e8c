package ssotest_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// TestBrowser uses the pages in Chromium. Only a browser can show that the content
// security policy allows the redirect from a form to the client's listener.
func TestBrowser(t *testing.T) {
	c := overLoopback(t, ssotest.New())
	callbacks := make(chan url.Values, 1)
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/callback" {
			callbacks <- r.URL.Query()
		}
	}))
	defer listener.Close()
	b := openBrowser(t)

	r := c.register(t, "authorization_code", "refresh_token")
	verifier, query := pkce(*r.ClientId)
	query.Set("redirect_uri", listener.URL+"/oauth/callback")
	b.open(c.base + "/authorize?" + query.Encode())
	b.click("#approve")
	result := <-callbacks
	if _, err := c.oidc.CreateToken(t.Context(), &ssooidc.CreateTokenInput{
		ClientId: r.ClientId, ClientSecret: r.ClientSecret, GrantType: aws.String("authorization_code"),
		Code: aws.String(result.Get("code")), CodeVerifier: &verifier, RedirectUri: aws.String(query.Get("redirect_uri")),
	}); err != nil || result.Get("state") != query.Get("state") {
		t.Errorf("approved: the listener got %v, CreateToken: %v; want state %q and a token", result, err, query.Get("state"))
	}
	b.open(c.base + "/authorize?" + query.Encode())
	b.click("#deny")
	if result := <-callbacks; result.Get("error") != "access_denied" {
		t.Errorf("denied: the listener got %v, want access_denied", result)
	}

	r = c.register(t)
	d := c.startDevice(t, r)
	b.open(*d.VerificationUri)
	b.press("#user_code")
	b.call("Input.insertText", map[string]any{"text": strings.ToLower(*d.UserCode)})
	b.click("#next")
	if code := b.text("#code"); code != *d.UserCode {
		t.Errorf("the page shows the code %q, want %q", code, *d.UserCode)
	}
	b.click("#approve")
	if done := b.text("#done"); !strings.Contains(done, "ssoenv can now access") {
		t.Errorf("after approval the page shows %q, want that ssoenv can now access", done)
	}
	if _, err := c.poll(t, r, d.DeviceCode); err != nil {
		t.Errorf("after approval: %v", err)
	}
	for _, entry := range b.errors {
		t.Errorf("error in the browser's log: %s", entry)
	}
}

// A browser is a headless Chromium, controlled with the DevTools protocol over two
// pipes.
type browser struct {
	t        *testing.T
	in       *os.File
	messages chan message
	session  string
	id       int
	page     string   // the loader id of the page that was loaded last
	errors   []string // errors in the browser's log
}

type message struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
}

// openBrowser starts a browser with an empty page. It is closed when the test ends.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Fatal("no browser: install the package chromium")
	}
	commandsOut, commands, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	events, eventsIn, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	cmd := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--no-proxy-server", "--user-data-dir="+home, "--remote-debugging-pipe")
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
	cmd.ExtraFiles = []*os.File{commandsOut, eventsIn} // descriptors 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	commandsOut.Close()
	eventsIn.Close()
	b := &browser{t: t, in: commands, messages: make(chan message, 1000)}
	go func() {
		defer close(b.messages)
		for r := bufio.NewReader(events); ; {
			line, err := r.ReadString(0)
			if err != nil {
				return
			}
			var m message
			if json.Unmarshal([]byte(strings.TrimSuffix(line, "\x00")), &m) == nil {
				b.messages <- m
			}
		}
	}()
	t.Cleanup(func() {
		b.call("Browser.close", nil) // so that it no longer writes to its profile
		cmd.Wait()
		commands.Close()
		events.Close()
	})
	var target struct{ TargetID string }
	b.result(&target, "Target.createTarget", map[string]any{"url": "about:blank"})
	var session struct{ SessionID string }
	b.result(&session, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true})
	b.session = session.SessionID
	b.call("Page.enable", nil)
	b.call("Page.setLifecycleEventsEnabled", map[string]any{"enabled": true})
	b.call("Log.enable", nil)
	return b
}

// next returns the browser's next message. It waits up to a minute.
func (b *browser) next() message {
	b.t.Helper()
	select {
	case m, ok := <-b.messages:
		if !ok {
			b.t.Fatal("the browser has exited")
		}
		switch m.Method {
		case "Log.entryAdded":
			var log struct{ Entry struct{ Level, Text string } }
			if json.Unmarshal(m.Params, &log) == nil && log.Entry.Level == "error" {
				b.errors = append(b.errors, log.Entry.Text)
			}
		case "Page.lifecycleEvent":
			var event struct{ LoaderID, Name string }
			if json.Unmarshal(m.Params, &event) == nil && event.Name == "load" {
				b.page = event.LoaderID
			}
		}
		return m
	case <-time.After(time.Minute):
		b.t.Fatal("no message from the browser within a minute")
	}
	return message{}
}

// call sends a command and returns its result.
func (b *browser) call(method string, params map[string]any) json.RawMessage {
	b.t.Helper()
	b.id++
	command := map[string]any{"id": b.id, "method": method}
	if params != nil {
		command["params"] = params
	}
	if b.session != "" && method != "Browser.close" {
		command["sessionId"] = b.session
	}
	text, err := json.Marshal(command)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(text, 0)); err != nil {
		b.t.Fatal(err)
	}
	for {
		if m := b.next(); m.ID == b.id {
			if m.Error != nil {
				b.t.Fatalf("%s: %s", method, m.Error)
			}
			return m.Result
		}
	}
}

// result is call with the result decoded into v.
func (b *browser) result(v any, method string, params map[string]any) {
	b.t.Helper()
	if err := json.Unmarshal(b.call(method, params), v); err != nil {
		b.t.Fatal(err)
	}
}

// open opens an address and waits until the page is loaded.
func (b *browser) open(address string) {
	b.t.Helper()
	var page struct{ LoaderID string }
	b.result(&page, "Page.navigate", map[string]any{"url": address})
	for b.page != page.LoaderID {
		b.next()
	}
}

// press clicks the mouse in the middle of an element.
func (b *browser) press(selector string) {
	b.t.Helper()
	var at struct{ X, Y float64 }
	place := b.evaluate(fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView(); const r = e.getBoundingClientRect(); return JSON.stringify({x: r.x + r.width/2, y: r.y + r.height/2}) })()`, selector))
	if err := json.Unmarshal([]byte(place), &at); err != nil {
		b.t.Fatalf("no element %q on the page: %v", selector, err)
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1})
	}
}

// click presses an element and waits until the next page is loaded.
func (b *browser) click(selector string) {
	b.t.Helper()
	before := b.page
	b.press(selector)
	for b.page == before {
		b.next()
	}
}

// text returns the text of an element, or "" if there is none.
func (b *browser) text(selector string) string {
	b.t.Helper()
	return b.evaluate(fmt.Sprintf("document.querySelector(%q)?.textContent ?? ''", selector))
}

// evaluate returns the value of a JavaScript expression on the page.
func (b *browser) evaluate(expression string) string {
	b.t.Helper()
	var out struct{ Result struct{ Value string } }
	b.result(&out, "Runtime.evaluate", map[string]any{"expression": expression})
	return out.Result.Value
}
