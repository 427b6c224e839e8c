package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/ssotest"
)

// After every script all output and files are searched for every secret that the
// service issued. So each new script also proves that no secret is shown.

// recordsVariable names the directory for the records. If it is not set, nothing is
// recorded.
const recordsVariable = "TEST_RECORDS"

// mayPrint are the secrets that a command prints on request. Standard output of the
// notRecorded commands, which print code or credentials, is not recorded.
var (
	mayPrint    = map[string][]ssotest.SecretKind{"console-stdout": {ssotest.SigninToken}}
	notRecorded = []string{"use", "clear", "logout", "adopt", "credential-process", "exec"}
)

// recorded is ssoenv with a copy of what it writes to its standard streams, unless
// they are terminals or, for standard output, devices. Its debug log is on; the log
// is removed from the output if the caller did not turn it on.
func recorded() {
	if os.Getenv(recordsVariable) == "" {
		main()
	}
	command := "none"
	if i := slices.IndexFunc(os.Args[1:], func(arg string) bool { return !strings.HasPrefix(arg, "-") }); i >= 0 {
		command = os.Args[1+i]
	}
	recordArguments(command)
	var ends []func()
	_, wanted := os.LookupEnv("SSOENV_DEBUG")
	switch wanted = wanted || slices.Contains(os.Args, "--debug"); {
	case isatty.IsTerminal(os.Stderr.Fd()):
	case command == "exec":
		ends = append(ends, teed(&os.Stderr, record(command+"-stderr")))
	case wanted:
		ends = append(ends, copied(&os.Stderr, record(command+"-stderr"), os.Stderr))
	default:
		_ = os.Setenv("SSOENV_DEBUG", "1")
		ends = append(ends, copied(&os.Stderr, record(command+"-stderr"), &withoutLog{to: os.Stderr}))
	}
	if info, err := os.Stdout.Stat(); err == nil && info.Mode()&os.ModeDevice == 0 && !slices.Contains(notRecorded, command) {
		ends = append(ends, copied(&os.Stdout, record(command+"-stdout"), os.Stdout))
	}
	log.SetOutput(os.Stderr) // it has the stream from before
	status := run()
	for _, end := range ends {
		end()
	}
	os.Exit(status)
}

// record makes a new file of the records. The beginning of its name says what it
// holds.
func record(name string) *os.File {
	file, err := os.CreateTemp(os.Getenv(recordsVariable), strings.ReplaceAll(name, "/", "_")+"-")
	if err != nil {
		panic(err)
	}
	return file
}

func recordArguments(name string) {
	if os.Getenv(recordsVariable) != "" {
		_, _ = record(name + "-arguments").WriteString(strings.Join(os.Args, "\n"))
	}
}

// copied has everything written to the stream from now on written to all of these.
// end waits until it was.
func copied(stream **os.File, to ...io.Writer) (end func()) {
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	*stream = w
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.MultiWriter(to...), r)
	}()
	return func() {
		_ = w.Close()
		<-done
	}
}

// teed is copied by another process, which goes on after ssoenv was replaced by the
// command of exec.
func teed(stream **os.File, to *os.File) (end func()) {
	tee := exec.Command("tee", to.Name())
	tee.Stdout = *stream
	w, err := tee.StdinPipe()
	if err == nil {
		err = tee.Start()
	}
	if err != nil {
		panic(err)
	}
	*stream = w.(*os.File)
	return func() {
		_ = w.Close()
		_ = tee.Wait()
	}
}

// withoutLog passes on what is written, except lines of the log. It does not wait
// for the end of a line.
type withoutLog struct {
	to   io.Writer
	line []byte // what has been held back: the beginning of a line of the log
	log  bool   // this line is one
	rest bool   // this line is none
}

const logMark = "ssoenv: debug:"

func (w *withoutLog) Write(text []byte) (int, error) {
	var out []byte
	for _, c := range text {
		if !w.rest && !w.log {
			w.line = append(w.line, c)
			if w.log = string(w.line) == logMark; !w.log && !strings.HasPrefix(logMark, string(w.line)) {
				out, w.rest = append(out, w.line...), true
			}
		} else if w.rest {
			out = append(out, c)
		}
		if c == '\n' {
			w.line, w.log, w.rest = nil, false, false
		}
	}
	if _, err := w.to.Write(out); err != nil {
		return 0, err
	}
	return len(text), nil
}

// A search counts what it has searched.
type search struct {
	mu                                              sync.Mutex
	places, streams, files, bytes, secrets, needles int
}

func (s *search) report(t *testing.T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Logf("searched %d places, with %d streams and %d files of %d bytes, for %d secrets in %d forms", s.places, s.streams, s.files, s.bytes, s.secrets, s.needles)
	if s.streams == 0 || s.files == 0 || s.secrets == 0 {
		t.Error("there was nothing to search, or to search for")
	}
}

// records searches the recorded output.
func (s *search) records(t testing.TB, server *ssotest.Server, records string) {
	t.Helper()
	files, err := os.ReadDir(records)
	if err != nil {
		t.Fatal(err)
	}
	secrets := server.Secrets()
	needles := needlesOf(secrets)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.places++
	s.secrets += len(secrets)
	s.needles += len(needles)
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(records, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		s.streams++
		s.bytes += len(text)
		what := file.Name()[:strings.LastIndexByte(file.Name(), '-')]
		for _, found := range findSecrets(text, needles) {
			if !slices.Contains(mayPrint[what], found.kind) {
				t.Errorf("%s has the %s (%s):\n%s", what, found.kind, found.form, text)
			}
		}
	}
}

// allowedFiles are the only files that may hold secrets, by kind; the paths are
// below the home.
var allowedFiles = map[ssotest.SecretKind]*regexp.Regexp{
	ssotest.Access:       regexp.MustCompile(`^\.aws/sso/cache/[0-9a-f]{40}\.json$`),
	ssotest.Refresh:      regexp.MustCompile(`^\.aws/sso/cache/[0-9a-f]{40}\.json$`),
	ssotest.ClientSecret: regexp.MustCompile(`^\.aws/sso/cache/[0-9a-f]{40}\.json$|^\.cache/ssoenv/[^/]+$`),
	ssotest.KeyID:        regexp.MustCompile(`^\.cache/ssoenv/roles/[^/]+$|^\.aws/cli/cache/[0-9a-f]{40}\.json$`),
	ssotest.SecretKey:    regexp.MustCompile(`^\.cache/ssoenv/roles/[^/]+$|^\.aws/cli/cache/[0-9a-f]{40}\.json$`),
	ssotest.SessionToken: regexp.MustCompile(`^\.cache/ssoenv/roles/[^/]+$|^\.aws/cli/cache/[0-9a-f]{40}\.json$`),
	ssotest.UserKey:      regexp.MustCompile(`^\.aws/(config|credentials)(\.before-ssoenv(-last)?)?$`),
}

// home searches all files below the home directory.
func (s *search) home(t testing.TB, server *ssotest.Server, home string) {
	t.Helper()
	needles := needlesOf(server.Secrets())
	s.mu.Lock()
	defer s.mu.Unlock()
	err := filepath.WalkDir(home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil // gone meanwhile, or shut away
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		s.files++
		s.bytes += len(text)
		name, err := filepath.Rel(home, path)
		if err != nil {
			return err
		}
		for _, found := range findSecrets(text, needles) {
			if where := allowedFiles[found.kind]; where == nil || !where.MatchString(name) {
				t.Errorf("the file %s has the %s (%s)", name, found.kind, found.form)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A needle is a secret in one of the forms in which it could appear.
type needle struct {
	kind ssotest.SecretKind
	form string
	text []byte
}

// needlesOf returns all forms of all secrets. Of a long secret it uses three parts,
// each of which is enough to recognise it.
func needlesOf(secrets []ssotest.Secret) []needle {
	const part = 24
	var needles []needle
	for _, secret := range secrets {
		text := secret.Text
		if secret.Kind == ssotest.KeyID {
			text = text[:len(text)-4] // the end of one may be shown, to tell it from others
		}
		if len(text) < 16 {
			// Too short for other forms.
			needles = append(needles, needle{secret.Kind, "itself", []byte(text)})
			continue
		}
		parts := []string{text}
		if len(text) > 4*part {
			middle := len(text) / 2
			parts = []string{text[part : 2*part], text[middle : middle+part], text[len(text)-part:]}
		}
		for _, part := range parts {
			for form, text := range forms(part) {
				if form == "itself" || text != part {
					needles = append(needles, needle{secret.Kind, form, []byte(text)})
				}
			}
		}
	}
	return needles
}

// forms returns the encodings of a text, by name.
func forms(text string) map[string]string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // strings always marshal
	}
	all := map[string]string{
		"itself":         text,
		"JSON":           strings.Trim(string(quoted), `"`),
		"in Go's quotes": strings.Trim(fmt.Sprintf("%q", text), `"`),
		"in a query":     url.QueryEscape(text),
		"in a path":      url.PathEscape(text),
		"hexadecimal":    hex.EncodeToString([]byte(text)),
		"HEXADECIMAL":    strings.ToUpper(hex.EncodeToString([]byte(text))),
	}
	for before := range 3 {
		// The text before shifts the text within its groups of three bytes;
		// characters that depend on neighbours are left out.
		for name, encoding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64 for URLs": base64.RawURLEncoding} {
			whole := text[:len(text)-(before+len(text))%3]
			encoded := encoding.EncodeToString([]byte(strings.Repeat("x", before) + whole))
			all[fmt.Sprint(name, " behind ", before)] = encoded[(before*8+5)/6:]
		}
	}
	return all
}

func findSecrets(text []byte, needles []needle) []needle {
	var found []needle
	for _, n := range needles {
		if bytes.Contains(text, n.text) {
			found = append(found, n)
		}
	}
	return found
}

// The search finds a secret in each of its forms, at any position.
func TestSearchFindsSecrets(t *testing.T) {
	server := ssotest.New()
	keys := server.IssueUserCredentials("111111111111", "robot")
	secrets := append(server.Secrets(), ssotest.Secret{Kind: ssotest.SessionToken, Text: `it's "q" \ ` + strings.Repeat("é/+&%", 50)})
	if len(server.Secrets()) != 1 || server.Secrets()[0].Text != keys.SecretAccessKey {
		t.Fatalf("the server knows of %v", server.Secrets())
	}
	for _, secret := range secrets {
		text := secret.Text
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		for name, shown := range map[string]string{
			"itself": text, "JSON": string(quoted), "quoted": fmt.Sprintf("%q", text), "a query": url.QueryEscape(text),
			"hex": hex.EncodeToString([]byte(text)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(text))),
			"base64": base64.StdEncoding.EncodeToString([]byte(text)), "base64, 1": base64.StdEncoding.EncodeToString([]byte(":" + text + ":")),
			"base64, 2": base64.URLEncoding.EncodeToString([]byte("a:" + text)), "the header": base64.StdEncoding.EncodeToString([]byte("user:" + text)),
			"all but its end": text[:max(len(text)*3/4, 40)],
		} {
			if len(findSecrets([]byte("before "+shown+" behind"), needlesOf(secrets))) == 0 {
				t.Errorf("%s is not found as %s: %s", secret.Kind, name, shown)
			}
		}
	}
	if found := findSecrets([]byte(strings.Repeat("an innocent line\n", 1000)), needlesOf(secrets)); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	if safetext.Secret("x").String() == "x" {
		t.Error("a secret prints itself")
	}
}

// Go's runtime prints the stacks of a crashing process. They hold no secret, at any
// point of the program.
func TestStacksShowNoSecret(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		op    ssotest.Op
		words []string
	}{
		"login":    {ssotest.RedeemCode, []string{"login", "prod", "--force"}},
		"exchange": {ssotest.GetRoleCredentials, []string{"use", "prod"}},
		"refresh":  {ssotest.RefreshToken, []string{"credential-process", "prod"}},
		"console":  {ssotest.GetSigninToken, []string{"console", "--print", "dev"}},
		"whoami":   {ssotest.GetCallerIdentity, []string{"whoami", "dev"}},
		"device":   {ssotest.PollDevice, []string{"login", "--force", "--device-code", "prod"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.logIn(t)
			if err := w.command(t, nil, "ssoenv", "use", "dev").Run(); err != nil {
				t.Fatal(err)
			}
			if c.op == ssotest.RefreshToken {
				w.expireToken(t)
			}
			w.server.ForgetCalls()
			w.server.Fault(ssotest.Fault{Op: c.op, Delay: 5 * time.Second})
			cmd := w.command(t, []string{"GOTRACEBACK=system", "SSOENV_DEBUG=1"}, append([]string{"ssoenv"}, c.words...)...)
			var said bytes.Buffer
			cmd.Stderr = &said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(20 * time.Second); w.server.Calls(c.op) == 0; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					_ = cmd.Process.Kill()
					t.Fatalf("%s was not called: %s", c.op, &said)
				}
			}
			if err := cmd.Process.Signal(syscall.SIGQUIT); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if !strings.Contains(said.String(), "goroutine 1") {
				t.Fatalf("there are no stacks: %s", &said)
			}
			for _, found := range findSecrets(said.Bytes(), needlesOf(w.server.Secrets())) {
				t.Errorf("the %s is in the stacks (%s)", found.kind, found.form)
			}
		})
	}
}
