package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A start-up file that has changed since it was read stays as it is, also if it would
// be removed, and a link to a file is not removed in its place.
func TestStartupFileIsNotRemoved(t *testing.T) {
	t.Parallel()
	p := &program{}
	dir := t.TempDir()
	path, link := filepath.Join(dir, "rc"), filepath.Join(dir, "link")
	must(t, os.WriteFile(path, []byte("line\nalias x=y\n"), 0o600))
	if _, err := p.replaceStartup(startupFile{path: path, exists: true, text: "line\n"}, ""); err == nil {
		t.Error("a file that has changed meanwhile: no error")
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "line\nalias x=y\n" {
		t.Errorf("the changed file is %q, %v", text, err)
	}
	must(t, os.Symlink(path, link))
	must(t, os.WriteFile(path, []byte("line\n"), 0o600))
	if _, err := p.replaceStartup(startupFile{path: link, exists: true, text: "line\n"}, ""); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || len(text) > 0 {
		t.Errorf("the file of the link is %q, %v, want it to be empty", text, err)
	}
	if _, err := os.Readlink(link); err != nil {
		t.Errorf("the link is gone: %v", err)
	}
}
