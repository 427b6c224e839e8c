package shellinit

import (
	"regexp"
	"strings"
	"testing"
)

// No trace shows a secret, and each continues afterwards. The control is a direct
// eval of the program's output, in which the same trace shows it.
func TestSecretsStayOutOfTraces(t *testing.T) {
	type trace struct {
		name   string
		judges string // prefix of the names of the judges with this trace
		on     string
		shows  bool // the control: it shows the secret of a bare eval
	}
	for _, tr := range []trace{
		{"xtrace", "", `set -x`, true},
		{"verbose", "", `set -v`, false},
		{"verbose", "bash", `set -v`, true},
		{"DEBUG", "bash", `set -T; trap 'echo "+ $BASH_COMMAND" >&2' DEBUG`, true},
		{"DEBUG and extdebug", "bash", `shopt -s extdebug; trap 'echo "+ $BASH_COMMAND" >&2' DEBUG`, true},
		{"DEBUG and ERR everywhere", "bash", `set -TE; trap 'echo "+ $BASH_COMMAND" >&2' DEBUG; trap 'echo "+ $BASH_COMMAND" >&2' ERR; declare -ft ssoenv; set -x`, true},
		{"function traced", "zsh", `functions -t ssoenv; set -x`, true},
		{"function traced alone", "zsh", `functions -T ssoenv; set -x`, true},
		{"DEBUG", "zsh", `trap 'echo "+ $ZSH_DEBUG_CMD" >&2' DEBUG; set -x`, true},
		{"TRAPDEBUG", "zsh", `eval 'TRAPDEBUG() { echo "+ $ZSH_DEBUG_CMD" >&2 }'; set -x`, true},
		{"fish_trace", "fish", `set fish_trace 1`, true},
		{"fish_trace exported", "fish", `set -gx fish_trace all`, true},
	} {
		t.Run(tr.name, func(t *testing.T) {
			mine := func(j judge) bool {
				if strings.Contains(tr.name, "DEBUG") && strings.HasSuffix(j.name, "reads sh") {
					return false // hook.sh has no protection from these traps
				}
				return anyShell(j) && j.isFish() == strings.HasPrefix(tr.name, "fish") && strings.HasPrefix(j.name, tr.judges)
			}
			eachJudge(t, mine, func(t *testing.T, s stage, j judge) {
				actions := `; ssoenv use dev; ssoenv use torn; eval "$(ssoenv use dev)"; ssoenv use dev | /bin/cat; ssoenv logout; readonly SSOENV_PROFILE; ssoenv use dev; echo la""st`
				bare := `; eval "$("$SSOENV" use --shell ` + j.dialect.String() + ` dev)"`
				if j.isFish() {
					actions = `; ssoenv use dev; ssoenv use torn; eval (ssoenv use dev); ssoenv use dev | /bin/cat; ssoenv logout; echo la""st`
					bare = `; eval ($SSOENV use --shell fish dev)`
				}
				out, _ := s.play(t, j, "", tr.on+actions)
				if strings.Contains(out, "s3cr") {
					t.Errorf("the secret is in the trace:\n%s", out)
				}
				if tr.name != "verbose" && !regexp.MustCompile(`(?m)^\S*[+>].*echo `).MatchString(out[max(0, strings.LastIndex(out, "logout")):]) {
					t.Errorf("the trace has ended:\n%s", out)
				}
				if !strings.HasSuffix(out, "last\n") {
					t.Errorf("not all was done:\n%s", out)
				}
				if out, _ := s.play(t, j, "", tr.on+bare); tr.shows && !strings.Contains(out, "s3cr") {
					t.Errorf("the control does not show the secret:\n%s", out)
				}
			})
		})
	}
}

// The options that the function turns off are on again afterwards.
func TestOptionsComeBack(t *testing.T) {
	eachJudge(t, notFish, func(t *testing.T, s stage, j judge) {
		on := `set -xv`
		if j.argv[0] == "bash" {
			on = `set -xvT`
		}
		out, status := s.play(t, j, "", on+`; was=$-; ssoenv use dev; [ "$was" = "$-" ] || exit 41; ssoenv use bad; [ "$was" = "$-" ] || exit 42; exit 40`)
		if status != 40 {
			t.Errorf("status %d: %s", status, out)
		}
	})
}

// The same in a bash before 4.4, which has no "local -".
func TestOptionsComeBackInOldBash(t *testing.T) {
	old := strings.Replace(Bash.Hook("/bin/true", "/run/user"), `\builtin local - `, `\builtin local -nonsense `, 1)
	if old == Bash.Hook("/bin/true", "/run/user") {
		t.Fatal("the hook no longer says local -")
	}
	s := newStage(t)
	cmd := s.command(t, judges[0], `eval "$OLD"; set -xvT; was=$-; ssoenv use dev; [ "$was" = "$-" ] || exit 41; exit 40`)
	cmd.Env = append(cmd.Env, "OLD="+old)
	if out, status := onTerminal(t, cmd); status != 40 || strings.Contains(out, "nonsense:") {
		t.Errorf("status %d: %s", status, out)
	}
}
