package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/process"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

// An eachRun is one run of "exec --each". Its jobs are goroutines, each of which gets
// the credentials of one profile after the other and runs the command with them.
//
// A signal that ends ssoenv is sent on to all commands, no other is started, and
// ssoenv waits for them; a second one kills them.
type eachRun struct {
	p       *program
	client  *session.Client
	pacer   *session.Pacer
	o       eachOptions
	path    string // of the command
	targets []target
	results []eachResult // in the order of the targets

	loginMu sync.Mutex // of logins: one at a time
	logins  map[string]error

	mu      sync.Mutex
	cancel  context.CancelFunc
	running map[*exec.Cmd]string // the command of each profile
	ended   int                  // of the targets
	stopped bool                 // no command may be started
	broken  error                // standard output cannot be written
}

// An eachResult is what has become of one target.
type eachResult struct {
	err     error  // why the command did not run
	status  int    // of the command, or that of ssoenv after err
	ending  string // of the command in words, if it failed
	started bool
}

// errNotStarted is the error of a target whose turn has not come.
var errNotStarted = errors.New("not started")

func (p *program) newEachRun(client *session.Client, path string, targets []target, o eachOptions) *eachRun {
	r := &eachRun{
		p: p, client: client, pacer: client.NewPacer(), o: o, path: path, targets: targets,
		results: make([]eachResult, len(targets)), logins: map[string]error{}, running: map[*exec.Cmd]string{},
	}
	if !o.noLogin && p.terminal.CanPrompt() {
		ask := mfaCode(p.terminal)
		client.MFACode = func(ctx context.Context, prof profile.Profile) (string, error) {
			r.loginMu.Lock()
			defer r.loginMu.Unlock()
			return ask(ctx, prof)
		}
	}
	return r
}

func (r *eachRun) run() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r.cancel = cancel
	defer r.handleSignals()()
	defer r.showProgress()()
	next := make(chan int)
	var jobs sync.WaitGroup
	for range min(r.o.jobs, len(r.targets)) {
		jobs.Go(func() {
			// The thread ends with this goroutine, and with it go commands that are
			// left, if this process is killed: process.Separate.
			runtime.LockOSThread()
			for i := range next {
				r.results[i] = r.one(ctx, r.targets[i])
				r.report(i)
				r.mu.Lock()
				r.ended++
				r.mu.Unlock()
			}
		})
	}
	for i := range r.targets {
		next <- i
	}
	close(next)
	jobs.Wait()
	return r.summarize(ctx)
}

// progressDelay is how long a run lasts before the status line shows its progress, and
// progressInterval how often that changes.
const (
	progressDelay    = time.Second
	progressInterval = 250 * time.Millisecond
)

// showProgress shows on the status line how far the run is, until end is called. If
// standard output is a pipe, there is no status line: what reads it may write to the
// same terminal.
func (r *eachRun) showProgress() (end func()) {
	if info, err := r.p.stdout.Stat(); err != nil || !tty.IsTerminal(r.p.stdout) && !info.Mode().IsRegular() {
		r.p.waiter = nil
	}
	waiter := r.p.waiter
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		wait := progressDelay
		for {
			select {
			case <-time.After(wait):
				waiter.Progress(r.progress())
				wait = progressInterval
			case <-done:
				waiter.Progress("")
				return
			}
		}
	}()
	return func() { close(done); <-ended }
}

// progress says how many commands have ended, and where others are running.
func (r *eachRun) progress() string {
	names, ended := r.runningIn()
	text := fmt.Sprintf("%d of %s done", ended, layout.Count(len(r.targets), "profile"))
	if len(names) > 0 {
		text += "; running in " + safetext.Printable(strings.Join(names, ", "))
	}
	return text
}

// runningIn returns the sorted names of the profiles in which a command is running, and
// how many targets are done.
func (r *eachRun) runningIn() (names []string, ended int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range r.running {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, r.ended
}

// one gets the credentials of a target and runs the command with them.
func (r *eachRun) one(ctx context.Context, t target) eachResult {
	fail := func(err error) eachResult {
		if ctx.Err() != nil {
			err = errNotStarted
		}
		status, _ := r.p.remedies().remedy(nil, err)
		if errors.Is(err, errNotStarted) {
			status = statusInterrupted
		}
		return eachResult{err: err, status: status}
	}
	if t.err != nil || ctx.Err() != nil {
		return fail(t.err)
	}
	creds, err := r.credentials(ctx, t.profile)
	if err != nil {
		return fail(err)
	}
	plan := switchPlan{r.client, offline.Plan{Profile: t.profile, Credentials: creds, Region: cmp.Or(r.o.region, t.profile.Region)}}
	if r.o.exportsProfile(t.profile) {
		plan.AsProfile, plan.Credentials = true, store.Credentials{AccountName: creds.AccountName}
	}
	r.p.sayLines(plan.StaticKeysWarning(r.p.state))
	change, _ := plan.Switch().Apply(r.p.env)
	command := &exec.Cmd{Path: r.path, Args: r.o.command, Env: shellenv.Environ(change, r.p.environList)}
	return r.execute(command, t, fail)
}

// credentials is [program.fetchCredentials] for several profiles at once: with one
// login for each SSO session.
func (r *eachRun) credentials(ctx context.Context, prof profile.Profile) (store.Credentials, error) {
	creds, err := r.pacer.Renew(ctx, prof)
	if _, needed := errors.AsType[*store.LoginRequiredError](err); needed && !r.o.noLogin && r.p.terminal.HasUser() {
		if err := r.login(ctx, prof.SSOSession); err != nil {
			return store.Credentials{}, err
		}
		creds, err = r.pacer.Renew(ctx, prof)
	}
	if err != nil {
		return r.client.CachedAfter(ctx, prof, err)
	}
	return creds, nil
}

// login logs in to the SSO session, once in a run.
func (r *eachRun) login(ctx context.Context, sso profile.SSOSession) error {
	r.loginMu.Lock()
	defer r.loginMu.Unlock()
	key := strings.Join([]string{sso.Name, sso.StartURL, sso.Region}, "\n")
	err, done := r.logins[key]
	if !done {
		err = r.p.ensureLogin(ctx, r.client, sso, r.o.login, true)
		r.logins[key] = err
	}
	return err
}

// execute runs a command that has been prepared, and returns when it has ended and
// its output is written.
func (r *eachRun) execute(command *exec.Cmd, t target, fail func(error) eachResult) eachResult {
	out := r.newEachOutput(t)
	pipes, err := newOutputPipes(out.stdout, out.stderr)
	if err != nil {
		return fail(cannotRun(r.o.command[0], err, statusNotExecutable, nil))
	}
	defer pipes.close()
	command.Stdout, command.Stderr = pipes[0].writeEnd, pipes[1].writeEnd
	process.Separate(command)
	if err := r.start(command, t.name); err != nil {
		return fail(err)
	}
	pipes.copy()
	_ = command.Wait()   // its state says more
	pipes.commandEnded() // until then it may still be stopped and killed, with what it has left behind
	r.mu.Lock()
	delete(r.running, command)
	stopped := r.stopped
	r.mu.Unlock()
	if stopped {
		process.Signal(command, os.Kill) // what it has left behind
	}
	result := eachResult{started: true, status: process.Status(command.ProcessState)}
	if result.status != 0 {
		result.ending = command.ProcessState.String()
	}
	out.end(result.status)
	return result
}

// start starts a command, unless the run has been stopped.
func (r *eachRun) start(command *exec.Cmd, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return errNotStarted
	}
	if err := command.Start(); err != nil {
		return cannotRun(r.o.command[0], unwrapped(err), statusNotExecutable, nil)
	}
	r.running[command] = name
	return nil
}

// handleSignals handles signals until the function that it returns is called.
func (r *eachRun) handleSignals() (end func()) {
	signals := make(chan os.Signal, 8)
	done := make(chan struct{})
	ends := slices.DeleteFunc([]os.Signal{os.Interrupt, syscall.SIGHUP}, signal.Ignored)
	// SIGPIPE, or a closed standard output would end ssoenv and leave the commands.
	signal.Notify(signals, append(ends, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGPIPE)...)
	process.NotifyStop(signals)
	go func() {
		for {
			select {
			case sig := <-signals:
				switch {
				case sig == syscall.SIGPIPE:
				case process.IsStop(sig):
					process.Stop(r.commands())
				default:
					r.stop(sig)
				}
			case <-done:
				return
			}
		}
	}()
	return func() { signal.Stop(signals); close(done) }
}

// stop sends the signal to the commands, and lets no other be started. The second
// time, and after Ctrl-\, it kills them; another signal then ends ssoenv, which may be
// writing to a pipe that is not read.
func (r *eachRun) stop(sig os.Signal) {
	r.mu.Lock()
	again := r.stopped
	r.stopped = true
	r.mu.Unlock()
	r.cancel()
	names, _ := r.runningIn()
	if again || sig == syscall.SIGQUIT {
		sig, names = os.Kill, nil
		signal.Reset(os.Interrupt, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGQUIT)
	}
	for _, command := range r.commands() {
		process.Signal(command, sig)
	}
	if len(names) == 0 || r.isBroken() {
		return
	}
	said := make(chan struct{})
	go func() {
		defer close(said)
		again := ""
		if sig == os.Interrupt {
			again = " again"
		}
		r.p.say("stopping %s (Ctrl-C%s to kill)", strings.Join(names, ", "), again)
	}()
	select {
	case <-said:
	case <-time.After(100 * time.Millisecond): // it waits for output that is not read
	}
}

func (r *eachRun) commands() []*exec.Cmd {
	r.mu.Lock()
	defer r.mu.Unlock()
	commands := make([]*exec.Cmd, 0, len(r.running))
	for command := range r.running {
		commands = append(commands, command)
	}
	return commands
}

// isBroken reports whether standard output cannot be written. That is said once, at the
// end, and not which commands were stopped because of it.
func (r *eachRun) isBroken() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.broken != nil
}

// outputBroken stops the run after standard output could not be written.
func (r *eachRun) outputBroken(err error) {
	r.mu.Lock()
	first := r.broken == nil && !r.stopped
	if first {
		r.broken = fmt.Errorf("standard output: %w", err)
	}
	r.mu.Unlock()
	if first {
		r.stop(syscall.SIGTERM)
	}
}
