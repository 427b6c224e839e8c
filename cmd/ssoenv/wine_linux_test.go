package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/shellinit/ptytest"
)

// A wine is a world for the Windows program, with drive C: of its own.
type wine struct {
	*world
	bin    string // a directory, from which programs are run
	driveC string
}

// wineLimit is how long a program may take. Each starts wine.
const wineLimit = 5 * time.Minute

// newWine builds the Windows program and a new drive C:. It skips the test unless
// SSOENV_TEST_WINE is set, and then fails if what it needs is not installed.
func newWine(t *testing.T) *wine {
	t.Helper()
	if os.Getenv("SSOENV_TEST_WINE") == "" {
		t.Skip("SSOENV_TEST_WINE is not set (scripts/test --all sets it)")
	}
	const compiler = "x86_64-w64-mingw32-gcc"
	for _, program := range []string{"wine", "wineserver", compiler, "go"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%v (packages of Debian: wine, gcc-mingw-w64-x86-64)", err)
		}
	}
	w := &wine{world: newWorld(t), bin: t.TempDir()}
	prefix, err := os.MkdirTemp("", "ssoenv-wine-")
	if err != nil {
		t.Fatal(err)
	}
	w.driveC = filepath.Join(prefix, "drive_c")
	w.env = []string{
		"HOME=" + w.home, "USER=user", "PATH=" + os.Getenv("PATH"), "TERM=xterm", "LANG=C.UTF-8", "TMPDIR=" + prefix,
		"WINEPREFIX=" + prefix, "WINEDEBUG=-all", "WINEDLLOVERRIDES=winemenubuilder.exe,mscoree,mshtml=d",
		"AWS_ENDPOINT_URL_SSO=" + w.url, "AWS_ENDPOINT_URL_SSO_OIDC=" + w.url, "AWS_ENDPOINT_URL_STS=" + w.url, "AWS_ENDPOINT_URL_SIGNIN=" + w.url,
		"AWS_CONFIG_FILE=Z:" + strings.ReplaceAll(filepath.Join(w.home, ".aws/config"), "/", `\`),
	}
	t.Cleanup(func() {
		_ = w.command(t, nil, "wineserver", "-k").Run()
		_ = w.command(t, nil, "wineserver", "-w").Run()
		_ = os.RemoveAll(prefix)
	})
	w.write(t, ".aws/config", w.read(t, ".aws/config")+`
[profile coded]
role_arn = arn:aws:iam::333333333333:role/Admin
source_profile = dev
mfa_serial = arn:aws:iam::111111111111:mfa/me
region = eu-central-1
`)
	w.server.Change(func(s *ssotest.Settings) { s.PlainSecrets = true })

	// Else a program would start the server, which would keep its output open.
	if err := w.command(t, nil, "wineserver", "-p").Run(); err != nil {
		t.Fatalf("wineserver: %v", err)
	}
	w.build(t, "build", "-o", filepath.Join(w.bin, "ssoenv.exe"), ".")
	if err := w.commandWithin(t, wineLimit, nil, "wine", "wineboot", "-i").Run(); err != nil { // without output, for the same reason
		t.Fatalf("wineboot: %v", err)
	}
	library := filepath.Join(w.driveC, "windows/system32/bcryptprimitives.dll")
	if out, err := exec.Command(compiler, "-shared", "-O1", "-o", library, "testdata/windows/bcryptprimitives.c", "-ladvapi32").CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", compiler, err, out)
	}
	return w
}

// build runs go for Windows.
func (w *wine) build(t *testing.T, words ...string) {
	t.Helper()
	c := exec.Command("go", words...)
	c.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(words, " "), err, out)
	}
}

// program returns a Windows program with its arguments.
func (w *wine) program(t *testing.T, env []string, words ...string) *exec.Cmd {
	t.Helper()
	c := w.commandWithin(t, wineLimit, env, append([]string{"wine"}, words...)...)
	c.Dir, c.WaitDelay = w.bin, 10*time.Second
	return c
}

// run runs ssoenv.exe and returns its output with the line ends of Unix.
func (w *wine) run(t *testing.T, env []string, words ...string) (stdout, stderr string, status int) {
	t.Helper()
	c := w.program(t, env, append([]string{"ssoenv.exe"}, words...)...)
	var out, said strings.Builder
	c.Stdout, c.Stderr = &out, &said
	err := c.Run()
	return out.String(), said.String(), exitStatus(err)
}

// batch runs the lines as a batch file of cmd.exe and returns what is written.
func (w *wine) batch(t *testing.T, lines ...string) string {
	t.Helper()
	text := strings.Join(slices.Concat([]string{"@echo off"}, lines, []string{""}), "\r\n")
	if err := os.WriteFile(filepath.Join(w.bin, "test.cmd"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := w.program(t, nil, "cmd", "/c", "test.cmd").CombinedOutput()
	if err != nil {
		t.Errorf("batch file: %v", err)
	}
	return strings.ReplaceAll(string(out), "\r\n", "\n")
}

// wantAll expects each of the texts in what a program has written.
func wantAll(t *testing.T, got string, texts ...string) {
	t.Helper()
	for _, want := range texts {
		if !strings.Contains(got, want) {
			t.Errorf("got no %q in\n%s", want, got)
		}
	}
}

// What a user of Windows does first, in wine. Not tested here: PowerShell itself, a
// browser, the Credential Manager, other users of the machine, and all that wine does
// differently.
func TestOnWindows(t *testing.T) {
	w := newWine(t)
	out, _, status := w.run(t, nil, "version")
	if status != statusDone || !strings.HasPrefix(out, "ssoenv ") {
		t.Fatalf("version: got %d, %q", status, out)
	}
	out, _, _ = w.run(t, nil, "list", "--names")
	if want := "dev\nprod\nplain\nlegacy\ncoded\n"; strings.ReplaceAll(out, "\r", "") != want {
		t.Errorf("list: got %q, want %q", out, want)
	}
	out, said, status := w.run(t, nil, "use", "dev")
	if out != "false\n" || status != statusLogin || !strings.Contains(said, "ssoenv login dev") {
		t.Errorf("use without a login: got %d, %q, %s", status, out, said)
	}
	if _, said, status := w.run(t, nil, "login", "dev", "--device-code", "--no-browser"); status != statusDone || !strings.Contains(said, "logged in to") {
		t.Fatalf("login: got %d, %s", status, said)
	}
	t.Run("cmd", w.testCmd)
	t.Run("other shells", w.testShells)
	t.Run("programs", w.testPrograms)
	t.Run("files", w.testFiles)
	t.Run("console", w.testConsole)
	t.Run("units", w.testUnits)
}

// A switch of cmd.exe, the commands of a hook, a failure, and the way back.
func (w *wine) testCmd(t *testing.T) {
	use := func(command string) string {
		return `for /f "delims=" %%i in ('ssoenv.exe ` + command + `') do @set "%%i"`
	}
	const show = "echo [%AWS_ACCESS_KEY_ID%] [%AWS_SECRET_ACCESS_KEY%] [%AWS_REGION%] [%SSOENV_PROFILE%]"
	out := w.batch(t, "set AWS_REGION=eu-west-3", use("use dev"), show)
	first := w.server.LastIssued()
	wantAll(t, out, "["+first.AccessKeyID+"] ["+first.SecretAccessKey+"] [eu-central-1] [dev]\n")

	out = w.batch(t, "set AWS_REGION=eu-west-3", use("use dev"), "ssoenv.exe refresh", "echo refreshed %ERRORLEVEL%", use("adopt"), show,
		use("use nosuch"), show, use("clear"), show)
	second := w.server.LastIssued()
	now := "[" + second.AccessKeyID + "] [" + second.SecretAccessKey + "] [eu-central-1] [dev]\n"
	wantAll(t, out, "refreshed 0\n", now, "[] [] [eu-west-3] []\n")
	if strings.Count(out, now) != 2 {
		t.Errorf("got a change by a failure:\n%s", out)
	}
}

// Without --shell, code is for PowerShell, or for a shell that says that it is one of Unix.
func (w *wine) testShells(t *testing.T) {
	out, said, status := w.run(t, nil, "use", "dev")
	var changes []string
	if err := json.Unmarshal([]byte(out), &changes); err != nil || status != statusDone {
		t.Fatalf("PowerShell: got %d, %v, %s", status, err, said)
	}
	issued := w.server.LastIssued()
	for _, want := range []string{"AWS_SECRET_ACCESS_KEY=" + issued.SecretAccessKey, "AWS_SESSION_TOKEN=" + issued.SessionToken, "SSOENV_PROFILE=dev"} {
		if !slices.Contains(changes, want) {
			t.Errorf("PowerShell: got no %.30s", want)
		}
	}
	out, _, _ = w.run(t, []string{"MSYSTEM=MINGW64"}, "use", "dev")
	wantAll(t, out, "export AWS_SECRET_ACCESS_KEY=")
	out, _, _ = w.run(t, nil, "init", "powershell")
	wantAll(t, out, "function global:ssoenv {", `ssoenv.exe'`)
}

// Programs get credentials, and return their status.
func (w *wine) testPrograms(t *testing.T) {
	out := w.batch(t, "ssoenv.exe exec dev -- cmd /c exit 7", "echo status %ERRORLEVEL%", "ssoenv.exe exec dev -- cmd /c set AWS_A")
	wantAll(t, out, "status 7\n", "AWS_ACCESS_KEY_ID="+w.server.LastIssued().AccessKeyID+"\n")
	out, said, status := w.run(t, nil, "credential-process", "dev")
	var document struct {
		Version         int
		SecretAccessKey string
	}
	if err := json.Unmarshal([]byte(out), &document); err != nil || document.Version != 1 || document.SecretAccessKey != w.server.LastIssued().SecretAccessKey {
		t.Errorf("credential-process: got %d, %v, %s", status, err, said)
	}
}

// Role credentials lie sealed on the disk, and doctor says so.
func (w *wine) testFiles(t *testing.T) {
	out, said, _ := w.run(t, nil, "doctor")
	wantAll(t, out+said, "role credentials are stored on disk, sealed: C:", "tokens are stored in C:")
	sealed := 0
	err := filepath.WalkDir(filepath.Join(w.driveC, "users"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || strings.Contains(path, "/Temp/CMD") { // wine's cmd keeps what "for /f" reads
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.HasPrefix(text, []byte("ssoenv sealed 1\n")) {
			sealed++
		}
		for _, secret := range w.server.Secrets() {
			of := []ssotest.SecretKind{ssotest.SecretKey, ssotest.SessionToken, ssotest.KeyID}
			if slices.Contains(of, secret.Kind) && bytes.Contains(text, []byte(secret.Text)) {
				t.Errorf("%s has a %s", path, secret.Kind)
			}
		}
		return err
	})
	if err != nil || sealed == 0 {
		t.Errorf("got %d sealed files, %v", sealed, err)
	}
}

// mfaCodeOfFake is the code that the fake accepts.
const mfaCodeOfFake = "123456"

// start runs a line of cmd.exe at a console.
func (w *wine) start(t *testing.T, line string) *ptytest.Terminal {
	t.Helper()
	return ptytest.Start(t, w.program(t, nil, "cmd", "/c", line+" & echo ended"), ptytest.Size{Cols: 200, Rows: 50})
}

// expectShown waits for a text and returns everything that was written.
func expectShown(t *testing.T, s *ptytest.Terminal, text string) string {
	t.Helper()
	if _, _, ok := s.Find(regexp.MustCompile(regexp.QuoteMeta(text)), wineLimit); !ok {
		t.Fatalf("got no %q in %q", text, s.Shown())
	}
	return s.Shown()
}

// typeLine types a line. Wine's console loses what is typed before a program reads it,
// which it does a moment after its question.
func typeLine(s *ptytest.Terminal, text string) {
	time.Sleep(3 * time.Second)
	s.Type(text + "\r")
}

// At a console: a numbered list, and an MFA code that is not shown. The terminal stays
// open after the program, as wine's own processes have it.
func (w *wine) testConsole(t *testing.T) {
	s := w.start(t, "ssoenv.exe use >switch.txt")
	expectShown(t, s, "name:")
	typeLine(s, "2")
	wantAll(t, expectShown(t, s, "ended"), "1. dev", "2. prod")
	code, err := os.ReadFile(filepath.Join(w.bin, "switch.txt"))
	if err != nil {
		t.Fatal(err)
	}
	wantAll(t, string(code), "SSOENV_PROFILE=prod\n")

	s = w.start(t, "ssoenv.exe whoami coded & set /p X=again:")
	expectShown(t, s, "mfa/me:")
	typeLine(s, mfaCodeOfFake)
	expectShown(t, s, "again:")
	typeLine(s, "visible")
	shown := expectShown(t, s, "ended")
	wantAll(t, shown, "assumed-role/Admin", "visible")
	if strings.Contains(shown, mfaCodeOfFake) {
		t.Errorf("got the code in %q", shown)
	}
}

// Tests of packages that do something else on Windows.
func (w *wine) testUnits(t *testing.T) {
	for _, of := range []struct{ pkg, run string }{
		{"cache", "Seal|Ending|PlainFile|Damaged|Name|WhileOthersRead"},
		{"cmd/internal/tty", "HideInput|Console|ReadLines"},
	} {
		name := strings.ReplaceAll(of.pkg, "/", "-") + ".exe"
		w.build(t, "test", "-c", "-o", filepath.Join(w.bin, name), "github.com/ssoenv/ssoenv/"+of.pkg)
		shown := expectShown(t, w.start(t, name+" -test.v -test.run "+strings.ReplaceAll(of.run, "|", "^|")), "ended")
		if passed := strings.Count(shown, "--- PASS"); passed < 3 || strings.Contains(shown, "--- SKIP") || strings.Contains(shown, "FAIL") {
			t.Errorf("%s: %d passed\n%s", of.pkg, passed, shown)
		}
	}
}
