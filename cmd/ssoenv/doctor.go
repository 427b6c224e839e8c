package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/cmd/internal/doctor"
	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/shellinit"
)

type doctorOptions struct {
	json    bool
	offline bool
	fix     bool
	mark    string // what the shell function reports about itself; empty if it is not loaded
	segment bool   // the function has added its segment to the prompt
	prompt  string // what draws the prompt; empty if the shell has none
}

func doctorAction(p *program, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return p.doctor(doctorOptions{json: c.Bool("json"), offline: c.Bool("offline"), fix: c.Bool("fix"), mark: c.String("hook"), segment: c.Bool("hook-segment"), prompt: c.String("hook-prompt")})
}

// doctor runs all checks and prints their findings. With fix it applies the repairs
// first. The exit status is 1 if a problem remains.
func (p *program) doctor(o doctorOptions) error {
	findings, err := p.findings(o)
	if err != nil {
		return err
	}
	if o.fix {
		doctor.Fix(findings)
	}
	for _, f := range findings {
		if f.Status == doctor.Problem {
			err = statusError(statusFailed)
		}
	}
	if o.json {
		return cmp.Or(p.printJSON(findings), err)
	}
	return cmp.Or(p.print(p.doctorStyle().findingsText(findings)), err)
}

// doctorStyle returns words and whole lines unless standard output is a terminal.
func (p *program) doctorStyle() doctorStyle {
	style := doctorStyle{home: p.paths.Home}
	if tty.IsTerminal(p.stdout) {
		style.width, _ = tty.Size(p.stdout)
		style.marks = !p.noColor && tty.ShowsSymbols(p.env, runtime.GOOS)
	}
	return style
}

// findings runs the checks in the order in which they are shown. It returns an
// error if the user interrupts them.
func (p *program) findings(o doctorOptions) (findings []doctor.Finding, err error) {
	var warnings []doctor.Finding // of the client, during the check that is running
	add := func(more []doctor.Finding) {
		findings = append(append(findings, more...), warnings...)
		warnings = nil
	}
	format := p.doctorFormatter()

	shell := p.doctorShell(o)
	add(shell.Loaded())
	add(shell.Prompt())
	self, selfErr := os.Executable()
	if selfErr != nil {
		selfErr = fmt.Errorf("the path of this ssoenv: %w", selfErr)
		add(doctor.Failed("program", format, selfErr))
	} else {
		full := self
		self = offline.PublicPath(full)
		add(doctor.Program(self, p.env["PATH"]))
		if self != full {
			front, err := versionOf(self)
			add(doctor.Builds(self, front, builtFrom().Line(), err))
		}
	}

	environment := doctorEnvironment(p.state, p.env, format)
	var sessions []profile.SSOSession
	current := "config" // the check that a warning of the client is from
	client, err := p.quietClient()
	if err != nil {
		add(doctor.Failed("config", format, err))
	} else {
		client.Warn = func(line string) { warnings = append(warnings, doctor.Warn(current, line)) }
		environment.HasProfile = client.Config.HasProfile
		sessions, _ = client.Config.SSOSessions() // doctor.Config reports the others
		add(doctor.Config(client.Config, p.env, format))
		if selfErr == nil {
			add(doctor.Processes(client.Config, self))
		}
	}
	current = "session"
	add(doctor.Sessions(client, sessions, format))
	add(p.doctorCaches(format))
	if !o.offline {
		current = "network"
		ctx, stop := interruptible()
		defer stop()
		network := doctor.Network{Client: client, Sessions: sessions, Env: p.env, Proxy: http.ProxyFromEnvironment, Formatter: format}
		more, err := network.Check(ctx)
		if err != nil {
			return nil, err
		}
		add(more)
	}
	add(environment.Check())
	add(doctor.Kubeconfig(p.state, p.env, p.paths.Home, format))
	if _, err := exec.LookPath("direnv"); err == nil {
		add(p.doctorDirenv(self, selfErr, format))
	}
	add(doctor.Browsers(sessions, p.env, p.paths.Config, p.paths.CheckProgramFile))
	return findings, nil
}

func (p *program) doctorFormatter() doctor.Formatter {
	return doctor.Formatter{
		Now:          p.now,
		Time:         p.formatTime,
		Duration:     layout.FormatDuration,
		Count:        layout.Count,
		Regions:      offline.KnownRegions(),
		ShellWord:    shellinit.Word,
		EditLine:     p.editLine,
		LoginCommand: p.remedies().loginCommand,
		Explain: func(err error) (all []doctor.Explanation) {
			for _, each := range flattenJoined(err) {
				_, hints := p.remedies().remedy(nil, each)
				all = append(all, doctor.Explanation{Err: each, Hints: hints})
			}
			return all
		},
	}
}

// editLine returns the fix for a line of a file: a command line that opens it there in
// the user's editor, if that is one that is known to accept a line, or vi.
func (p *program) editLine(path string, line int) string {
	editor := cmp.Or(p.env["VISUAL"], p.env["EDITOR"], "vi")
	known := []string{"vi", "vim", "nvim", "nano", "emacs", "emacsclient", "micro", "kak", "joe", "ne", "mg"}
	if runtime.GOOS == "windows" || !shellinit.IsPlain(editor) || !slices.Contains(known, filepath.Base(editor)) {
		return fmt.Sprintf("fix line %d of %s", line, path)
	}
	return fmt.Sprintf("$ %s +%d %s", editor, line, shellinit.Word(path))
}

// doctorShell describes the shell that the function's mark names, else the one
// that started this process.
func (p *program) doctorShell(o doctorOptions) doctor.Shell {
	name, _, ok := strings.Cut(o.mark, ":")
	if !ok {
		name = tty.ParentShell(p.env)
	}
	shell, file := startup(name)
	described := doctor.Shell{
		Name:        name,
		Mark:        o.mark,
		DrawnBy:     o.prompt,
		Segment:     o.segment,
		Starship:    p.env["STARSHIP_SHELL"],
		HasUser:     p.terminal.HasUser(),
		StartupFile: file,
		StartupLine: shell.StartupLine(false),
		PromptLine:  shell.StartupLine(true),
	}
	if _, known := shellinit.Named(name); !known {
		return described
	}
	if found, err := p.startupFile(name); err == nil {
		described.StartupFile, described.Installed = found.shown, len(found.entries) > 0
		described.Install = func() error { return p.installStartup(name, false) }
	}
	return described
}

func doctorEnvironment(state shellenv.State, env map[string]string, format doctor.Formatter) doctor.Environment {
	return doctor.Environment{
		Env:        env,
		State:      state,
		Overriding: shellenv.Conflicting(),
		Formatter:  format,
	}
}

func (p *program) doctorCaches(format doctor.Formatter) []doctor.Finding {
	roles := doctor.Directory{Holds: "role credentials", Open: offline.OpenSealed}
	if roles.Path, roles.InMemory = p.paths.Roles(); !roles.InMemory {
		roles.Protection = (*cache.Dir).Protection
	}
	return doctor.Caches([]doctor.Directory{
		{Holds: "tokens", Path: p.paths.Tokens, Open: cache.OpenShared},
		roles,
		{Holds: "client registrations and locks", Path: p.paths.Private, Open: cache.Open},
	}, p.env, p.paths.CacheHome, format)
}

// versionOf returns what the program at the path, which is the public one of this
// installation, prints as its version.
func versionOf(path string) (string, error) {
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	out, err := exec.CommandContext(ctx, path, "version").Output()
	return string(out), err
}

// doctorDirenv checks the library function for direnv. It may name this program
// as it was called or by the path of its executable, self.
func (p *program) doctorDirenv(self string, selfErr error, format doctor.Formatter) []doctor.Finding {
	exe, err := offline.Executable(p.args[0])
	if err = cmp.Or(err, selfErr); err != nil {
		return doctor.Failed("direnv", format, err)
	}
	return doctor.Direnv(direnvFile(p.env), shellinit.Direnv(exe), shellinit.Direnv(self))
}

// quietClient returns a client that does not warn about the caches, which a check
// is for.
func (p *program) quietClient() (*session.Client, error) {
	quiet := p.quiet
	p.quiet = true
	defer func() { p.quiet = quiet }()
	return p.client()
}
