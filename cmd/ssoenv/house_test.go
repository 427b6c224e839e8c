package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/ssoenv/ssoenv"

// The floors: what each room may import of this module, and of others. An
// import that is not listed here is a change of the plan, to be made in both
// places or in neither.
var floors = map[string]struct {
	rooms   []string
	modules []string
}{
	"cmd/ssoenv": {
		[]string{"session", "session/safetext", "shellinit", "completions", "cache", "cmd/internal/picker"},
		[]string{
			"github.com/urfave/cli/v2", "github.com/adrg/xdg", "github.com/mattn/go-isatty", "github.com/zalando/go-keyring",
			"golang.org/x/sys/unix",
		},
	},
	"cmd/fakesso": {[]string{"session/ssotest"}, nil},
	"session": {
		[]string{"session/awsconfig", "session/safetext", "cache"},
		[]string{
			"github.com/aws/aws-sdk-go-v2/aws",
			"github.com/aws/aws-sdk-go-v2/service/sso", "github.com/aws/aws-sdk-go-v2/service/ssooidc", "github.com/aws/aws-sdk-go-v2/service/sts",
			"github.com/aws/smithy-go",
			"github.com/rogpeppe/go-internal/diff",
		},
	},
	"session/awsconfig":   {nil, nil},
	"session/safetext":    {nil, []string{"golang.org/x/text/width"}},
	"session/ssotest":     {nil, nil},
	"cache":               {nil, []string{"golang.org/x/sys/unix", "golang.org/x/sys/windows"}},
	"shellinit":           {nil, nil},
	"completions":         {nil, nil},
	"cmd/internal/picker": {nil, []string{"github.com/mattn/go-runewidth", "golang.org/x/sys/unix", "golang.org/x/term"}},
	"scripts/interleave":  {nil, nil},
	"scripts/licences":    {nil, nil},
	"scripts/mutants":     {nil, nil},
}

// libraries are given all they need. These calls would take it behind the
// caller's back, or speak to somebody whom only the entrance speaks to.
var banned = map[string][]string{
	"os":  {"Getenv", "LookupEnv", "Environ", "Exit", "Stdout", "Stderr", "Stdin", "Args"},
	"fmt": {"Print", "Printf", "Println"},
	"log": {"Fatal", "Fatalf", "Fatalln", "Print", "Printf", "Println"},
}

// testOnly are packages that only _test.go files import.
var testOnly = []string{"internal/devtools", "internal/environ", "internal/ptytest", "internal/stracetest", "session/ssotest"}

type sourceFile struct {
	room, name string
	syntax     *ast.File
}

// sources are the module's Go files that are no tests, for every system.
func sources(t *testing.T) []sourceFile {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "--full-name", ":/*.go").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	var files []sourceFile
	for name := range strings.Lines(string(out)) {
		name = strings.TrimSpace(name)
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), "../../"+name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, sourceFile{path.Dir(name), name, syntax})
	}
	if len(files) < 20 {
		t.Fatalf("only %d files found", len(files))
	}
	return files
}

func TestImportsPointDown(t *testing.T) {
	for _, file := range sources(t) {
		if strings.HasPrefix(file.room, "internal/") && slices.Contains(testOnly, file.room) {
			continue // what tests need
		}
		floor, ok := floors[file.room]
		if !ok {
			t.Errorf("%s: there is no room %q in the plan", file.name, file.room)
			continue
		}
		for _, spec := range file.syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			room, own := strings.CutPrefix(imported, module+"/")
			switch {
			case own && slices.Contains(testOnly, room) && file.room != "cmd/fakesso":
				t.Errorf("%s imports %s, which only tests may import", file.name, room)
			case own && !slices.Contains(floor.rooms, room):
				t.Errorf("%s imports %s, which is not below it", file.name, room)
			case !own && strings.Contains(imported, ".") && !slices.Contains(floor.modules, imported):
				t.Errorf("%s imports %s, which %s has no need of", file.name, imported, file.room)
			}
		}
	}
}

func TestLibrariesReadNoEnvironment(t *testing.T) {
	for _, file := range sources(t) {
		if slices.Contains(testOnly, file.room) {
			continue
		}
		if strings.HasPrefix(file.room, "cmd/") || strings.HasPrefix(file.room, "scripts/") {
			continue
		}
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			if selector, ok := node.(*ast.SelectorExpr); ok {
				if name, ok := selector.X.(*ast.Ident); ok && slices.Contains(banned[name.Name], selector.Sel.Name) {
					t.Errorf("%s uses %s.%s", file.name, name.Name, selector.Sel.Name)
				}
			}
			if function, ok := node.(*ast.FuncDecl); ok && function.Name.Name == "init" && function.Recv == nil {
				t.Errorf("%s has an init function", file.name)
			}
			return true
		})
	}
}

func TestEveryPackageHasADocComment(t *testing.T) {
	promised := map[string]bool{}
	for _, file := range sources(t) {
		promised[file.room] = promised[file.room] || file.syntax.Doc != nil
	}
	for room, ok := range promised {
		if !ok {
			t.Errorf("%s has no package comment", room)
		}
	}
}

// docs/requirements.md names only tests and scripts that exist.
func TestRequirementsNameTests(t *testing.T) {
	page, err := os.ReadFile("../../docs/requirements.md")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("git", "grep", "--untracked", "-hoE", `^func (Test|Fuzz)[A-Za-z0-9]+`, "--", ":/*_test.go").Output()
	if err != nil {
		t.Fatalf("git grep: %v", err)
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		known[strings.TrimPrefix(strings.TrimSpace(line), "func ")] = true
	}
	named := 0
	for _, name := range regexp.MustCompile(`\b(Test|Fuzz)[A-Z][A-Za-z0-9]+`).FindAllString(string(page), -1) {
		if named++; !known[name] {
			t.Errorf("there is no %s", name)
		}
	}
	for _, name := range regexp.MustCompile(`\b[a-z_]+\.txtar`).FindAllString(string(page), -1) {
		if _, err := os.Stat("testdata/" + name); err != nil {
			t.Error(err)
		}
	}
	if named < 100 {
		t.Errorf("only %d tests are named", named)
	}
}
