//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// releasedProgram builds the program as it is released, without cgo, which reserves
// no more address space than it uses.
func releasedProgram(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ssoenv")
	c := exec.Command("go", "build", "-o", path, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// With hostile configs of up to 100 MB, in a gigabyte of address space, each command
// works or reports an error.
func TestConfigBombs(t *testing.T) {
	t.Parallel()
	model := newWorld(t)
	program := releasedProgram(t)
	const limit = 10<<20 - 4096 // beyond which no file is read
	const sections = 99_000     // nor one of a hundred thousand
	fill := func(size int, text string) string { return model.configText() + strings.Repeat(text, size/len(text)) }
	numbered := func(size int, format string) string {
		b := strings.Builder{}
		b.WriteString(model.configText())
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()[:size]
	}
	const profile = "[profile p%d]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = R\n"
	for name, text := range map[string]string{
		"a hundred megabytes":   fill(100<<20, "# x\n"),
		"a million profiles":    numbered(85<<20, profile),
		"a line of ten":         fill(10<<20, "a"),
		"many profiles":         numbered(sections*len(profile), profile),
		"headers":               numbered(sections*len("[profile p12345]\n"), "[profile p%d]\n"),
		"too many headers":      numbered(limit, "[profile p%d]\n"),
		"keys":                  numbered(limit, "k%d=\n"),
		"a line":                model.configText() + "x = " + strings.Repeat("a", limit-4096),
		"brackets":              fill(limit-4096, "["),
		"lines of brackets":     fill(limit-4096, "[\n"),
		"NUL":                   fill(limit-4096, "\x00"),
		"CRLF":                  strings.ReplaceAll(model.configText(), "\n", "\r\n") + strings.Repeat("\r\n", limit/2-4096),
		"a byte order mark":     "\ufeff" + model.configText(),
		"blocks":                numbered(limit, "# >>> ssoenv sync %[1]d >>>\n[profile %[1]d]\n# <<< ssoenv sync %[1]d <<<\n"),
		"blocks without an end": fill(limit-4096, "# >>> ssoenv sync corp >>>\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := model.copy(t)
			w.write(t, ".aws/config", text)
			for _, words := range []string{"list", "use dev --no-login", "doctor --offline",
				"configure --yes --sso-session corp --account 222222222222 --role ReadOnly --profile new"} {
				// The C library, which a release does not have, reserves addresses for each
				// thread.
				c := w.command(t, []string{"MALLOC_ARENA_MAX=1"}, "sh", "-c", "ulimit -v 1048576; exec "+program+" "+words)
				var said bytes.Buffer
				c.Stderr = &said
				out, err := c.Output()
				var exit *exec.ExitError
				if errors.As(err, &exit) && exit.ExitCode() > statusDenied || errors.As(err, &exit) && exit.ExitCode() == statusUsage ||
					bytes.Contains(said.Bytes(), []byte("fatal error")) {
					t.Errorf("%s: %v\n%.500s", words, err, &said)
				}
				if err != nil && said.Len() == 0 && len(out) == 0 {
					t.Errorf("%s: %v, and not a word", words, err)
				}
			}
		})
	}
}
