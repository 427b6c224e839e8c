//go:build unix

package browser

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// A browser is started with web addresses only: ServeOnce and Open refuse others.
func TestWebAddressesOnly(t *testing.T) {
	marker := filepath.Join(t.TempDir(), "ran")
	for _, address := range []string{
		"file:///etc/passwd", "javascript:alert(1)", "--help", "-new-window", "", "http://evil.example/", "https://user@signin.aws.amazon.com/",
		"ftp://signin.aws.amazon.com/", "//signin.aws.amazon.com/", "https:signin.aws.amazon.com", "https:///etc/passwd", "https://x/\n--help", "https://x/ --help", "data:text/html,x", "vscode://x",
		"https://x/\x1b[2J", `https://x/"; touch x; "`,
	} {
		with := Command{"/bin/sh", "-c", "touch " + marker}
		if _, err := ServeOnce(t.Context(), with, address); err == nil {
			t.Errorf("ServeOnce(%q): got no error, want one", address)
		}
		if err := with.Open(address); err == nil {
			t.Errorf("Open(%q): got no error, want one", address)
		}
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("a browser was started, want none")
	}
}

// BROWSER may name several browsers, of which the first that exists is opened. A
// setting has no alternative.
func TestFind(t *testing.T) {
	for _, test := range []struct {
		env     map[string]string
		setting string
		want    []string // nil: an error
		text    string   // of the error
	}{
		{setting: "/bin/sh -c 'echo %s'", want: []string{"/bin/sh", "-c", "echo %s"}},
		{setting: "no-such-browser", text: `the browser "no-such-browser": `},
		{setting: "bin/firefox", text: `the browser "bin/firefox" has a relative path`},
		{setting: "sh 'x", text: `the command "sh 'x" has an open quote`},
		{env: map[string]string{"BROWSER": "/bin/sh"}, setting: "/bin/cat", want: []string{"/bin/cat"}},
		{env: map[string]string{"BROWSER": "no-such-browser:bin/sh: :/bin/sh -x:/bin/cat"}, want: []string{"/bin/sh", "-x"}},
	} {
		got, err := Find(test.env, test.setting)
		if (err == nil) != (test.want != nil) || !slices.Equal(got, test.want) || err != nil && !strings.Contains(err.Error(), test.text) {
			t.Errorf("Find(%v, %q) = %q, %v, want %q or %q", test.env, test.setting, got, err, test.want, test.text)
		}
	}
	for _, env := range []map[string]string{{}, {"BROWSER": "no-such-browser"}, {"DISPLAY": ":0", "CODESPACES": "true"}} {
		if got, err := Find(env, ""); runtime.GOOS != "darwin" && !errors.Is(err, ErrNone) {
			t.Errorf("Find(%v) = %q, %v, want ErrNone", env, got, err)
		}
	}
}
