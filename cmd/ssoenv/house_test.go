package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
)

const module = "github.com/ssoenv/ssoenv"

// layers says which packages of this module, and which of other modules, each
// package may import. docs/architecture.md explains it: change both, or neither.
var layers = map[string]struct {
	own    []string
	others []string
}{
	"cmd/ssoenv": {
		[]string{
			"session", "session/awsconfig", "session/profile", "session/store", "session/safetext", "shellinit", "completions", "cache",
			"cmd/internal/browser", "cmd/internal/doctor", "cmd/internal/keyring", "cmd/internal/layout", "cmd/internal/loopback",
			"cmd/internal/offline", "cmd/internal/picker", "cmd/internal/process", "cmd/internal/qrcode", "cmd/internal/shellenv", "cmd/internal/tty",
		},
		[]string{"github.com/urfave/cli/v2", "github.com/adrg/xdg"},
	},
	"cmd/ssoenv-front": {
		[]string{"session/safetext", "cmd/internal/front", "cmd/internal/offline", "cmd/internal/process", "cmd/internal/tty"}, nil,
	},
	"cmd/fakesso":          {[]string{"session/ssotest"}, nil},
	"cmd/internal/browser": {[]string{"cmd/internal/loopback", "session/awsconfig", "session/profile"}, []string{"golang.org/x/sys/windows"}},
	"cmd/internal/doctor": {
		[]string{"session", "session/profile", "session/store", "session/safetext", "cache", "shellinit", "cmd/internal/browser", "cmd/internal/shellenv"}, nil,
	},
	"cmd/internal/front": {
		[]string{
			"session/profile", "session/store", "session/safetext", "shellinit", "cache",
			"cmd/internal/layout", "cmd/internal/offline", "cmd/internal/process", "cmd/internal/shellenv", "cmd/internal/tty",
		}, nil,
	},
	"cmd/internal/keyring":  {nil, []string{"github.com/godbus/dbus/v5", "github.com/zalando/go-keyring"}},
	"cmd/internal/loopback": {nil, []string{"golang.org/x/sys/unix"}},
	"cmd/internal/offline": {
		[]string{"session/profile", "session/store", "session/safetext", "shellinit", "completions", "cache", "cmd/internal/layout", "cmd/internal/shellenv"},
		[]string{"github.com/adrg/xdg"},
	},
	"cmd/internal/layout":   {[]string{"session/safetext"}, nil},
	"cmd/internal/picker":   {[]string{"session/safetext", "cmd/internal/layout", "cmd/internal/tty"}, []string{"golang.org/x/text/unicode/norm"}},
	"cmd/internal/process":  {nil, []string{"golang.org/x/sys/unix", "golang.org/x/sys/windows"}},
	"cmd/internal/qrcode":   {nil, []string{"rsc.io/qr"}},
	"cmd/internal/shellenv": {[]string{"session/safetext", "shellinit"}, nil},
	"cmd/internal/tty":      {[]string{"session/safetext"}, []string{"github.com/mattn/go-isatty", "golang.org/x/sys/unix", "golang.org/x/sys/windows", "golang.org/x/term"}},

	"session": {
		[]string{"session/internal/awsapi", "session/internal/limiter", "session/profile", "session/store", "session/safetext"},
		[]string{
			"github.com/aws/aws-sdk-go-v2/aws",
			"github.com/aws/aws-sdk-go-v2/service/sso", "github.com/aws/aws-sdk-go-v2/service/ssooidc", "github.com/aws/aws-sdk-go-v2/service/sts",
		},
	},
	"session/internal/awsapi": {
		[]string{"session/profile", "session/safetext"},
		[]string{
			"github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/aws/middleware",
			"github.com/aws/aws-sdk-go-v2/service/sso", "github.com/aws/aws-sdk-go-v2/service/ssooidc", "github.com/aws/aws-sdk-go-v2/service/sts",
			"github.com/aws/smithy-go", "github.com/aws/smithy-go/middleware",
		},
	},
	"session/internal/limiter": {nil, nil},
	"session/store":            {[]string{"session/profile", "session/safetext", "cache"}, nil},
	"session/profile":          {[]string{"session/awsconfig", "session/safetext", "cache"}, []string{"github.com/rogpeppe/go-internal/diff"}},
	"session/awsconfig":        {[]string{"session/safetext"}, nil},
	"session/safetext":         {nil, []string{"golang.org/x/text/width"}},

	"cache":          {[]string{"cache/keychain"}, []string{"golang.org/x/sys/unix", "golang.org/x/sys/windows"}},
	"cache/keychain": {nil, nil},
	"shellinit":      {nil, nil},
	"completions":    {[]string{"session/safetext"}, nil},

	"scripts/interleave": {nil, nil},
	"scripts/licences":   {nil, nil},
	"scripts/mutants":    {nil, nil},
	"scripts/record":     {[]string{"session/ssotest"}, nil},
	"scripts/storm":      {[]string{"session/ssotest"}, []string{"github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/service/sts"}},
}

// testOnly are packages that only tests import. cmd/fakesso serves one of them
// as a program.
var testOnly = []string{"cache/stracetest", "cmd/internal/environ", "cmd/internal/keyringtest", "session/ssotest", "session/ssotest/devtools", "shellinit/ptytest"}

// offlinePackages must not be able to use the network: they run at every prompt,
// at every TAB and at a switch to cached credentials.
var offlinePackages = []string{
	"cache", "completions", "session/awsconfig", "session/profile", "session/safetext", "session/store", "shellinit",
	"cmd/internal/layout", "cmd/internal/offline", "cmd/internal/shellenv", "cmd/internal/front", "cmd/ssoenv-front",
}

// banned are the calls by which a library would read the process's environment,
// or write or exit without its caller.
var banned = map[string][]string{
	"os":  {"Getenv", "LookupEnv", "Environ", "Exit", "Stdout", "Stderr", "Stdin", "Args"},
	"fmt": {"Print", "Printf", "Println"},
	"log": {"Fatal", "Fatalf", "Fatalln", "Print", "Printf", "Println"},
}

type sourceFile struct {
	pkg, name string
	syntax    *ast.File
}

// sources returns the module's Go files that are not tests, for every system.
func sources(t *testing.T) []sourceFile {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "--full-name", ":/*.go").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	var files []sourceFile
	for name := range strings.Lines(string(out)) {
		name = strings.TrimSpace(name)
		if strings.HasSuffix(name, "_test.go") || strings.Contains(name, "/testdata/") {
			continue
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), "../../"+name, nil, parser.ParseComments)
		if os.IsNotExist(err) {
			continue // deleted, and not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, sourceFile{path.Dir(name), name, syntax})
	}
	if len(files) < 20 {
		t.Fatalf("got %d files, want at least 20", len(files))
	}
	return files
}

func TestImportsPointDown(t *testing.T) {
	for _, file := range sources(t) {
		if slices.Contains(testOnly, file.pkg) {
			continue
		}
		layer, ok := layers[file.pkg]
		if !ok {
			t.Errorf("%s: package %q is not in the table of layers", file.name, file.pkg)
			continue
		}
		for _, spec := range file.syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			own, isOwn := strings.CutPrefix(imported, module+"/")
			switch {
			case isOwn && !slices.Contains(layer.own, own):
				t.Errorf("%s imports %s, which is not in a layer below", file.name, own)
			case !isOwn && strings.Contains(imported, ".") && !slices.Contains(layer.others, imported):
				t.Errorf("%s imports %s, which the table of layers does not allow", file.name, imported)
			}
		}
	}
}

func TestOfflinePackagesLinkNoNetwork(t *testing.T) {
	args := []string{"list", "-deps", "-f", "{{.ImportPath}}"}
	for _, name := range offlinePackages {
		args = append(args, module+"/"+name)
	}
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for imported := range strings.Lines(string(out)) {
		imported = strings.TrimSpace(imported)
		if imported == "net" || strings.HasPrefix(imported, "net/http") || imported == "crypto/tls" || strings.HasPrefix(imported, "github.com/aws/") {
			t.Errorf("%s is linked, which uses the network", imported)
		}
	}
}

// The top level tells the story. Everything else has its place inside.
func TestTopLevel(t *testing.T) {
	want := []string{"cache", "cmd", "completions", "docs", "scripts", "session", "shellinit"}
	out, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "--full-name", ":/").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	var got []string
	for name := range strings.Lines(string(out)) {
		folder, _, ok := strings.Cut(name, "/")
		if ok && !strings.HasPrefix(folder, ".") && !slices.Contains(got, folder) {
			got = append(got, folder)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("folders at the top level: got %q, want %q", got, want)
	}
}

// Only cmd/ssoenv knows the environment, the streams and the process.
func TestLibrariesReadNoEnvironment(t *testing.T) {
	for _, file := range sources(t) {
		isProgram := strings.HasPrefix(file.pkg, "cmd/") && !strings.HasPrefix(file.pkg, "cmd/internal/")
		if isProgram || strings.HasPrefix(file.pkg, "scripts/") || slices.Contains(testOnly, file.pkg) {
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
	documented := map[string]bool{}
	for _, file := range sources(t) {
		documented[file.pkg] = documented[file.pkg] || file.syntax.Doc != nil
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment", pkg)
		}
	}
}

// Every command has an action, and an action reads only flags that the table of
// commands has: urfave/cli returns the zero value for others without an error.
func TestActionsReadTheirFlags(t *testing.T) {
	known := map[string]bool{"version": true}
	for _, command := range offline.Commands() {
		if actions()[command.Name] == nil {
			t.Errorf("%s has no action", command.Name)
		}
		for _, flag := range command.Flags {
			known[flag.Name] = true
		}
	}
	if got, want := len(actions()), len(offline.Commands()); got != want {
		t.Errorf("got %d actions, want %d, one for each command", got, want)
	}
	read := 0
	for _, file := range sources(t) {
		if file.pkg != "cmd/ssoenv" {
			continue
		}
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			selector, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"String", "Bool", "Duration", "IsSet"}, selector.Sel.Name) {
				return true
			}
			literal, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				return true
			}
			name, _ := strconv.Unquote(literal.Value)
			if read++; !known[name] {
				t.Errorf("%s reads the flag --%s, which no command has", file.name, name)
			}
			return true
		})
	}
	if read < 30 {
		t.Errorf("got %d reads of flags, want at least 30", read)
	}
}

// docs/requirements.md names tests and scripts that exist, and so do the workflows: go
// test passes if it finds no test of the name.
func TestRequirementsNameTests(t *testing.T) {
	page, err := os.ReadFile("../../docs/requirements.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ci", "nightly", "release"} {
		workflow, err := os.ReadFile("../../.github/workflows/" + name + ".yml")
		if err != nil {
			t.Fatal(err)
		}
		page = append(page, workflow...)
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
			t.Errorf("there is no test %s", name)
		}
	}
	for _, name := range regexp.MustCompile(`\b[a-z_]+\.txtar`).FindAllString(string(page), -1) {
		if _, err := os.Stat("testdata/" + name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range regexp.MustCompile(`\b[a-z0-9/]+/[a-z0-9_]+_test\.go`).FindAllString(string(page), -1) {
		if _, err := os.Stat(filepath.Join("../..", name)); err != nil {
			t.Error(err)
		}
	}
	if named < 100 {
		t.Errorf("got %d names of tests, want at least 100", named)
	}
	rows := map[string]bool{}
	for _, id := range submatches(`(?m)^\| ([A-Z]\d+) \|`, string(page)) {
		if rows[id] {
			t.Errorf("docs/requirements.md has two rows %s", id)
		}
		rows[id] = true
	}
}
