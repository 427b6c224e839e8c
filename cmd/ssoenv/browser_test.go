package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/ssotest/devtools"
)

// chrome is a browser for ssoenv to open. It opens the address, clicks the button
// with the id $CLICK, waits for ssoenv's own page, and writes that page's text to
// $PAGE and its picture to $PAGE.png.
func chrome() {
	text, err := visit(os.Args[len(os.Args)-1], os.Getenv("CLICK"), os.Getenv("PAGE")+".png")
	if err != nil {
		text = "chrome: " + err.Error()
	}
	// Chromium has ended by now: the test may remove its files when $PAGE exists.
	_ = os.WriteFile(os.Getenv("PAGE")+".part", []byte(text), 0o600)
	_ = os.Rename(os.Getenv("PAGE")+".part", os.Getenv("PAGE"))
}

// visit returns the text of ssoenv's own page, where the visit ends, and writes its
// picture into a file.
func visit(address, button, picture string) (_ string, err error) {
	b, err := devtools.Open()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	if err := b.Goto(address); err != nil {
		return "", err
	}
	if err := b.Click("#" + button); err != nil {
		return "", err
	}
	if err := b.Await(`document.title.startsWith("ssoenv:") && document.readyState == "complete"`); err != nil {
		return "", err
	}
	text, err := b.Text("body")
	if err != nil {
		return "", err
	}
	png, err := b.Screenshot()
	if err != nil {
		return "", err
	}
	return text, os.WriteFile(picture, png, 0o600)
}

// Chromium clicks Approve or Deny on the access portal's page and ends on ssoenv's
// page.
func TestARealBrowser(t *testing.T) {
	t.Parallel()
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
