package main

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/shellinit/ptytest"
)

// TestMain lets the test binary be the programs that the scripts run: ssoenv, and
// those around it.
func TestMain(m *testing.M) {
	testscript.Main(programs{m}, map[string]func(){
		"ssoenv":     recorded,
		"approve":    func() { recordArguments("approve"); approve() },
		"chrome":     func() { recordArguments("chrome"); chrome() },
		"goidentity": goIdentity,
		"gocalls":    goCalls,
		"stubborn":   stubborn,
	})
}

// aloneVariable, if it is set, lets the tests run the full program without the small one
// in front of it, as "go install" leaves it.
const aloneVariable = "TEST_ALONE"

// programs are in PATH while the tests run. There ssoenv is the two programs as they are
// installed: they start in less time than the test binary, and the tests start them
// thousands of times. Tests that record its output or trace it use the test binary.
type programs struct{ *testing.M }

// testBinaryDir is the directory in which all programs are the test binary.
var testBinaryDir string

func (p programs) Run() int {
	bin, _, _ := strings.Cut(os.Getenv("PATH"), string(os.PathListSeparator))
	testBinaryDir = filepath.Join(filepath.Dir(bin), "lookedinto")
	if err := build(bin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ptytest.DefaultSignals()
	for _, name := range tty.AgentVariables() { // the tests may be run by an agent
		_ = os.Unsetenv(name)
	}
	return p.M.Run()
}

// testBinaryPath returns a PATH with testBinaryDir instead of the directory of the
// built ssoenv.
func testBinaryPath() string {
	_, others, _ := strings.Cut(os.Getenv("PATH"), string(os.PathListSeparator))
	return "PATH=" + testBinaryDir + string(os.PathListSeparator) + others
}

// build makes the directory with the built ssoenv and environ.
func build(bin string) error {
	if err := errors.Join(os.Rename(bin, testBinaryDir), os.Mkdir(bin, 0o777)); err != nil {
		return err
	}
	others, err := filepath.Glob(filepath.Join(testBinaryDir, "*"))
	if err != nil {
		return err
	}
	for _, other := range others {
		if name := filepath.Base(other); name != "ssoenv" {
			err = errors.Join(err, os.Symlink(other, filepath.Join(bin, name)))
		}
	}
	words := []string{"build", "-o", bin}
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		words = append(words, "-race")
	}
	out, buildErr := exec.Command("go", append(words, ".", "../ssoenv-front", "../internal/environ")...).CombinedOutput()
	if buildErr != nil {
		buildErr = fmt.Errorf("go build: %w\n%s", buildErr, out)
	}
	if os.Getenv(aloneVariable) == "" {
		program, full := filepath.Join(bin, "ssoenv"), filepath.Join(bin, offline.FullName)
		err = errors.Join(err, os.Rename(program, full), os.Rename(filepath.Join(bin, "ssoenv-front"), program))
	}
	return errors.Join(err, buildErr, os.Symlink(filepath.Join(bin, "environ"), filepath.Join(testBinaryDir, "environ")))
}

// approve is a browser: it follows the redirects of the address and writes the last
// page to $PAGE.
func approve() {
	res, err := http.Get(os.Args[len(os.Args)-1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	page, _ := io.ReadAll(res.Body)
	if file := os.Getenv("PAGE"); file != "" {
		_ = os.WriteFile(file, page, 0o600)
	}
}

// The scripts are the specification, one behaviour each: the real program in real
// shells, against an Identity Center on the wire.
func TestScripts(t *testing.T) {
	t.Parallel()
	s := &search{}
	t.Cleanup(func() { s.report(t) })
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(env *testscript.Env) error { return setUpScript(env, s) },
		Condition: func(name string) (bool, error) {
			if name != "http2" {
				return false, fmt.Errorf("there is no condition %q", name)
			}
			return os.Getenv(http2Variable) != "", nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fake":    fakeCommand,
			"calls":   callsCommand,
			"issued":  issuedCommand,
			"status":  statusCommand,
			"keyring": keyringCommand,
		},
	})
}

// http2Variable, if it is set, lets the scripts talk HTTP/2 to the service, with net/http's
// debug log of it turned on: no secret may show up then either. Scripts about
// connections and certificates are skipped.
const http2Variable = "TEST_HTTP2"

type fakeKey struct{}

func setUpScript(env *testscript.Env, s *search) error {
	server := ssotest.New()
	server.AutoApprove = true
	server.Interval = time.Second
	listener := httptest.NewUnstartedServer(server)
	http2 := os.Getenv(http2Variable) != ""
	if listener.EnableHTTP2 = http2; http2 {
		listener.StartTLS()
	} else {
		listener.Start()
	}
	env.Defer(listener.Close)
	env.Values[fakeKey{}] = server

	home := filepath.Join(env.WorkDir, "home")
	if err := os.MkdirAll(filepath.Join(home, ".aws"), 0o700); err != nil {
		return err
	}
	// The scripts do not inherit the test's environment.
	env.Vars = []string{
		"HOME=" + home, "WORK=" + env.WorkDir, "TMPDIR=" + env.WorkDir,
		testBinaryPath(), "TERM=xterm", "LANG=C.UTF-8",
		"GORACE=atexit_sleep_ms=10",
		"BROWSER=approve",
		"URL=" + listener.URL,
		"AWS_ENDPOINT_URL_SSO=" + listener.URL,
		"AWS_ENDPOINT_URL_SSO_OIDC=" + listener.URL,
		"AWS_ENDPOINT_URL_STS=" + listener.URL,
		"AWS_ENDPOINT_URL_SIGNIN=" + listener.URL,
	}
	if http2 {
		file := filepath.Join(env.WorkDir, "fake.pem")
		certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: listener.Certificate().Raw})
		if err := os.WriteFile(file, certificate, 0o600); err != nil {
			return err
		}
		env.Vars = append(env.Vars, "SSL_CERT_FILE="+file, "GODEBUG=http2debug=2")
	}
	records, err := os.MkdirTemp("", "ssoenv-records-")
	if err != nil {
		return err
	}
	env.Setenv(recordsVariable, records)
	env.Defer(func() {
		t := env.T().(testing.TB)
		s.records(t, server, records)
		s.home(t, server, home)
		if err := os.RemoveAll(records); err != nil {
			t.Error(err)
		}
	})
	config, err := os.ReadFile(filepath.Join(env.WorkDir, "config"))
	if os.IsNotExist(err) {
		config, err = []byte(defaultConfig), nil
	}
	if err != nil {
		return err
	}
	text := strings.NewReplacer("$URL", listener.URL, "$WORK", env.WorkDir).Replace(string(config))
	return os.WriteFile(filepath.Join(home, ".aws", "config"), []byte(text), 0o600)
}

func fakeOf(ts *testscript.TestScript) *ssotest.Server {
	return ts.Value(fakeKey{}).(*ssotest.Server)
}

// fakeCommand changes the Identity Center:
//
//	fake fault op=CreateToken&kind=reset-before&times=2
//	fake token-lifetime 10m     role-lifetime, session-lifetime, … likewise
//	fake skew 10m               of its clock, ahead of ours
//	fake revoke sessions        or access-tokens, registrations
//	fake forget                 the calls so far
func fakeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: fake WHAT …")
	}
	server := fakeOf(ts)
	lifetime := func(set func(*ssotest.Settings, time.Duration)) {
		d, err := time.ParseDuration(args[1])
		ts.Check(err)
		server.Change(func(s *ssotest.Settings) { set(s, d) })
	}
	switch args[0] {
	case "fault":
		fault, err := ssotest.ParseFault(strings.ReplaceAll(args[1], "$URL", ts.Getenv("URL")))
		ts.Check(err)
		server.Fault(fault)
	case "faultless":
		server.ClearFaults()
	case "token-lifetime":
		lifetime(func(s *ssotest.Settings, d time.Duration) { s.TokenLifetime = d })
	case "role-lifetime":
		lifetime(func(s *ssotest.Settings, d time.Duration) { s.RoleLifetime = d })
	case "session-lifetime":
		lifetime(func(s *ssotest.Settings, d time.Duration) { s.SessionLifetime = d })
	case "code-lifetime":
		lifetime(func(s *ssotest.Settings, d time.Duration) { s.DeviceCodeLifetime = d })
	case "registration-lifetime":
		lifetime(func(s *ssotest.Settings, d time.Duration) { s.RegistrationLifetime = d })
	case "latency":
		lifetime(func(s *ssotest.Settings, d time.Duration) { s.Latency = d })
	case "skew":
		lifetime(func(s *ssotest.Settings, d time.Duration) { s.Skew = d })
	case "approval":
		server.Change(func(s *ssotest.Settings) { s.AutoApprove = args[1] == "automatic" })
	case "revoke":
		switch args[1] {
		case "sessions":
			server.RevokeSessions()
		case "access-tokens":
			server.RevokeAccessTokens()
		case "registrations":
			server.RevokeRegistrations()
		default:
			ts.Fatalf("fake revoke %s?", args[1])
		}
	case "forget":
		server.ForgetCalls()
	default:
		ts.Fatalf("fake %s?", args[0])
	}
}

// callsCommand checks how often an operation was called: calls OP N.
func callsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: calls OP N")
	}
	got := fakeOf(ts).Calls(ssotest.Op(args[0]))
	if (strconv.Itoa(got) == args[1]) == neg {
		ts.Fatalf("%s was called %d times", args[0], got)
	}
}

// issuedCommand checks that a file of "environ" output has exactly the credentials
// that the service issued last or, negated, none of them.
func issuedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: issued FILE")
	}
	text := ts.ReadFile(args[0])
	issued := fakeOf(ts).LastIssued()
	for _, want := range []string{
		fmt.Sprintf("AWS_ACCESS_KEY_ID=%q\n", issued.AccessKeyID),
		fmt.Sprintf("AWS_SECRET_ACCESS_KEY=%q\n", issued.SecretAccessKey),
		fmt.Sprintf("AWS_SESSION_TOKEN=%q\n", issued.SessionToken),
	} {
		if strings.Contains(text, want) == neg {
			ts.Fatalf("%s: %s", args[0], want)
		}
	}
}

// statusCommand runs a program that must end with the given status: status 3 ssoenv
// use dev.
func statusCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N PROGRAM …")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("%s ended with status %s, want %s", strings.Join(args[1:], " "), got, args[0])
	}
}
