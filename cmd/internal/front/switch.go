package front

import (
	"cmp"
	"errors"
	"os/exec"
	"slices"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/process"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
	"github.com/ssoenv/ssoenv/shellinit"
)

// use answers if a profile is named whose credentials are cached and fresh.
func (r *Run) use() (answer, bool) {
	name, named := r.profile()
	shell, ok := r.shell()
	if !named || !ok || !r.has("shell") && !shellinit.IsPortable(name) {
		return answer{}, false
	}
	config, caches, ok := r.open()
	if !ok {
		return answer{}, false
	}
	plan, ok := r.plan(config, caches, name, true)
	if !ok {
		return answer{}, false
	}
	change, credentialsLost := plan.Switch().Apply(r.env)
	text, err := shell.Render(change)
	if err != nil || shellenv.CheckSize(change) != nil {
		return answer{}, false
	}
	return answer{
		stdout: text,
		lines:  slices.Concat(plan.StaticKeysWarning(r.state), plan.Announcement(config, r.audience(credentialsLost))),
		then:   func() { _ = offline.History{Dir: caches.Private}.Remember(plan.Profile.Name) },
	}, true
}

// profile returns the profile that the only argument names.
func (r *Run) profile() (name string, ok bool) {
	if len(r.args) != 1 {
		return "", false
	}
	name = r.args[0]
	if name == "-" {
		name = r.state.Previous
	}
	return name, name != ""
}

// plan returns what a shell or a program gets of the profile, without a question to
// anyone. ok is false unless the profile's credentials are fresh and everyone may have
// them.
func (r *Run) plan(config *profile.Config, caches *store.Store, name string, forEnvironment bool) (plan offline.Plan, ok bool) {
	region := r.line["region"]
	if r.has("region") && !slices.Contains(offline.KnownRegions(), region) {
		return plan, false
	}
	export := r.line["export"]
	if export != "" && !profile.IsExport(export) {
		return plan, false
	}
	prof, err := config.Profile(name)
	if err != nil || config.Guard(prof).Level != profile.Unguarded {
		return plan, false
	}
	if r.agent() != "" && !config.Denial(prof).IsZero() {
		return plan, false
	}
	plan = offline.Plan{Profile: prof, Region: cmp.Or(region, prof.Region)}
	if forEnvironment && cmp.Or(export, prof.Export) == profile.ExportProfile {
		plan.AsProfile = true
		plan.Credentials, ok = r.sessionTimes(config, caches, prof)
		return plan, ok
	}
	plan.Credentials, ok = caches.FreshCredentials(prof)
	return plan, ok
}

// sessionTimes returns the times of a token that need not be renewed.
func (r *Run) sessionTimes(config *profile.Config, caches *store.Store, prof profile.Profile) (times store.Credentials, ok bool) {
	if config.CheckExport(prof) != nil {
		return times, false
	}
	if sso := config.TokenSession(prof); !sso.IsZero() && !caches.HasFreshToken(sso) {
		return times, false
	}
	times, _, err := offline.SessionTimes(config, caches, prof)
	return times, err == nil
}

func (r *Run) clear() (answer, bool) {
	shell, ok := r.shell()
	// With the first, the shell may be inside of exec --serve.
	if !ok || r.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] != "" || len(r.args) > 0 {
		return answer{}, false
	}
	if !r.state.IsSwitched() {
		return answer{lines: []string{offline.NothingToClear}}, true
	}
	cleared := shellenv.Clear(r.env)
	text, err := shell.Render(cleared.Change)
	return answer{stdout: text, lines: offline.ClearedLines(cleared, r.Environ, r.audience(false))}, err == nil
}

func (r *Run) adopt() (answer, bool) {
	shell, ok := r.shell()
	if !ok || len(r.args) > 0 || r.state.Profile == "" {
		return answer{}, false
	}
	config, caches, ok := r.open()
	if !ok {
		return answer{}, false
	}
	change, err := offline.Adopt(config, caches, r.state, r.env)
	if err != nil {
		return answer{}, false
	}
	text, err := shell.Render(change)
	return answer{stdout: text}, err == nil
}

// refresh answers if nothing is due.
func (r *Run) refresh() (answer, bool) {
	_, err := time.ParseDuration(cmp.Or(r.line["within"], "0s"))
	if len(r.args) > 0 || err != nil || r.state.Profile == "" {
		return answer{}, false
	}
	config, caches, ok := r.open()
	if !ok {
		return answer{}, false
	}
	if r.state.AsProfile {
		prof, err := config.Profile(r.state.Profile)
		if err != nil {
			return answer{}, false
		}
		sso := config.TokenSession(prof)
		return answer{}, sso.IsZero() || caches.HasFreshToken(sso)
	}
	prof, err := offline.InUse(config, caches, r.state)
	if err != nil || config.Guard(prof).Level != profile.Unguarded || !caches.StoresRole(prof) {
		return answer{}, false
	}
	if _, failed := caches.LastFailure(prof); failed {
		return answer{}, false
	}
	_, fresh := caches.FreshCredentials(prof)
	return answer{}, fresh
}

// exec does not return if it answers.
func (r *Run) exec() (answer, bool) {
	for _, flag := range []string{"each", "serve", "token-file", "jobs", "json"} {
		if r.has(flag) {
			return answer{}, false
		}
	}
	name, ok := r.profile()
	if !ok || len(r.words) == 0 || r.words[0] == "" {
		return answer{}, false
	}
	config, caches, ok := r.open()
	if !ok {
		return answer{}, false
	}
	path, err := exec.LookPath(r.words[0])
	if err != nil {
		return answer{}, false
	}
	plan, ok := r.plan(config, caches, name, true)
	if !ok || r.full || plan.StaticKeysWarning(r.state) != nil {
		return answer{}, false
	}
	change, _ := plan.Switch().Apply(r.env)
	r.AllowDumps()
	status, err := process.Replace(path, r.words, shellenv.Environ(change, r.Environ), process.Streams{Stdin: r.Stdin, Stdout: r.Stdout, Stderr: r.Stderr})
	return answer{status: status}, err == nil
}

func (r *Run) credentialProcess() (answer, bool) {
	name, ok := r.profile()
	format := cmp.Or(r.line["format"], offline.FormatProcess)
	if !ok || tty.IsTerminal(r.Stdout) || format != offline.FormatProcess && format != offline.FormatExport {
		return answer{}, false
	}
	config, caches, ok := r.open()
	if !ok {
		return answer{}, false
	}
	plan, ok := r.plan(config, caches, name, false)
	if !ok {
		return answer{}, false
	}
	text, err := layout.MarshalJSON(plan.Document(format))
	return answer{stdout: text}, err == nil
}

// errUnanswered says that the caches cannot be opened without a word.
var errUnanswered = errors.New("the full program opens the caches")
