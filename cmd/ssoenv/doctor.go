package main

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/adrg/xdg"
	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/cmd/internal/doctor"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/shellinit"
)

type doctorOptions struct {
	json    bool
	offline bool
	mark    string // what the shell function reports about itself; empty if it is not loaded
	prompt  string // what draws the prompt; empty if the shell has none
}

func (p *program) doctorCommand() *cli.Command {
	var o doctorOptions
	return &cli.Command{
		Name:  "doctor",
		Usage: "check this machine's set-up and suggest fixes",
		Description: "Exits with 0 if there is no problem, with or without warnings, and with 1 otherwise.\n" +
			"It changes nothing and shows no secret.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print one JSON document", Destination: &o.json},
			&cli.BoolFlag{Name: "offline", Usage: "skip the checks of the network and the clock", Destination: &o.offline},
			&cli.StringFlag{Name: "hook", Usage: "what the shell function reports about itself", Destination: &o.mark, Hidden: true},
			&cli.StringFlag{Name: "hook-prompt", Usage: "what draws the shell's prompt", Destination: &o.prompt, Hidden: true},
		},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return p.doctor(o)
		},
	}
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
	return cmp.Or(p.print(findingsText(findings, p.home())), err)
}

// findings runs the checks in the order in which they are shown. It returns an
// error if the user interrupts them.
func (p *program) findings(o doctorOptions) (findings []doctor.Finding, err error) {
	add := func(more []doctor.Finding) { findings = append(findings, more...) }
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

	environment := doctorEnvironment(p.env, format)
	var sessions []session.SSOSession
	current := "config" // the check that a warning of the client is from
	client, err := p.quietClient()
	if err != nil {
		add(doctor.Failed("config", format, err))
	} else {
		client.Warn = func(line string) { add([]doctor.Finding{doctor.Warn(current, line)}) }
		environment.HasProfile = client.Config.HasProfile
		sessions, _ = client.Config.SSOSessions() // doctor.Config reports the others
		add(doctor.Config(client.Config, format))
	}
	current = "session"
	add(doctor.Sessions(client, sessions, format))
	add(p.doctorCaches())
	if !o.offline {
		current = "network"
		ctx, stop := p.interruptible()
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
	add(doctor.Browsers(sessions, p.env, p.configPath()))
	return findings, nil
}

func (p *program) doctorFormatter() doctor.Formatter {
	return doctor.Formatter{
		Now:          p.now,
		Time:         p.formatTime,
		Duration:     formatDuration,
		ShellWord:    shellWord,
		LoginCommand: p.loginCommandFor,
		Explain: func(err error) (all []doctor.Explanation) {
			for _, each := range flattenJoined(err) {
				_, hints := p.remedy("doctor", each)
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
	_, file, line := setUp(name, "use")
	return doctor.Shell{
		Name:        name,
		Mark:        o.mark,
		DrawnBy:     o.prompt,
		Starship:    terminal.Env["STARSHIP_SHELL"],
		HasUser:     terminal.HasUser(),
		StartupFile: file,
		StartupLine: line,
		PromptLine:  strings.Replace(line, "init "+name, "init "+name+" --prompt", 1),
	}
}

func doctorEnvironment(env map[string]string, format doctor.Formatter) doctor.Environment {
	before := parseSnapshot(env["SSOENV_SAVED"])
	return doctor.Environment{
		Env:          env,
		Unchanged:    func(name string) bool { return before.unchanged(env, name) },
		SnapshotLost: snapshotLost(env, before),
		Overriding:   slices.DeleteFunc(slices.Clone(restorable), func(name string) bool { return setByUse[name] || expiring[name] }),
		Formatter:    format,
	}
}

func (p *program) doctorCaches() []doctor.Finding {
	roles := doctor.Directory{Holds: "role credentials", Open: openSealed}
	if roles.Path, roles.InMemory = p.roleDirectory(); !roles.InMemory {
		roles.Protection = protection
	}
	return doctor.Caches([]doctor.Directory{
		{Holds: "tokens", Path: p.tokenDirectory(), Open: cache.OpenShared},
		roles,
		{Holds: "client registrations and locks", Path: p.privateDirectory(), Open: cache.Open},
	}, p.env, xdg.CacheHome)
}

// doctorDirenv checks the library function for direnv. It may name this program
// as it was called or by the path of its executable, self.
func (p *program) doctorDirenv(self string, selfErr error, format doctor.Formatter) []doctor.Finding {
	exe, err := p.executable()
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
