package shellinit

import (
	"strings"
	"testing"
)

// In a shell that has AWS_PROFILE instead of credentials there is no expiry file: when
// the token is due, the hook has it renewed and asks the program for its times. Once it
// has expired, the hook says that the session has ended, and how to log in.
func TestHookOfAnExportedProfile(t *testing.T) {
	const ended = `ssoenv: the session of "dev" has ended; log in again with: ssoenv login dev`
	eachHook(t, func(t *testing.T, s stage, run func(env ...string) hookRun) {
		mode := []string{"SSOENV_EXPORT=profile", "AWS_PROFILE=dev"}
		r := run(append(mode, "SSOENV_EXPIRES="+inSeconds(600))...)
		if got := r.calls("adopt", true); got < 1 || got > 2 || strings.Contains(r.screen, "ended") {
			t.Errorf("due: adopted %d times\n%s", got, r.screen)
		}
		r = run(append(mode, "SSOENV_EXPIRES="+inSeconds(600), "NO_ADOPT=1")...)
		if got, attempts := r.calls("adopt", true), r.calls("refresh", true); got < 1 || got > 2 || attempts != 1 || strings.Contains(r.screen, "ended") {
			t.Errorf("due, and not renewed: adopted %d times, renewed %d times\n%s", got, attempts, r.screen)
		}
		r = run(append(mode, "SSOENV_EXPIRES="+inSeconds(3600))...)
		if got := r.calls("adopt", false) + r.calls("refresh", false); got != 0 {
			t.Errorf("good: %d calls\n%s", got, r.screen)
		}
		r = run(append(mode, "SSOENV_EXPIRES="+inSeconds(-100), "NO_ADOPT=1", "SSOENV_NO_REFRESH=1")...)
		if strings.Count(r.screen, ended) != 1 || strings.Contains(r.screen, "credentials") {
			t.Errorf("expired: want once %s\n%s", ended, r.screen)
		}
	})
}
