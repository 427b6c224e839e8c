package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
)

type doctorOptions struct {
	json    bool
	offline bool
	hook    string
	prompt  string
}

func doctorAction(p *program, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return p.doctor(doctorOptions{json: c.Bool("json"), offline: c.Bool("offline"), hook: c.String("hook"), prompt: c.String("hook-prompt")})
}

// A finding is what one look has found.
type finding struct {
	Check  string `json:"check"`
	Status string `json:"status"` // ok, warning or problem
	Text   string `json:"text"`
	Fix    string `json:"mend,omitempty"`
}

// An examination is one run of the doctor. A check leaves findings behind; what
// cannot be known leaves none.
type examination struct {
	*program
	client   *session.Client      // nil where the configuration cannot be read at all
	portals  []profile.SSOSession // those that can be read
	check    string               // the one that is going on
	findings []finding
	stopped  error // somebody would not wait
}

func (p *program) doctor(o doctorOptions) error {
	x := &examination{program: p}
	for _, check := range []struct {
		name string
		look func()
	}{
		{"shell", func() { x.shell(o.hook) }},
		{"prompt", func() { x.prompt(o.hook, o.prompt) }},
		{"program", x.programs},
		{"config", x.configFiles},
		{"session", x.sessions},
		{"cache", x.caches},
		{"network", func() { x.network(o.offline) }},
		{"environment", x.environment},
		{"direnv", x.direnv},
		{"browser", x.browsers},
	} {
		x.check = check.name
		if check.look(); x.stopped != nil {
			return x.stopped
		}
	}
	return x.report(o.json)
}

func (x *examination) ok(format string, args ...any) { x.note("ok", "", format, args) }

func (x *examination) warning(mend, format string, args ...any) {
	x.note("warning", mend, format, args)
}

func (x *examination) problem(mend, format string, args ...any) {
	x.note("problem", mend, format, args)
}

func (x *examination) note(status, mend, format string, args []any) {
	x.findings = append(x.findings, finding{
		Check:  x.check,
		Status: status,
		Text:   safetext.Printable(fmt.Sprintf(format, args...)),
		Fix:    safetext.Printable(strings.TrimPrefix(mend, "fix ")),
	})
}

// wrong is for an error, with the advice that every command has for it.
func (x *examination) wrong(err error) {
	for _, err := range flattenJoined(err) {
		_, hints := x.remedy(nil, err)
		x.problem(strings.Join(hints, "; "), "%v", err)
	}
}

// marks stand in front of a finding's text, and are as wide as what stands in
// front of its mend.
var marks = map[string]string{"ok": "ok    ", "warning": "warn  ", "problem": "wrong "}

func (x *examination) report(asJSON bool) error {
	var b strings.Builder
	var ill error
	for _, f := range x.findings {
		if f.Status == "problem" {
			ill = statusError(statusFailed)
		}
		b.WriteString(marks[f.Status] + x.short(f.Text) + "\n")
		if f.Fix != "" {
			b.WriteString("      mend: " + x.short(f.Fix) + "\n")
		}
	}
	if asJSON {
		return cmp.Or(x.printJSON(x.findings), ill)
	}
	return cmp.Or(x.print(b.String()), ill)
}

// short spells the home directory as people do, where a shell would know it.
func (x *examination) short(text string) string {
	return strings.ReplaceAll(" "+text, " "+x.paths.Home+"/", " ~/")[1:]
}
