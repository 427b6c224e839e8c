package cache_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ssoenv/ssoenv/cache"
)

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("content of %s: got %q, %v, want %q", path, got, err, want)
	}
}

func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "b", "config")
	for _, text := range []string{"first", "", "the second, which is longer", "x"} {
		must(t, cache.ReplaceFile(path, []byte(text), 0o600))
		wantContent(t, path, text)
	}
	if got, want := names(t, filepath.Dir(path)), []string{"config"}; !slices.Equal(got, want) {
		t.Errorf("got names %q, want %q", got, want)
	}
}

func TestReplaceFileRelative(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, cache.ReplaceFile("config", []byte("x"), 0o600))
	must(t, cache.ReplaceFile(filepath.Join("a", "config"), []byte("y"), 0o600))
	wantContent(t, "config", "x")
	wantContent(t, filepath.Join("a", "config"), "y")
}

func TestReplaceFileKeepsTheLinks(t *testing.T) {
	// home/.aws -> ../dotfiles/my/aws, whose config is a chain of two links.
	// ".." in the second is the parent of dotfiles/my/aws, not of home/.aws.
	top := t.TempDir()
	for _, dir := range []string{"home", "dotfiles/my/aws", "shared"} {
		must(t, os.MkdirAll(filepath.Join(top, dir), 0o700))
	}
	links := map[string]string{
		"home/.aws":                   "../dotfiles/my/aws",
		"dotfiles/my/aws/config":      "config.link",
		"dotfiles/my/aws/config.link": "../../../shared/config",
	}
	for name, target := range links {
		must(t, os.Symlink(target, filepath.Join(top, name)))
	}
	for _, text := range []string{"created behind the links", "replaced behind the links"} {
		must(t, cache.ReplaceFile(filepath.Join(top, "home/.aws/config"), []byte(text), 0o600))
		wantContent(t, filepath.Join(top, "shared/config"), text)
		for name, target := range links {
			if got, err := os.Readlink(filepath.Join(top, name)); err != nil || got != target {
				t.Errorf("link %s: got target %q, %v, want %q", name, got, err, target)
			}
		}
	}
}

func TestReplaceFileKeepsTheMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	for _, mode := range []os.FileMode{0o600, 0o644, 0o664, 0o755} {
		must(t, os.WriteFile(path, nil, 0o600))
		must(t, os.Chmod(path, mode))
		must(t, cache.ReplaceFile(path, []byte("x"), 0o600))
		if info, err := os.Stat(path); err != nil || info.Mode() != mode {
			t.Errorf("mode: got %v, %v, want %v", info.Mode(), err, mode)
		}
	}
}
