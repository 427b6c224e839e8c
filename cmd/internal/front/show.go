package front

import (
	"cmp"
	"runtime/debug"
	"slices"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
	"github.com/ssoenv/ssoenv/shellinit"
)

// forbidCollections is for commands that read all of a config: the process ends before
// a collection is worth its time.
func forbidCollections() { debug.SetGCPercent(-1) }

func (r *Run) version() (answer, bool) {
	if len(r.args) > 0 {
		return answer{}, false
	}
	if !r.has("json") {
		return answer{stdout: r.Build().Line()}, true
	}
	text, err := layout.MarshalJSON(r.Build())
	return answer{stdout: text}, err == nil
}

// init answers if nothing is to be installed.
func (r *Run) init() (answer, bool) {
	if len(r.args) != 1 || r.has("install") || r.has("uninstall") {
		return answer{}, false
	}
	shell, known := shellinit.Named(offline.ShellArgument(r.args[0]))
	exe, err := offline.Executable(r.Args[0])
	if !known || err != nil || r.has("prompt") && shell.Prompt() == "" {
		return answer{}, false
	}
	return answer{stdout: offline.InitCode(shell, exe, r.paths, r.has("prompt"))}, true
}

func (r *Run) completion() (answer, bool) {
	if len(r.args) != 1 {
		return answer{}, false
	}
	shell, known := shellinit.Named(offline.ShellArgument(r.args[0]))
	if !known {
		return answer{}, false
	}
	code, ok := offline.CompletionFile(shell)
	return answer{stdout: code}, ok
}

func (r *Run) prompt() (answer, bool) {
	if len(r.args) > 1 || len(r.args) == 1 && r.args[0] == "" {
		return answer{}, false
	}
	shown := offline.ShellPrompt(r.state)
	if len(r.args) > 0 || r.state.AsProfile {
		config, caches, ok := r.open()
		switch {
		case !ok:
			return answer{}, false
		case len(r.args) > 0:
			shown = offline.CachedPrompt(config, caches, r.args[0])
		default:
			shown = offline.SessionPrompt(config, caches, r.state)
		}
	}
	return answer{stdout: shown.Line(cmp.Or(r.line["format"], r.state.PromptFormat), r.Now())}, true
}

func (r *Run) complete() (answer, bool) {
	forbidCollections()
	if len(r.args) == 0 {
		return answer{}, false
	}
	unread := false
	text, ok := offline.Complete(offline.Commands(), r.args[0], r.args[1:], offline.Sources{
		Previous: r.state.Previous,
		Config: func() (*profile.Config, error) {
			config, err := profile.ReadConfig(r.paths.Config, r.paths.Credentials)
			unread = unread || err != nil
			return config, err
		},
		Inventory: offline.KnownInventory(r.paths, r.Now),
	})
	a := answer{stdout: text}
	if !ok {
		a.status = offline.CompleteByShell
	}
	return a, !unread
}

// list answers where the list is not for a user: at a terminal it may need a pager.
func (r *Run) list() (answer, bool) {
	forbidCollections()
	if tty.IsTerminal(r.Stdout) || r.has("json") && r.has("names") || len(r.args) > 1 || len(r.args) == 1 && r.args[0] == "" {
		return answer{}, false
	}
	pattern := ""
	if len(r.args) > 0 {
		pattern = r.args[0]
	}
	config, caches, ok := r.open()
	if !ok || offline.CheckGlob(pattern) != nil {
		return answer{}, false
	}
	if r.has("names") && pattern == "" {
		return answer{stdout: offline.ListNames(config.ProfileNames())}, true
	}
	if cache.Suspect(config.Path) != nil || cache.Suspect(config.CredentialsPath) != nil || len(config.Problems()) > 0 {
		return answer{}, false
	}
	rows := slices.DeleteFunc(offline.List(config, caches, r.state.Profile), func(row offline.ListedProfile) bool { return !row.Matches(pattern) })
	if len(rows) == 0 {
		return answer{}, false
	}
	var text string
	var err error
	switch {
	case r.has("json"):
		text, err = layout.MarshalJSON(rows)
	case r.has("names"):
		text = offline.ListNames(offline.Names(rows))
	default:
		text = offline.ListTable(offline.WithExpired(rows, r.state), r.Now(), layout.View{})
	}
	return answer{stdout: text}, err == nil
}

// status answers where the status is not for a user.
func (r *Run) status() (answer, bool) {
	check := r.has("check") || r.has("min")
	if len(r.args) > 0 || r.has("all") || check && r.has("json") {
		return answer{}, false
	}
	if check {
		return r.checkStatus()
	}
	if tty.IsTerminal(r.Stdout) {
		return answer{}, false
	}
	config, caches, ok := r.open()
	if !ok {
		return answer{}, false
	}
	s, problem := offline.StatusOf(config, caches, r.state)
	if problem != nil {
		return answer{}, false
	}
	if !r.has("json") {
		return answer{stdout: s.Text(r.Now(), r.state.NeverExpires(), layout.View{})}, true
	}
	text, err := layout.MarshalJSON(s)
	return answer{stdout: text}, err == nil
}

func (r *Run) checkStatus() (answer, bool) {
	least, err := time.ParseDuration(cmp.Or(r.line["min"], "0s"))
	if err != nil {
		return answer{}, false
	}
	result, err := offline.CheckStatus(r.state, least, r.Now(), func() (*profile.Config, *store.Store, error) {
		config, caches, ok := r.open()
		if !ok {
			return nil, nil, errUnanswered
		}
		return config, caches, nil
	})
	return answer{status: result.ExitStatus()}, err == nil
}
