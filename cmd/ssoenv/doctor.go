package main

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/cmd/internal/doctor"
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
	mark    string // what the shell function reports about itself; empty if it is not loaded
	segment bool   // the function has added its segment to the prompt
	prompt  string // what draws the prompt; empty if the shell has none
}

func doctorAction(p *program, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return p.doctor(doctorOptions{json: c.Bool("json"), offline: c.Bool("offline"), mark: c.String("hook"), segment: c.Bool("hook-segment"), prompt: c.String("hook-prompt")})
}

// doctor runs all checks and prints their findings. The exit status is 1 if one
// of them is a problem.
func (p *program) doctor(o doctorOptions) error {
	findings, err := p.findings(o)
	if err != nil {
		return err
	}
	for _, f := range findings {
		if f.Status == doctor.Problem {
			err = statusError(statusFailed)
		}
	}
	if o.json {
		return cmp.Or(p.printJSON(findings), err)
	}
	return cmp.Or(p.print(findingsText(findings, p.paths.Home)), err)
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

	shell := doctorShell(o, p.terminal)
	add(shell.Loaded())
	add(shell.Prompt())
	self, selfErr := os.Executable()
	if selfErr != nil {
		selfErr = fmt.Errorf("the path of this ssoenv: %w", selfErr)
		add(doctor.Failed("program", format, selfErr))
	} else {
		add(doctor.Program(self, p.env["PATH"]))
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
		add(doctor.Config(client.Config, format))
		if selfErr == nil {
			add(doctor.Processes(client.Config, self))
		}
	}
	current = "session"
	add(doctor.Sessions(client, sessions, format))
	add(p.doctorCaches())
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
	if _, err := exec.LookPath("direnv"); err == nil {
		add(p.doctorDirenv(self, selfErr, format))
	}
	add(doctor.Browsers(sessions, p.env, p.paths.Config))
	return findings, nil
}

func (p *program) doctorFormatter() doctor.Formatter {
	return doctor.Formatter{
		Now:          p.now,
		Time:         p.formatTime,
		Duration:     offline.FormatDuration,
		Count:        offline.Count,
		ShellWord:    shellinit.Word,
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

// doctorShell describes the shell that the function's mark names, else the one
// that started this process.
func doctorShell(o doctorOptions, terminal tty.Terminal) doctor.Shell {
	name, _, ok := strings.Cut(o.mark, ":")
	if !ok {
		name = tty.ParentShell(terminal.Env)
	}
	shell, file := startup(name)
	return doctor.Shell{
		Name:        name,
		Mark:        o.mark,
		DrawnBy:     o.prompt,
		Segment:     o.segment,
		Starship:    terminal.Env["STARSHIP_SHELL"],
		HasUser:     terminal.HasUser(),
		StartupFile: file,
		StartupLine: shell.StartupLine(false),
		PromptLine:  shell.StartupLine(true),
	}
}

func doctorEnvironment(state shellenv.State, env map[string]string, format doctor.Formatter) doctor.Environment {
	return doctor.Environment{
		Env:        env,
		State:      state,
		Overriding: shellenv.Conflicting(),
		Formatter:  format,
	}
}

func (p *program) doctorCaches() []doctor.Finding {
	roles := doctor.Directory{Holds: "role credentials", Open: offline.OpenSealed}
	if roles.Path, roles.InMemory = p.paths.Roles(); !roles.InMemory {
		roles.Protection = protection
	}
	return doctor.Caches([]doctor.Directory{
		{Holds: "tokens", Path: p.paths.Tokens, Open: cache.OpenShared},
		roles,
		{Holds: "client registrations and locks", Path: p.paths.Private, Open: cache.Open},
	}, p.env, p.paths.CacheHome)
}

// doctorDirenv checks the library function for direnv. It may name this program
// as it was called or by the path of its executable, self.
func (p *program) doctorDirenv(self string, selfErr error, format doctor.Formatter) []doctor.Finding {
	exe, err := executable(p.args[0])
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

// labels are the words before a finding's text. They are all of the same width.
var labels = map[string]string{doctor.OK: "ok    ", doctor.Warning: "warn  ", doctor.Problem: "wrong "}

// findingsText formats findings with a line for each text and each fix. Paths in
// the home directory begin with ~ where a shell would expand it.
func findingsText(findings []doctor.Finding, home string) string {
	short := func(text string) string { return strings.ReplaceAll(" "+text, " "+home+"/", " ~/")[1:] }
	var b strings.Builder
	for _, f := range findings {
		b.WriteString(labels[f.Status] + short(f.Text) + "\n")
		if f.Fix != "" {
			b.WriteString("      fix: " + short(f.Fix) + "\n")
		}
	}
	return b.String()
}
