package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Root does not take over another user's file, which that user could then not write.
func TestStartupFileOfAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can have a file of another user in its home directory")
	}
	w := newWorld(t)
	w.write(t, ".bashrc", "alias x=y\n")
	if err := os.Chown(filepath.Join(w.home, ".bashrc"), int(otherUser.Uid), int(otherUser.Gid)); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, status := w.runProcess(t, nil, "init", "bash", "--install")
	if status != 1 || stdout != "false\n" || !strings.Contains(stderr, ".bashrc\" belongs to uid 65534, not to uid 0\nssoenv: hint: add this line to ~/.bashrc yourself:  eval ") {
		t.Errorf("got status %d, %q and\n%s", status, stdout, stderr)
	}
	if got := w.read(t, ".bashrc"); got != "alias x=y\n" {
		t.Errorf("the file is now %q", got)
	}
}
