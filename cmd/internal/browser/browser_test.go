//go:build unix

package browser

import (
	"os"
	"path/filepath"
	"testing"
)

// A browser is started with nothing but an address of the web: what is none is
// neither handed off nor opened.
func TestBrowsersAreGivenAddressesOnly(t *testing.T) {
	marker := filepath.Join(t.TempDir(), "ran")
	for _, address := range []string{
		"file:///etc/passwd", "javascript:alert(1)", "--help", "-new-window", "", "http://evil.example/", "https://user@signin.aws.amazon.com/",
		"ftp://signin.aws.amazon.com/", "//signin.aws.amazon.com/", "https:signin.aws.amazon.com", "https:///etc/passwd", "https://x/\n--help", "https://x/ --help", "data:text/html,x", "vscode://x",
		"https://x/\x1b[2J", `https://x/"; touch x; "`,
	} {
		with := Command{"/bin/sh", "-c", "touch " + marker}
		if _, err := ServeOnce(t.Context(), with, address); err == nil {
			t.Errorf("%q is handed off", address)
		}
		if err := with.Open(address); err == nil {
			t.Errorf("%q is opened", address)
		}
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("a browser was started")
	}
}
