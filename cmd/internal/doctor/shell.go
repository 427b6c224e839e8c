package doctor

import (
	"fmt"
	"strings"

	"github.com/ssoenv/ssoenv/shellinit"
)

// A Shell is the shell that started the program.
type Shell struct {
	Name string // such as bash

	// Mark is what the shell function reports about itself, NAME:VERSION. It is
	// empty if the function is not loaded, since only the function knows it.
	Mark string

	// DrawnBy is the code that draws the prompt, which the shell function passes:
	// no shell exports it. It is empty if the shell has no prompt.
	DrawnBy  string
	Segment  bool   // the shell function has added the profile to the prompt
	Starship string // STARSHIP_SHELL

	HasUser bool // a user is at the terminal

	StartupFile string // as the user calls it
	StartupLine string // the line in it that loads the function
	PromptLine  string // the same, with a prompt that shows the profile

	Installed bool         // the file has such a line
	Install   func() error // adds it; nil if there is no such file
}

// install returns the fix that adds the start-up line, with flags such as " --prompt".
func (s Shell) install(flags string) string {
	switch {
	case s.Install == nil:
		return fmt.Sprintf("add to %s:  %s", s.StartupFile, s.StartupLine)
	case s.Installed && flags == "":
		return "open a new shell: " + s.StartupFile + " has the line"
	}
	return "$ ssoenv init " + s.Name + " --install" + flags
}

// Loaded checks whether the shell function is loaded, in the version of this
// program. Without a user that is no more than a warning. It finds nothing for
// an unknown shell and for programs that are no shells.
func (s Shell) Loaded() []Finding {
	r := results{check: "shell"}
	shell, known := shellinit.Named(s.Name)
	switch {
	case !known:
	case s.Mark == shell.Mark():
		r.ok("the shell function of this version is loaded in this %s", s.Name)
	case s.Mark != "":
		r.problem("open a new shell", "the shell function in this %s is from another version of ssoenv", s.Name)
	case s.HasUser:
		r.problem(s.install(""), "the shell function is not loaded in this %s, so ssoenv use cannot switch it", s.Name)
		if s.Install != nil && !s.Installed {
			r.repair(s.Install)
		}
	default:
		r.warning(s.install(""), "the shell function is not loaded in this %s", s.Name)
	}
	return r.findings
}

// Prompt checks whether the prompt shows the profile in use. It finds nothing if
// the function is not loaded or the shell's prompt cannot show it.
func (s Shell) Prompt() []Finding {
	r := results{check: "prompt"}
	shell, known := shellinit.Named(s.Name)
	if s.Mark == "" || !known || shell.Prompt() == "" || s.DrawnBy == "" {
		return nil
	}
	switch {
	case strings.Contains(s.DrawnBy, "SSOENV_PROMPT"):
		r.ok("the prompt of this %s shows the profile", s.Name)
	case strings.Contains(s.DrawnBy, "starship") || s.Starship == s.Name: // bash passes what starship has drawn
		r.ok("starship draws the prompt of this %s; its module aws shows the profile", s.Name)
	case strings.Contains(s.DrawnBy, "_p9k"):
		r.ok("powerlevel10k draws the prompt of this %s; its segment aws shows the profile", s.Name)
	case s.Segment:
		r.warning(fmt.Sprintf("put this line at the end of %s:  %s", s.StartupFile, s.PromptLine),
			"the line with --prompt is loaded in this %s, but something after it draws the prompt, without the profile", s.Name)
	default:
		r.ok("the prompt of this %s does not show the profile; to show it: %s", s.Name, strings.TrimPrefix(s.install(" --prompt"), "$ "))
	}
	return r.findings
}
