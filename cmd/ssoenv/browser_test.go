package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// A tab is a page in a real, headless Chromium, spoken to over the pipes of
// the Chrome DevTools Protocol: messages of JSON, each ended by a zero byte.
type tab struct {
	in      io.Writer
	out     *bufio.Reader
	session string
	last    int
}

// chrome is a browser for ssoenv to open: it goes to the address, clicks the
// button whose id is $CLICK, waits for ssoenv's own page, and leaves that
// page's text in $PAGE and its picture in $PAGE.png.
func chrome() {
	text, err := visit(os.Args[len(os.Args)-1], os.Getenv("CLICK"), os.Getenv("PAGE")+".png")
	if err != nil {
		text = "chrome: " + err.Error()
	}
	// Chromium is gone by now, so that whoever waits for the file may clean up.
	_ = os.WriteFile(os.Getenv("PAGE")+".part", []byte(text), 0o600)
	_ = os.Rename(os.Getenv("PAGE")+".part", os.Getenv("PAGE"))
}

// visit returns the text of the page that the visit ends at.
func visit(address, button, picture string) (string, error) {
	toChrome, in, err := os.Pipe()
	if err != nil {
		return "", err
	}
	out, fromChrome, err := os.Pipe()
	if err != nil {
		return "", err
	}
	profile, err := os.MkdirTemp("", "chrome")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(profile) }()
	c := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--user-data-dir="+profile, "--window-size=900,700", "--remote-debugging-pipe", "about:blank")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.ExtraFiles = []*os.File{toChrome, fromChrome}
	if err := c.Start(); err != nil {
		return "", err
	}
	defer func() {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		_ = c.Wait()
	}()
	t := &tab{in: in, out: bufio.NewReader(out)}
	target, err := t.call("Target.createTarget", map[string]any{"url": address})
	if err != nil {
		return "", err
	}
	attached, err := t.call("Target.attachToTarget", map[string]any{"targetId": target["targetId"], "flatten": true})
	if err != nil {
		return "", err
	}
	t.session, _ = attached["sessionId"].(string)
	if err := t.click(button); err != nil {
		return "", err
	}
	if err := t.await(`document.title.startsWith("ssoenv:") && document.readyState == "complete"`); err != nil {
		return "", err
	}
	text, err := t.evaluate(`document.body.innerText`)
	if err != nil {
		return "", err
	}
	shot, err := t.call("Page.captureScreenshot", map[string]any{"format": "png"})
	if err != nil {
		return "", err
	}
	png, err := base64.StdEncoding.DecodeString(fmt.Sprint(shot["data"]))
	if err != nil {
		return "", err
	}
	return fmt.Sprint(text), os.WriteFile(picture, png, 0o600)
}

// click presses the mouse where the element is.
func (t *tab) click(id string) error {
	if err := t.await(fmt.Sprintf(`document.getElementById(%q) != null`, id)); err != nil {
		return err
	}
	at, err := t.evaluate(fmt.Sprintf(`(box => [box.left + box.width / 2, box.top + box.height / 2].join(" "))(document.getElementById(%q).getBoundingClientRect())`, id))
	if err != nil {
		return err
	}
	var x, y float64
	if _, err := fmt.Sscan(fmt.Sprint(at), &x, &y); err != nil {
		return err
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		if _, err := t.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}); err != nil {
			return err
		}
	}
	return nil
}

// await waits until the expression is true, on whatever page the tab is by
// then.
func (t *tab) await(expression string) error {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if value, err := t.evaluate(expression); err == nil && value == true {
			return nil
		}
	}
	shown, _ := t.evaluate(`document.documentElement.innerText`)
	return fmt.Errorf("never true: %s\n%v", expression, shown)
}

func (t *tab) evaluate(expression string) (any, error) {
	result, err := t.call("Runtime.evaluate", map[string]any{"expression": expression})
	if err != nil {
		return nil, err
	}
	value, _ := result["result"].(map[string]any)
	return value["value"], nil
}

// call sends one command and reads until its answer.
func (t *tab) call(method string, params map[string]any) (map[string]any, error) {
	t.last++
	message := map[string]any{"id": t.last, "method": method, "params": params}
	if t.session != "" {
		message["sessionId"] = t.session
	}
	data, err := json.Marshal(message)
	if err != nil {
		return nil, err
	}
	if _, err := t.in.Write(append(data, 0)); err != nil {
		return nil, err
	}
	for {
		data, err := t.out.ReadBytes(0)
		if err != nil {
			return nil, err
		}
		var answer struct {
			ID     int
			Result map[string]any
			Error  struct{ Message string }
		}
		if err := json.Unmarshal(data[:len(data)-1], &answer); err != nil {
			return nil, err
		}
		if answer.ID != t.last {
			continue
		}
		if answer.Error.Message != "" {
			return nil, fmt.Errorf("%s: %s", method, answer.Error.Message)
		}
		return answer.Result, nil
	}
}

// A real browser clicks Approve and Deny on the portal's page, and lands on
// ours.
func TestARealBrowser(t *testing.T) {
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Fatal("install chromium")
	}
	for _, test := range []struct{ click, page, terminal string }{
		{"approve", "You are logged in", `logged in to "corp"; renews automatically`},
		{"deny", "Not logged in", "the login was denied in the browser"},
	} {
		t.Run(test.click, func(t *testing.T) {
			w := newWorld(t)
			w.server.Change(func(s *ssotest.Settings) { s.AutoApprove = false })
			page := filepath.Join(w.home, "page")
			if keep := os.Getenv("SSOENV_TEST_PAGES"); keep != "" {
				page = filepath.Join(keep, test.click)
			}
			out, err := w.command(t, []string{"BROWSER=chrome", "CLICK=" + test.click, "PAGE=" + page}, "ssoenv", "login", "dev").CombinedOutput()
			if (err == nil) != (test.click == "approve") || !strings.Contains(string(out), test.terminal) {
				t.Errorf("%v\n%s", err, out)
			}
			// The browser is still reading when the login is over.
			deadline := time.Now().Add(20 * time.Second)
			text, err := os.ReadFile(page)
			for ; err != nil && time.Now().Before(deadline); text, err = os.ReadFile(page) {
				time.Sleep(10 * time.Millisecond)
			}
			if !strings.Contains(string(text), test.page) {
				t.Errorf("the page: %v\n%s", err, text)
			}
		})
	}
}
