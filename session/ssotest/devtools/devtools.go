// Package devtools drives a headless Chromium through the Chrome DevTools Protocol,
// for tests only. The messages are JSON, each ended by a zero byte, over the two
// pipes of --remote-debugging-pipe.
//
// https://chromedevtools.github.io/devtools-protocol/ describes the methods.
package devtools

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// timeout is how long the browser may send nothing while an answer or a page is
// waited for, and how long Await waits.
const timeout = time.Minute

// A Browser is a running Chromium with one page. Its methods are not for use by
// several goroutines at once.
type Browser struct {
	cmd      *exec.Cmd
	dir      string
	in       *os.File
	messages chan message
	session  string // of the page; empty until it is attached
	last     int    // id of the last command
	loaded   string // loader id of the page that was loaded last
	logged   []string
}

type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Result json.RawMessage `json:"result"`
	Params json.RawMessage `json:"params"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// Open starts Chromium, or Google Chrome if that is installed instead, with an
// empty page and with a home of its own, which Close removes.
func Open() (_ *Browser, err error) {
	program, err := find()
	if err != nil {
		return nil, err
	}
	commandsOut, commands, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	events, eventsIn, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "chromium-")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-proxy-server",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--user-data-dir="+dir, "--window-size=900,700", "--remote-debugging-pipe", "about:blank")
	cmd.Env = append(cmd.Environ(), "HOME="+dir)
	cmd.ExtraFiles = []*os.File{commandsOut, eventsIn} // descriptors 3 and 4
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	_ = commandsOut.Close()
	_ = eventsIn.Close()
	b := &Browser{cmd: cmd, dir: dir, in: commands, messages: make(chan message, 1000)}
	go receive(events, b.messages)
	if err := b.attach(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", errors.New("no browser: install the package chromium")
}

// receive sends all messages of the browser, and closes both ends.
func receive(events *os.File, messages chan<- message) {
	defer close(messages)
	defer func() { _ = events.Close() }()
	for r := bufio.NewReader(events); ; {
		text, err := r.ReadString(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal([]byte(strings.TrimSuffix(text, "\x00")), &m) == nil {
			messages <- m
		}
	}
}

// attach makes a page and has its events and its log sent.
func (b *Browser) attach() error {
	var target struct{ TargetID string }
	if err := b.Call(&target, "Target.createTarget", map[string]any{"url": "about:blank"}); err != nil {
		return err
	}
	var session struct{ SessionID string }
	if err := b.Call(&session, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}); err != nil {
		return err
	}
	b.session = session.SessionID
	return errors.Join(b.Call(nil, "Page.enable", nil), b.Call(nil, "Page.setLifecycleEventsEnabled", map[string]any{"enabled": true}), b.Call(nil, "Log.enable", nil))
}

// Close ends the browser, and kills it if it does not end within timeout. The
// browser no longer writes to its home when Close returns.
func (b *Browser) Close() error {
	b.session = ""
	late := time.AfterFunc(timeout, func() { _ = b.cmd.Process.Kill() })
	defer late.Stop()
	if err := b.Call(nil, "Browser.close", nil); err != nil {
		_ = b.cmd.Process.Kill()
	}
	_ = b.cmd.Wait()
	_ = b.in.Close()
	return os.RemoveAll(b.dir)
}

// next receives one message and records what it says of the page.
func (b *Browser) next() (message, error) {
	select {
	case m, ok := <-b.messages:
		if !ok {
			return m, errors.New("the browser has ended")
		}
		switch m.Method {
		case "Log.entryAdded":
			var log struct{ Entry struct{ Level, Text string } }
			if json.Unmarshal(m.Params, &log) == nil && log.Entry.Level == "error" {
				b.logged = append(b.logged, log.Entry.Text)
			}
		case "Page.lifecycleEvent":
			var event struct{ LoaderID, Name string }
			if json.Unmarshal(m.Params, &event) == nil && event.Name == "load" {
				b.loaded = event.LoaderID
			}
		}
		return m, nil
	case <-time.After(timeout):
		return message{}, fmt.Errorf("the browser sent nothing for %v", timeout)
	}
}

// Call sends a command and stores its result in result, unless that is nil.
func (b *Browser) Call(result any, method string, params map[string]any) error {
	b.last++
	command := map[string]any{"id": b.last, "method": method}
	if params != nil {
		command["params"] = params
	}
	if b.session != "" {
		command["sessionId"] = b.session
	}
	text, err := json.Marshal(command)
	if err != nil {
		return err
	}
	if _, err := b.in.Write(append(text, 0)); err != nil {
		return err
	}
	for {
		m, err := b.next()
		if err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		switch {
		case m.ID != b.last:
		case m.Error != nil:
			return fmt.Errorf("%s: %s", method, m.Error.Message)
		case result == nil:
			return nil
		default:
			return json.Unmarshal(m.Result, result)
		}
	}
}

// Goto opens the address and waits until its page is loaded.
func (b *Browser) Goto(address string) error {
	var page struct{ LoaderID, ErrorText string }
	if err := b.Call(&page, "Page.navigate", map[string]any{"url": address}); err != nil {
		return err
	}
	if page.ErrorText != "" {
		return fmt.Errorf("%s: %s", address, page.ErrorText)
	}
	for b.loaded != page.LoaderID {
		if _, err := b.next(); err != nil {
			return err
		}
	}
	return nil
}

// Press clicks with the mouse in the middle of the element that a CSS selector
// finds.
func (b *Browser) Press(selector string) error {
	place, err := b.Evaluate(fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView(); const r = e.getBoundingClientRect(); return JSON.stringify({x: r.x + r.width/2, y: r.y + r.height/2}) })()`, selector))
	if err != nil {
		return err
	}
	var at struct{ X, Y float64 }
	if err := json.Unmarshal([]byte(fmt.Sprint(place)), &at); err != nil {
		return fmt.Errorf("no element %q on the page: %w", selector, err)
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		if err := b.Call(nil, "Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}); err != nil {
			return err
		}
	}
	return nil
}

// Click presses an element and waits until the page that follows is loaded.
func (b *Browser) Click(selector string) error {
	before := b.loaded
	if err := b.Press(selector); err != nil {
		return err
	}
	for b.loaded == before {
		if _, err := b.next(); err != nil {
			return err
		}
	}
	return nil
}

// Type inserts the text where the cursor is.
func (b *Browser) Type(text string) error {
	return b.Call(nil, "Input.insertText", map[string]any{"text": text})
}

// Text returns the text of the element that a CSS selector finds, or "" without
// one.
func (b *Browser) Text(selector string) (string, error) {
	text, err := b.Evaluate(fmt.Sprintf("document.querySelector(%q)?.textContent ?? ''", selector))
	return fmt.Sprint(text), err
}

// Evaluate returns the value of a JavaScript expression on the page.
func (b *Browser) Evaluate(expression string) (any, error) {
	var out struct{ Result struct{ Value any } }
	err := b.Call(&out, "Runtime.evaluate", map[string]any{"expression": expression})
	return out.Result.Value, err
}

// Await waits until the expression is true, on the page that is shown by then. It
// returns an error with that page's text after timeout.
func (b *Browser) Await(expression string) error {
	for deadline := time.Now().Add(timeout); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if value, err := b.Evaluate(expression); err == nil && value == true {
			return nil
		}
	}
	shown, _ := b.Evaluate(`document.documentElement.innerText`)
	return fmt.Errorf("not true within %v: %s, got the page:\n%v", timeout, expression, shown)
}

// Screenshot returns a picture of the page, in PNG.
func (b *Browser) Screenshot() ([]byte, error) {
	var shot struct{ Data []byte } // base64
	err := b.Call(&shot, "Page.captureScreenshot", map[string]any{"format": "png"})
	return shot.Data, err
}

// Errors returns the errors that are in the browser's log.
func (b *Browser) Errors() []string { return b.logged }
