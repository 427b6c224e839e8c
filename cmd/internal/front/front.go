// Package front answers what shells ask all day: at a prompt, at TAB and at a switch to
// cached credentials. It links no network. It asks nothing and explains nothing: what
// the environment, the config and the caches alone do not answer is left to the full
// program, and so are errors and warnings.
//
// A command is answered whole or not at all. Until it is, nothing is written, so that the
// full program can start from the beginning. Both take their texts and rules from the
// packages below; a test compares what they write.
package front

import (
	"cmp"
	"io"
	"os"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
	"github.com/ssoenv/ssoenv/shellinit"
)

// A Run is one run of the program.
type Run struct {
	Args    []string // with the program's name
	Environ []string // os.Environ
	Stdin   *os.File
	Stdout  *os.File
	Stderr  *os.File
	Now     func() time.Time
	Build   func() offline.Build

	// AllowDumps is called before a command takes the place of this process.
	AllowDumps func()

	env   map[string]string
	state shellenv.State
	paths offline.Paths

	line  map[string]string // the values of the flags
	args  []string          // the arguments
	words []string          // of another program, after those of exec

	// full is set if a cache had something to say, or the keyring was needed.
	full bool
}

// An answer is what a command writes and how it ends. Its zero value writes nothing, and
// ends with success.
type answer struct {
	stdout string
	lines  []string // for the user
	status int
	then   func() // called after the writing; may be nil
}

// commands are those that can be answered. ok is false if this run of one cannot.
var commands = map[string]func(*Run) (a answer, ok bool){
	"use":                (*Run).use,
	"clear":              (*Run).clear,
	"prompt":             (*Run).prompt,
	"adopt":              (*Run).adopt,
	"refresh":            (*Run).refresh,
	"complete":           (*Run).complete,
	"list":               (*Run).list,
	"status":             (*Run).status,
	"version":            (*Run).version,
	"init":               (*Run).init,
	"completion":         (*Run).completion,
	"exec":               (*Run).exec,
	"credential-process": (*Run).credentialProcess,
}

// Answer carries out the command line and returns the exit status. answered is false if
// that is for the full program; then nothing has been written.
func (r *Run) Answer() (status int, answered bool) {
	a, ok := r.answer()
	if !ok || r.full {
		return 0, false
	}
	if n, err := io.WriteString(r.Stdout, a.stdout); err != nil && n == 0 {
		return 0, false // it says what is wrong
	} else if err != nil {
		r.say("standard output: " + err.Error())
		return 1, true
	}
	for _, line := range a.lines {
		r.say(line)
	}
	if a.then != nil {
		a.then()
	}
	return a.status, true
}

func (r *Run) say(line string) { _, _ = io.WriteString(r.Stderr, safetext.Message(line)) }

func (r *Run) answer() (answer, bool) {
	if len(r.Args) == 2 && r.Args[1] == "--version" {
		return r.version()
	}
	w := offline.WalkArgs(r.Args[min(1, len(r.Args)):], offline.Commands())
	command, ok := commands[w.Name]
	if !ok || w.Command == nil || len(w.Global) > 0 || w.PendingFlag != "" {
		return answer{}, false
	}
	if r.line, ok = w.FlagValues(); !ok || r.has("debug") || w.AsksForHelp() {
		return answer{}, false
	}
	r.args, r.words = w.Arguments, w.Foreign
	r.env = offline.Environ(r.Environ)
	if r.state = shellenv.Read(r.env); r.state.Debug || r.has("json") && r.agent() != "" { // to whom errors are documents
		return answer{}, false
	}
	paths, err := offline.FindPaths(r.env)
	if r.paths = paths; err != nil {
		return answer{}, false
	}
	return command(r)
}

func (r *Run) has(flag string) bool {
	_, ok := r.line[flag]
	return ok
}

func (r *Run) agent() string { return tty.Terminal{Env: r.env}.Agent() }

// shell returns the shell to write for. ok is false if standard output is a terminal,
// where nothing is evaluated, or if the shell is unknown.
func (r *Run) shell() (shell shellinit.Shell, ok bool) {
	if tty.IsTerminal(r.Stdout) {
		return shellinit.Shell{}, false
	}
	return shellinit.Named(cmp.Or(r.line["shell"], "sh"))
}

// open reads the config and opens the caches as the full program does. ok is false if
// one of them cannot be used, or if there is anything to say about them.
func (r *Run) open() (*profile.Config, *store.Store, bool) {
	if offline.EndpointVariables(r.state).Check() != nil {
		return nil, nil, false
	}
	config, err := profile.ReadConfig(r.paths.Config, r.paths.Credentials)
	if err != nil {
		return nil, nil, false
	}
	if _, served := config.ServedProfile(); served {
		return nil, nil, false
	}
	tokens, tokensErr := cache.OpenShared(r.paths.Tokens)
	roles, rolesErr := r.paths.OpenRoles()
	private, privateErr := cache.Open(r.paths.Private)
	cli, cliErr := cache.OpenShared(r.paths.CLICache)
	if cmp.Or(tokensErr, rolesErr, privateErr, cliErr) != nil {
		return nil, nil, false
	}
	for _, dir := range []*cache.Dir{tokens, roles, private, cli} {
		dir.LeaveModes() // the full program says what it changes
	}
	return config, &store.Store{
		Tokens: tokens, Roles: roles, Private: private, CLIRoles: cli,
		Keyring: fullKeyring{r}, Now: r.Now, Warn: func(string) { r.full = true },
	}, true
}

// A fullKeyring leaves every run that needs a keyring to the full program.
type fullKeyring struct{ r *Run }

func (k fullKeyring) Read(string) (text string, found bool, err error) {
	k.r.full = true
	return "", false, nil
}

func (k fullKeyring) Write(string, string) error {
	k.r.full = true
	return nil
}

func (k fullKeyring) Delete(string) error {
	k.r.full = true
	return nil
}

func (r *Run) audience(credentialsLost bool) offline.Audience {
	return offline.Audience{State: r.state, Env: r.env, Now: r.Now(), AtTerminal: tty.IsTerminal(r.Stderr), CredentialsLost: credentialsLost}
}
