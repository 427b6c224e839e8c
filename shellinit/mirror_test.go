package shellinit

import (
	"strings"
	"testing"
)

// After use and clear, AWS_PROFILE is a variable of the shell with the profile's name,
// which no child gets, unless it is the user's, exported, readonly or universal. The
// stub knows the profile team/dev; other names with a slash are ACCOUNT/ROLE.
func TestMirror(t *testing.T) {
	const tell = `echo "<$AWS_PROFILE>"; "$ENVIRON" AWS_PROFILE; `
	free := "unset AWS_PROFILE; "
	for _, c := range []struct{ script, fish, want string }{
		{free + "ssoenv use dev; " + tell, "", "<dev>\nAWS_PROFILE unset\n"},
		{free + "ssoenv use dev; ssoenv use prod; " + tell, "", "<prod>\nAWS_PROFILE unset\n"},
		{free + "ssoenv use dev; ssoenv clear; " + tell, "", "<>\nAWS_PROFILE unset\n"},
		{free + "ssoenv use dev; ssoenv use 1/role; " + tell, "", "<>\nAWS_PROFILE unset\n"},
		{free + "ssoenv use team/dev; " + tell, "", "<team/dev>\nAWS_PROFILE unset\n"},
		{free + "ssoenv use bad >/dev/null; " + tell, "", "<>\nAWS_PROFILE unset\n"},
		{free + "set -a; ssoenv use dev; " + tell, free, "<dev>\nAWS_PROFILE unset\n"},
		{free + "ssoenv use dev; set -a; ssoenv use prod; " + tell, "-", "<prod>\nAWS_PROFILE unset\n"},
		{free + "ssoenv use dev; set -a; ssoenv logout; " + tell, "-", "<>\nAWS_PROFILE unset\n"},
		{free + "set -a; ssoenv use dev; unset AWS_PROFILE; __ssoenv_prompt; " + tell, "-", "<dev>\nAWS_PROFILE unset\n"},
		{free + "(ssoenv use dev; " + tell + "); " + tell, "-", "<dev>\nAWS_PROFILE unset\n<>\nAWS_PROFILE unset\n"},
		{free + "ssoenv use dev; (ssoenv clear; " + tell + "); " + tell, "-", "<>\nAWS_PROFILE unset\n<dev>\nAWS_PROFILE unset\n"},
		{"ssoenv use dev; export AWS_PROFILE=mine; ssoenv use prod; ssoenv clear; export AWS_PROFILE=mine; __ssoenv_prompt; " + tell, "-", "<mine>\nAWS_PROFILE=\"mine\"\n"},
		// The switch unsets an exported one first.
		{"ssoenv use dev; " + tell, "", "<dev>\nAWS_PROFILE unset\n"},
		// The one of "use --export profile" is exported, and the function does not touch it.
		{free + "ssoenv use dev; ssoenv use dev --export; " + tell, "", "<dev>\nAWS_PROFILE=\"dev\"\n"},
		{free + "ssoenv use dev; ssoenv use prod --export; " + tell, "", "<prod>\nAWS_PROFILE=\"prod\"\n"},
		{free + "ssoenv use dev --export; ssoenv use prod --export; " + tell, "", "<prod>\nAWS_PROFILE=\"prod\"\n"},
		{free + "ssoenv use dev --export; ssoenv use prod; " + tell, "", "<prod>\nAWS_PROFILE unset\n"},
		{free + "ssoenv use dev; ssoenv use dev --export; ssoenv use dev; " + tell, "", "<dev>\nAWS_PROFILE unset\n"},
		{free + "ssoenv use dev; ssoenv use dev --export; ssoenv clear; " + tell, "", "<>\nAWS_PROFILE unset\n"},
		{free + "ssoenv use dev; ssoenv use dev --export; unset AWS_PROFILE; __ssoenv_watch; " + tell, free + "ssoenv use dev; ssoenv use dev --export; set --erase AWS_PROFILE; __ssoenv_prompt; " + tell, "<>\nAWS_PROFILE unset\n"},
		// The user's.
		{free + "ssoenv use dev; AWS_PROFILE=mine; ssoenv clear; " + tell, free + "ssoenv use dev; set AWS_PROFILE mine; ssoenv clear; " + tell, "<mine>\nAWS_PROFILE unset\n"},
		{free + "ssoenv use dev; export AWS_PROFILE; ssoenv clear; " + tell, free + "ssoenv use dev; set --global --export AWS_PROFILE dev; ssoenv clear; " + tell, "<dev>\nAWS_PROFILE=\"dev\"\n"},
		{free + "ssoenv use dev; readonly AWS_PROFILE; ssoenv clear; " + tell, "-", "<dev>\nAWS_PROFILE unset\n"},
		{free + "ssoenv use dev; unset AWS_PROFILE; __ssoenv_watch; " + tell, free + "ssoenv use dev; set --erase AWS_PROFILE; __ssoenv_prompt; " + tell, "<dev>\nAWS_PROFILE unset\n"},
		{free + "SSOENV_PROFILE=dev; __ssoenv_watch; SSOENV_PROFILE=prod; __ssoenv_watch; " + tell, free + "set SSOENV_PROFILE dev; __ssoenv_prompt; set SSOENV_PROFILE prod; __ssoenv_prompt; " + tell, "<prod>\nAWS_PROFILE unset\n"},
	} {
		eachJudge(t, hooked, func(t *testing.T, s stage, j judge) {
			script := c.script
			if j.isFish() {
				script = c.fish
				if script == "" {
					script = c.script
				}
				script = strings.ReplaceAll(script, "unset AWS_PROFILE", "set --erase AWS_PROFILE")
			} else {
				// Some options here make an unset variable an error.
				script = strings.ReplaceAll(script, "$AWS_PROFILE", "${AWS_PROFILE-}")
			}
			if j.name == "zsh hostile" && strings.Contains(script, "; AWS_PROFILE=mine") {
				return // its options export what the user assigns
			}
			if script == "-" || script == "set --erase AWS_PROFILE; " {
				return
			}
			cmd := s.command(t, j, j.load()+script)
			cmd.Env = append(cmd.Env, s.hookFile(t, j.dialect, s.ssoenv)...)
			if out, err := cmd.Output(); err != nil || string(out) != c.want {
				t.Errorf("%s: %v, got %q, want %q", script, err, out, c.want)
			}
		})
	}
}
