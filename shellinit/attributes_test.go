package shellinit

import (
	"strings"
	"testing"
)

// typed reports whether the judge is a shell whose variables have attributes.
func typed(j judge) bool {
	return j.dialect == Bash || j.dialect == Zsh || j.dialect == POSIX && (j.name == "ksh93" || j.name == "mksh")
}

// An attribute that changes what is assigned to a variable, or that keeps it from
// children, does not change what use sets.
func TestVariableAttributes(t *testing.T) {
	common := []string{"typeset -u SSOENV_PROFILE", "typeset -u AWS_SECRET_ACCESS_KEY=x", "export AWS_SECRET_ACCESS_KEY=x; typeset -l AWS_SECRET_ACCESS_KEY", "typeset -i SSOENV_PROFILE"}
	lines := map[Shell][]string{
		Bash: append(common, "declare -a SSOENV_PROFILE=(1 2)", "declare -a SSOENV_PROFILE", "declare -A SSOENV_PROFILE=([1]=2)", "declare -n SSOENV_PROFILE=other", "declare -iux SSOENV_PROFILE=1",
			"AWS_PROFILE=' SSOENV_PROFILE='; declare -i SSOENV_PROFILE"),
		Zsh:   append(common, "typeset -F SSOENV_PROFILE", "typeset -a SSOENV_PROFILE; SSOENV_PROFILE=(1 2)", "typeset -A SSOENV_PROFILE", "typeset -L2 SSOENV_PROFILE=x", "typeset -RZ9 AWS_SECRET_ACCESS_KEY"),
		POSIX: common[:3],
	}
	eachJudge(t, typed, func(t *testing.T, s stage, j judge) {
		for _, line := range lines[j.dialect] {
			got, status := s.play(t, j, line+"; ", "ssoenv use dev"+show)
			if want := j.expand(`call ["use" "--shell" "SH" "dev"]`+"\n") + switched("dev"); got != want || status != 0 {
				t.Errorf("%s: status %d, %q, want %q", line, status, got, want)
			}
		}
	})
}

// An older level of compatibility, before init or after, does not change what the hook
// does.
func TestOldBash(t *testing.T) {
	eachJudge(t, func(j judge) bool { return j.name == "bash" }, func(t *testing.T, s stage, j judge) {
		for _, line := range []string{"BASH_COMPAT=3.1; ", "BASH_COMPAT=4.2; ", "BASH_COMPAT=4.4; ", "shopt -s compat31; ", "shopt -s compat42; ", "shopt -u patsub_replacement; "} {
			for _, at := range [][2]string{{line, ""}, {"", line}} {
				got, status := s.play(t, j, at[0], at[1]+"ssoenv use dev"+show+"; ssoenv clear"+show)
				want := j.expand(`call ["use" "--shell" "SH" "dev"]`+"\n") + switched("dev") + j.expand(`call ["clear" "--shell" "SH"]`+"\n") + cleared
				if got != want || status != 0 {
					t.Errorf("%s: status %d, %q, want %q", line, status, got, want)
				}
			}
		}
	})
}

// At prompts no more than the beginning of a variable is worked on.
func TestLongVariables(t *testing.T) {
	eachJudge(t, plain, func(t *testing.T, s stage, j judge) {
		long := strings.Repeat("x", 2000)
		for _, env := range [][]string{
			{"SSOENV_PROFILE=" + long, "SSOENV_PROMPT_FORMAT=%p"},
			{"SSOENV_PROFILE=/" + long[1:], "SSOENV_PROMPT_FORMAT=%p"},
			{"SSOENV_ACCOUNT_NAME=" + long, "SSOENV_PROMPT_FORMAT=%n"},
			{"AWS_REGION=" + long, "SSOENV_PROMPT_FORMAT=%r"},
			{"SSOENV_PROMPT_FORMAT=" + long + "%p"},
		} {
			p := atWork(t, s, j, "true", env...)
			got := strings.Replace(s.segment(t, p), "/", "x", 1)
			if got != long[:500] {
				t.Errorf("%.30s: the segment has %d characters, %.60s", env[0], len(got), got)
			}
		}
	})
}
