package shellinit

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const expiredSentence = `ssoenv: the credentials of "dev" have expired; renew them with: ssoenv use dev`

// A failure that the program has recorded since about the hook's last attempt is
// printed once for the same credentials. Without one, only that they have expired
// is.
func TestHookReportsFailures(t *testing.T) {
	const sentence = "the session has ended; log in again with: ssoenv login"
	const reported = `ssoenv: "dev": ` + sentence
	eachHook(t, func(t *testing.T, s stage, run func(env ...string) hookRun) {
		below := filepath.Join(s.home, "below")
		if err := os.Mkdir(below, 0o700); err != nil {
			t.Fatal(err)
		}
		soon := inSeconds(500)
		dead := inSeconds(-20)
		for _, c := range []struct {
			name, expires, failure, want string
		}{
			{"live", soon, "SOON " + sentence + "\n", reported},
			{"live, at about the same time", soon, "NOW " + sentence + "\n", reported},
			{"dead", dead, "SOON " + sentence + "\n", reported},
			{"old", soon, "OLD " + sentence + "\n", ""},
			{"old and dead", dead, "OLD " + sentence + "\n", expiredSentence},
			{"nothing to say", soon, "SOON\n", ""},
			{"nothing to say, dead", dead, "SOON\n", expiredSentence},
			{"no file, dead", dead, "", expiredSentence},
			{"no time", soon, sentence + "\n", ""},
			{"code for a time", soon, "a[$(touch x)] " + sentence + "\n", ""},
			{"JSON of an earlier version", soon, `{"at":9999999999,"login":true}`, ""},
			{"escape", soon, "SOON " + sentence + "\x1b[2Jseen\n", ""},
			{"tab", soon, "SOON " + sentence + "\tseen\n", ""},
			{"carriage return", soon, "SOON " + sentence + "\r\nseen\n", ""},
			{"not ASCII", soon, "SOON " + sentence + " s\u00e9en\n", ""},
			{"C1 control", soon, "SOON " + sentence + " \u009bseen\n", ""},
			{"two lines", soon, "SOON " + sentence + "\nseen\n", reported},
			{"code", soon, "SOON $(touch x) `touch x` %s %d\n", "ssoenv: \"dev\": $(touch x) `touch x` %s %d"},
			{"long", soon, "SOON " + strings.Repeat("x", 109) + "seen\n", `ssoenv: "dev": ` + strings.Repeat("x", 109)},
		} {
			for _, directory := range []string{s.home, below} {
				want := c.want
				if directory == below {
					if c.name != "live" && c.name != "dead" {
						continue
					}
					want = map[string]string{"dead": expiredSentence}[c.name]
				}
				times := strings.NewReplacer("NOW ", inSeconds(0)+" ", "SOON", inSeconds(60), "OLD", inSeconds(-60))
				failure, expiry := directory+"/k.failed", directory+"/k.expires"
				if err := os.WriteFile(failure, []byte(times.Replace(c.failure)), 0o600); err != nil {
					t.Fatal(err)
				}
				if c.failure == "" {
					os.Remove(failure)
				}
				r := run("SSOENV_EXPIRES="+c.expires, "SSOENV_EXPIRY_FILE="+expiry, "NO_ADOPT=1")
				screen := strings.ReplaceAll(r.screen, "\r\n", "\n")
				if want != "" && strings.Count(screen, want+"\n") != 1 || strings.Contains(screen, "seen") ||
					len(regexp.MustCompile(`ssoenv: ["t]`).FindAllString(screen, -1)) != min(len(want), 1) {
					t.Errorf("%s, in %s: want %q once and nothing else: got %q", c.name, directory, want, screen)
				}
			}
		}
	})
}
