package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/shellinit"
)

// A pair runs the small program and the full one with the same arguments and
// environment, in the same folder.
type pair struct {
	front, full string
	dir         string
}

// handedOver is the exit status of what is in place of the full program behind front. It
// writes nothing.
const handedOver = 99

func newPair(t *testing.T, dir string) pair {
	t.Helper()
	installed, err := exec.LookPath("ssoenv")
	if err != nil {
		t.Fatal(err)
	}
	p := pair{front: filepath.Join(t.TempDir(), "ssoenv"), full: filepath.Join(filepath.Dir(installed), offline.FullName), dir: dir}
	stub := filepath.Join(filepath.Dir(p.front), offline.FullName)
	// A second name of the file, so that it is the ssoenv in PATH.
	if err := errors.Join(os.Link(installed, p.front), os.WriteFile(stub, fmt.Appendf(nil, "#!/bin/sh\nexit %d\n", handedOver), 0o700)); err != nil {
		t.Fatal(err)
	}
	return p
}

// An outcome is what a run writes and how it ends.
type outcome struct {
	stdout, stderr string
	status         int
}

func (p pair) run(t *testing.T, program string, env, args []string, terminal bool) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := exec.Command(program, args...)
	c.Args[0], c.Env, c.Dir, c.Stdout, c.Stderr = "ssoenv", env, p.dir, &stdout, &stderr
	if !terminal {
		_ = c.Run()
		return outcome{stdout.String(), stderr.String(), c.ProcessState.ExitCode()}
	}
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = slave
	read := make(chan string)
	go func() {
		text, _ := io.ReadAll(master) // until the last writer has closed the other end
		read <- string(text)
	}()
	err = c.Run()
	_ = slave.Close()
	out := outcome{stdout.String(), <-read, c.ProcessState.ExitCode()}
	_ = master.Close()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return out
}

// compare reports whether front has answered. It fails the test if the full program would
// have answered otherwise, or if something was written before a run was handed over. A
// time may pass a minute between the two runs: one match in three is enough.
func (p pair) compare(t *testing.T, name string, env, args []string, terminal bool) (answered bool) {
	t.Helper()
	var front, full outcome
	for range 3 {
		front = p.run(t, p.front, env, args, terminal)
		if front.status == handedOver {
			if front != (outcome{status: handedOver}) {
				t.Errorf("%s, %q: handed over after %q and %q", name, args, front.stdout, front.stderr)
			}
			return false
		}
		if full = p.run(t, p.full, env, args, terminal); front == full {
			return true
		}
	}
	t.Errorf("%s, %q: the small program answers\n%q\n%q\n%d\nand the full one\n%q\n%q\n%d", name, args,
		front.stdout, front.stderr, front.status, full.stdout, full.stderr, full.status)
	return true
}

// frontConfig has, besides the usual profiles, one of every kind that is another case
// for a cached switch.
const frontConfig = `
[profile guarded]
sso_session = corp
sso_account_id = 222222222222
sso_role_name = Administrator
region = eu-west-1
ssoenv_confirm = true

[profile denied]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer
region = eu-west-1
ssoenv_agents = deny

[profile named]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer
region = eu-west-1
ssoenv_export = profile
output = yaml
endpoint_url = https://example.com

[profile static]
aws_access_key_id = AKIASTATICSTATIC0000
aws_secret_access_key = s$(touch x)'"
region = us-east-1

[profile chain]
source_profile = dev
role_arn = arn:aws:iam::222222222222:role/Deploy

[profile program]
credential_process = /bin/false

[profile login]
login_session = arn:aws:iam::111111111111:user/x

[profile broken]
sso_session = nosuch
sso_account_id = 111111111111
sso_role_name = Developer

[profile "a b'c"]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer
region = eu-central-1

[profile isolated]
sso_session = apart
sso_account_id = 111111111111
sso_role_name = Developer
[sso-session apart]
sso_start_url = https://apart.awsapps.com/start
sso_region = us-east-1
ssoenv_isolated = true
`

// frontArguments are words that may follow each command, a flag with its value.
var frontArguments = map[string][]string{
	"use":                {"dev", "prod", "plain", "guarded", "denied", "named", "static", "chain", "program", "broken", "a b'c", "isolated", "nosuch", "-", "", "111111111111/Developer", "--shell\tbash", "zsh", "fish", "nu", "sh", "--region\teu-west-1", "xx-west-1", "--no-login", "--yes", "--export\tprofile", "keys", "--no-browser", "--", "--help", "--shell=zsh"},
	"clear":              {"--shell\tbash", "fish", "x"},
	"adopt":              {"--shell\tbash", "zsh", "x"},
	"refresh":            {"--within\t3s", "x"},
	"prompt":             {"dev", "static", "named", "isolated", "nosuch", "guarded", "--format\t%p|%t|%a|%n|%r", "-", ""},
	"list":               {"--json", "--names", "dev", "*o*", "[", "nosuch", "222"},
	"status":             {"--json", "--check", "--min\t15m", "20h", "x", "--all"},
	"version":            {"--json", "x"},
	"init":               {"bash", "zsh", "fish", "nu", "elvish", "powershell", "xonsh", "sh", "/bin/bash", "--prompt", "direnv", "csh"},
	"completion":         {"bash", "zsh", "fish", "powershell", "nu", "x"},
	"complete":           {"bash", "zsh", "fish", "--", "ssoenv us", " ", "9", "ssoenv use ", "ssoenv use p", "ssoenv exec dev ", "ssoenv --"},
	"credential-process": {"dev", "plain", "guarded", "denied", "static", "program", "named", "-", "--format\tprocess", "aws-export", "x", "--no-login"},
	"exec":               {"dev", "guarded", "static", "named", "a b'c", "--region\teu-west-1", "--", "environ", "AWS_PROFILE", "AWS_REGION", "SSOENV_PROFILE", "nosuch"},
	"nosuch":             {"dev"},
	"--debug":            {"status"},
	"--version":          {"x"},
	"help":               {"use"},
	"use --help":         {"x"},
}

// newPairedWorld returns a world with frontConfig, in which the credentials of the profiles
// are cached, and the two programs. It skips the test if there is only one program.
func newPairedWorld(t *testing.T, cached ...string) (*world, pair) {
	t.Helper()
	if os.Getenv(aloneVariable) != "" {
		t.Skip("there is one program only")
	}
	w := newWorld(t)
	w.write(t, ".aws/config", w.read(t, ".aws/config")+frontConfig)
	w.logIn(t)
	for _, name := range cached {
		if out, err := w.command(t, nil, "ssoenv", "use", "--yes", "--shell", "bash", name).CombinedOutput(); err != nil {
			t.Fatalf("use %s: %v\n%s", name, err, out)
		}
	}
	return w, newPair(t, w.home)
}

// What the small program answers, the full one would have answered with the same
// bytes and the same status. What it does not answer, it hands over before it has written
// anything.
func TestFrontAnswersLikeTheFullProgram(t *testing.T) {
	t.Parallel()
	w, p := newPairedWorld(t, "dev", "plain", "denied", "a b'c")
	environments := frontEnvironments(t, w)
	const rounds = 300
	answered := map[string]int{}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	commands := slices.Sorted(maps.Keys(frontArguments))
	for i := range rounds {
		command := commands[i%len(commands)]
		args := strings.Fields(command)
		words := frontArguments[command]
		for range random.IntN(4) {
			args = append(args, strings.Split(words[random.IntN(len(words))], "\t")...)
		}
		e := environments[random.IntN(len(environments))]
		if p.compare(t, e.name, e.env, args, random.IntN(3) == 0) {
			answered[command]++
		}
	}
	for _, c := range []struct {
		env  int
		args string
	}{
		{0, "use dev"}, {0, "use --shell bash dev"}, {1, "use -"}, {1, "use plain --region eu-west-1"}, {1, "clear"}, {0, "clear"}, {1, "adopt --shell zsh"},
		{1, "refresh"}, {1, "prompt"}, {0, "prompt dev"}, {1, "status"}, {1, "status --json"}, {1, "status --check"}, {2, "status --min 20h"},
		{0, "list --names"}, {0, "version"}, {0, "--version"}, {0, "init bash --prompt"}, {0, "completion zsh"}, {0, "complete bash -- ssoenv   9"},
		{0, "credential-process dev"}, {0, "exec dev -- environ AWS_REGION"}, {0, "use --export profile plain"}, {2, "adopt"}, {2, "refresh"}, {1, "use corp:111111111111/Developer"},
	} {
		args := strings.Fields(c.args)
		if c.args == "complete bash -- ssoenv   9" {
			args = []string{"complete", "bash", "--", "ssoenv use ", " ", "9"}
		}
		for _, terminal := range []bool{false, true} {
			if !p.compare(t, environments[c.env].name, environments[c.env].env, args, terminal) {
				t.Errorf("%s, %s: handed over, want an answer", environments[c.env].name, c.args)
			}
		}
	}
	t.Logf("answered of %d: %v", rounds, answered)
}

// The full program asks, refuses and warns, and not the small one.
func TestFrontHandsOver(t *testing.T) {
	t.Parallel()
	w, p := newPairedWorld(t, "dev", "guarded", "denied")
	agent := append(slices.Clone(w.env), "CLAUDECODE=1")
	for _, test := range []struct {
		env  []string
		args string
	}{
		{w.env, "use guarded"}, {w.env, "use prod"}, {w.env, "exec guarded -- true"}, {w.env, "credential-process guarded"},
		{agent, "use denied"}, {agent, "exec dev -- true"}, {agent, "credential-process denied"},
		{w.env, "use nosuch"}, {w.env, "use"}, {w.env, "use --debug dev"}, {w.env, "use --shell csh dev"}, {w.env, "use --region xx-west-1 dev"},
		{w.env, "login dev"}, {w.env, "list nosuch"}, {w.env, "status --all"}, {w.env, "exec --serve dev -- true"},
		{w.env, "exec --each d* -- true"}, {w.env, "init bash --install"}, {w.env, "help"}, {w.env, "use --help"}, {w.env, ""},
		{w.env, "use ---shell bash dev"}, {w.env, "prompt dev --format -h"}, {agent, "list --json"},
	} {
		if got := p.run(t, p.front, test.env, strings.Fields(test.args), false); got != (outcome{status: handedOver}) {
			t.Errorf("%q: got %+v, want nothing and the status %d", test.args, got, handedOver)
		}
	}
	// A mode that is changed is said, by the program that changes it.
	tokens, err := filepath.Glob(filepath.Join(w.home, ".aws/sso/cache/*.json"))
	if err != nil || len(tokens) == 0 {
		t.Fatalf("no tokens: %v", err)
	}
	must(t, os.Chmod(tokens[0], 0o644))
	if got := p.run(t, p.front, w.env, []string{"use", "dev"}, false); got != (outcome{status: handedOver}) {
		t.Errorf("a token that others can read: got %+v, want nothing and the status %d", got, handedOver)
	}
	if info, err := os.Stat(tokens[0]); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the small program has changed the mode of the token: %v, %v", info.Mode(), err)
	}
}

type namedEnvironment struct {
	name string
	env  []string
}

// frontEnvironments returns the environments of shells. The first has no profile, the
// second has dev after plain, the third the name of a profile instead of credentials.
func frontEnvironments(t *testing.T, w *world) []namedEnvironment {
	t.Helper()
	plain := w.env
	switched := append(slices.Clone(plain), exported(t, w, plain, "use", "plain")...)
	switched = append(switched, exported(t, w, switched, "use", "dev")...)
	as := append(slices.Clone(plain), exported(t, w, plain, "use", "--export", "profile", "dev")...)
	with := func(env []string, more ...string) []string { return append(slices.Clone(env), more...) }
	return []namedEnvironment{
		{"no profile", plain},
		{"a switched shell", switched},
		{"AWS_PROFILE instead of keys", as},
		{"expired", with(switched, "SSOENV_EXPIRES=1700000000", "SSOENV_RENEW_AT=1699999000")},
		{"about to expire", with(switched, "SSOENV_RENEW_AT=1699999000")},
		{"forged", with(switched, "AWS_SECRET_ACCESS_KEY=forged")},
		{"another region", with(switched, "AWS_REGION=ap-south-1")},
		{"a profile that is gone", with(switched, "SSOENV_PROFILE=gone")},
		{"an agent", with(switched, "CLAUDECODE=1")},
		{"CI", with(plain, "CI=1", "AWS_PROFILE=prod")},
		{"own keys", with(plain, "AWS_ACCESS_KEY_ID=AKIAOWN", "AWS_SECRET_ACCESS_KEY=own")},
		{"debug", with(switched, "SSOENV_DEBUG=1")},
		{"direnv", with(switched, "DIRENV_DIFF=eJwDAAAAAAE", "DIRENV_IN_ENVRC=1")},
		{"in a folder of direnv", with(switched, "DIRENV_DIFF=eJwDAAAAAAE")},
		{"a bad endpoint", with(switched, "AWS_ENDPOINT_URL_SSO=http://example.com")},
		{"served", with(plain, "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/x")},
		{"no config", with(plain, "AWS_CONFIG_FILE=/nonexistent")},
		{"a config that is a folder", with(plain, "AWS_CONFIG_FILE=/tmp")},
		{"another home", with(plain, "HOME=/nonexistent", "SSOENV_PROMPT_FORMAT=%p")},
		{"no home", with(plain, "HOME=")},
		{"a cache that is a file", with(plain, "XDG_CACHE_HOME=/dev/null")},
	}
}

// exported returns the variables that the shell code of a command exports.
func exported(t *testing.T, w *world, env []string, args ...string) []string {
	t.Helper()
	script := []string{"sh", "-c", `code=$(ssoenv "$@") && eval "$code" && env -0`, "sh"}
	c := w.command(t, nil, append(script, args...)...)
	c.Env = env
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, stderrOf(err))
	}
	var set []string
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if strings.HasPrefix(entry, "AWS_") || strings.HasPrefix(entry, "SSOENV_") {
			set = append(set, entry)
		}
	}
	return set
}

// An installation with the full program in libexec: what shells and direnv read, and what
// a credential_process is written with, names the public program, if either of the two is
// asked, and a link in PATH that leads to it.
func TestInstalledTreeNamesThePublicProgram(t *testing.T) {
	t.Parallel()
	if os.Getenv(aloneVariable) != "" {
		t.Skip("there is one program only")
	}
	w := newWorld(t)
	installed, err := exec.LookPath("ssoenv")
	if err != nil {
		t.Fatal(err)
	}
	prefix := filepath.Join(w.home, "prefix")
	public, full := filepath.Join(prefix, "bin/ssoenv"), filepath.Join(prefix, "libexec/ssoenv/ssoenv")
	link := filepath.Join(w.home, "links/ssoenv")
	for _, folder := range []string{public, full, link} {
		if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Link(installed, public), os.Link(filepath.Join(filepath.Dir(installed), offline.FullName), full), os.Symlink(public, link)); err != nil {
		t.Fatal(err)
	}
	system := "PATH=/usr/local/bin:/usr/bin:/bin"
	for _, shell := range append(shellinit.Names(), "direnv") {
		for _, test := range []struct{ program, path, want string }{
			{public, system, public},
			{full, system, public},
			{"ssoenv", "PATH=" + filepath.Dir(link) + ":/usr/bin:/bin", link},
			{full, "PATH=" + filepath.Dir(link) + ":/usr/bin:/bin", link},
		} {
			// sh finds the program in its own PATH.
			c := w.command(t, []string{test.path}, "/bin/sh", "-c", `"$1" init "$2"`, "sh", test.program, shell)
			out, err := c.Output()
			if err != nil || !strings.Contains(string(out), test.want) || strings.Contains(string(out), "libexec") {
				t.Errorf("%s init %s, %s: got %v and a text without %s or with libexec", test.program, shell, test.path, err, test.want)
			}
		}
	}
	out, err := w.command(t, []string{system}, full, "doctor", "--offline").CombinedOutput()
	if want := "~/prefix/bin/ssoenv and the full program behind it are of one build"; !strings.Contains(string(out), want) {
		t.Errorf("doctor: got %v\n%s\nwant %q", err, out, want)
	}
	if err := os.Remove(full); err != nil {
		t.Fatal(err)
	}
	out, err = w.command(t, []string{system}, "/bin/sh", "-c", `eval "$("$1" use nosuch)" && echo went on`, "sh", public).CombinedOutput()
	if err == nil || strings.Contains(string(out), "went on") || !strings.Contains(string(out), "ssoenv: the full program is missing; it belongs at "+full) {
		t.Errorf("without the full program: got %v and %q, want an error that names %s", err, out, full)
	}
}
