package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A message is a text of the program that a user may read.
type message struct {
	where string // FILE:LINE
	text  string
}

// messageFolders are the folders with texts for the user. The hooks are in shellinit.
var messageFolders = []string{
	"cmd/ssoenv", "cmd/internal/*", "session", "session/profile", "session/store", "session/awsconfig", "session/internal/*", "cache", "shellinit",
}

// hookMessage finds what a hook says: the rest of a line from "ssoenv: " on.
var hookMessage = regexp.MustCompile(`ssoenv: [^"'` + "`" + `]*[a-z]{2}.*`)

// messages returns all texts of three words or more, but for those of the debug log
// and of a panic.
func messages(t *testing.T) []message {
	t.Helper()
	var found []message
	for _, folder := range messageFolders {
		for _, pattern := range []string{"*.go", "hook.*"} {
			files, err := filepath.Glob(filepath.Join("../..", folder, pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				switch {
				case strings.HasSuffix(file, "_test.go"), strings.Contains(file, "internal/environ/"), strings.Contains(file, "keyringtest/"):
				case strings.HasSuffix(file, ".go"):
					found = append(found, goMessages(t, file)...)
				default:
					found = append(found, hookMessages(t, file)...)
				}
			}
		}
	}
	return found
}

func goMessages(t *testing.T, file string) []message {
	t.Helper()
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []message
	ast.Inspect(parsed, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			return n.Tag == nil
		case *ast.CallExpr:
			switch f := n.Fun.(type) {
			case *ast.Ident:
				return f.Name != "panic"
			case *ast.SelectorExpr:
				return f.Sel.Name != "log"
			}
		case *ast.BasicLit:
			if n.Kind != token.STRING {
				break
			}
			text, err := strconv.Unquote(n.Value)
			if err == nil && len(regexp.MustCompile(`[A-Za-z]{2,}`).FindAllString(text, -1)) >= 3 && strings.Contains(strings.TrimSpace(text), " ") {
				at := files.Position(n.Pos())
				found = append(found, message{fmt.Sprintf("%s:%d", strings.TrimPrefix(file, "../../"), at.Line), strings.TrimSpace(text)})
			}
		}
		return true
	})
	return found
}

func hookMessages(t *testing.T, file string) []message {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var found []message
	for n, line := range strings.Split(string(text), "\n") {
		if said := hookMessage.FindString(line); said != "" && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			found = append(found, message{fmt.Sprintf("%s:%d", strings.TrimPrefix(file, "../../"), n+1), said})
		}
	}
	return found
}

// The list of all messages, with -v, is for reading them as a whole:
//
//	go test ./cmd/ssoenv -run 'TestMessages$' -v
//
// None has an excuse, or says that something failed without saying what is the case.
func TestMessages(t *testing.T) {
	bad := regexp.MustCompile(`(?i)\b(failed to|unable to|could not be able|please|sorry|oops|successfully|invalid|illegal)\b`)
	all := messages(t)
	for _, m := range all {
		t.Logf("%s: %s", m.where, strings.ReplaceAll(m.text, "\n", "\n\t"))
		// The texts of urfave/cli are only recognised.
		if word := bad.FindString(m.text); word != "" && !strings.Contains(m.text, " value %q for ") {
			t.Errorf("%s: %q is in: %s", m.where, word, m.text)
		}
	}
	if len(all) < 400 {
		t.Errorf("found only %d messages", len(all))
	}
}
