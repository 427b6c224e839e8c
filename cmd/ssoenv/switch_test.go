package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session/ssotest"
)

// A switch leaves nothing of the profile before it except the way back. clear
// restores what the user had, except static credentials.
func TestEverySwitchAfterEveryOther(t *testing.T) {
	h := newHostileService(t)
	h.write(t, ".aws/config", h.read(t, ".aws/config")+"\n[profile hop]\nrole_arn = arn:aws:iam::222222222222:role/Hop\nsource_profile = dev\nregion = eu-west-3\nssoenv_color = red\n")
	beginnings := map[string]map[string]string{
		"nothing":     {},
		"a profile":   {"AWS_PROFILE": "mine", "AWS_DEFAULT_PROFILE": "mine too", "AWS_REGION": "ap-south-1"},
		"static keys": {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "static", "AWS_DEFAULT_REGION": "ap-south-1"},
		"old tools": {"AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "static", "AWS_SESSION_TOKEN": "token", "AWS_SECURITY_TOKEN": "token",
			"AWS_VAULT": "old", "AWSUME_PROFILE": "old", "AWS_SESSION_EXPIRATION": "2026-01-01T00:00:00Z", "AWS_CREDENTIAL_EXPIRATION": "2026-01-01T00:00:00Z"},
		"what is no business of ssoenv's": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/x", "AWS_WEB_IDENTITY_TOKEN_FILE": "/x", "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "3"},
	}
	targets := []string{"dev", "plain", "legacy", "hop", "111111111111/ReadOnly"}
	if out, err := h.command(t, nil, "ssoenv", "login", "legacy").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// The variables that depend on earlier switches.
	way := func(env map[string]string) map[string]string {
		env = maps.Clone(env)
		delete(env, "SSOENV_SAVED")
		delete(env, "SSOENV_PREVIOUS")
		return env
	}
	pairs := 0
	for name, beginning := range beginnings {
		for _, first := range targets {
			once := h.switchTo(t, beginning, "use", first)
			for _, second := range targets {
				direct := h.switchTo(t, beginning, "use", second)
				for _, rival := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN", "AWS_VAULT", "AWSUME_PROFILE", "AWS_SESSION_EXPIRATION"} {
					if value, ok := direct[rival]; ok {
						t.Errorf("%s, %s: %s is still %q", name, second, rival, value)
					}
				}
				twice := h.switchTo(t, once, "use", second)
				if !maps.Equal(way(twice), way(direct)) {
					t.Errorf("%s, %s, %s: %v\nand without the one between: %v", name, first, second, way(twice), way(direct))
				}
				want := maps.Clone(beginning)
				lost := beginning["AWS_SECRET_ACCESS_KEY"] != ""
				for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"} {
					delete(want, name)
				}
				for _, name := range []string{"AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION", "AWSUME_EXPIRATION", "AWS_VAULT", "AWSUME_PROFILE"} {
					if lost {
						delete(want, name)
					}
				}
				want["SSOENV_PREVIOUS"] = second
				if got := h.switchTo(t, twice, "clear"); !maps.Equal(got, want) {
					t.Errorf("%s, %s, %s, clear: %v, want %v", name, first, second, got, want)
				}
				pairs++
			}
		}
	}
	t.Logf("%d ways", pairs)
}

// loudBrowser writes to both streams and records its descriptors.
const loudBrowser = `#!/bin/sh
echo 'touch pwned; SSOENV_PROFILE=pwned'
echo 'touch pwned' >&2
ls -l /proc/$$/fd >"$HOME/descriptors"
exec approve "$@"
`

// A browser that is started during a switch gets none of its streams: its output is
// not evaluated.
func TestBrowserHasNoStreams(t *testing.T) {
	w := newWorld(t)
	browser := filepath.Join(w.home, "browser")
	if err := os.WriteFile(browser, []byte(loudBrowser), 0o700); err != nil {
		t.Fatal(err)
	}
	s := w.screen(t, []string{"PS1=PROMPT> ", "BROWSER=" + browser}, "bash", "--norc", "--noprofile", "-i")
	s.expect("PROMPT> ")
	s.typeLine(`eval "$(ssoenv use dev)"; environ SSOENV_PROFILE; ls pwned`)
	s.expect(`SSOENV_PROFILE="dev"`)
	s.expect(`cannot access 'pwned'`)
	inherited := map[string]bool{} // from the test process
	links, _ := filepath.Glob("/proc/self/fd/*")
	for _, link := range links {
		name, _ := os.Readlink(link)
		inherited[name] = true
	}
	for line := range strings.Lines(w.read(t, "descriptors")) {
		at := regexp.MustCompile(` (\d+) -> (.*)\n`).FindStringSubmatch(line)
		// The browser's own script and output file.
		if len(at) == 3 && at[2] != "/dev/null" && !inherited[at[2]] && !strings.HasSuffix(at[2], "/browser") && !strings.HasSuffix(at[2], "/descriptors") {
			t.Errorf("the browser has %s", strings.TrimSpace(at[0]))
		}
	}
}

// The output of init works for any path of the program and any shell options, and
// runs nothing else.
func TestInitFromAnywhere(t *testing.T) {
	t.Parallel()
	real, err := exec.LookPath("ssoenv")
	if err != nil {
		t.Fatal(err)
	}
	options := map[string][]string{
		"bash": {"set -u", "set -eu -o pipefail -C", "IFS=x:/", "set -o posix", "shopt -s expand_aliases; alias eval=false command=false export=false builtin=false"},
		"zsh":  {"set -u", "set -eu; setopt noclobber", "IFS=x:/", "setopt shwordsplit globsubst rcquotes ksharrays", "alias eval=false command=false export=false"},
		"sh":   {"set -u", "set -eu -C", "IFS=x:/", "alias eval=false command=false"},
		"fish": {"true"},
	}
	argv := map[string][]string{"bash": {"bash", "--norc", "--noprofile", "-c"}, "zsh": {"zsh", "-f", "-c"}, "sh": {"dash", "-c"}, "fish": {"fish", "--no-config", "-c"}}
	for shell, lines := range options {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.logIn(t)
			for _, place := range []string{`a'b $(touch pwned) "c`, "new\nline", "`touch pwned`;touch pwned", `back\slash\`, "-rf", "é\x01\x1b[31m\xff"} {
				folder := filepath.Join(w.home, place)
				if err := os.Mkdir(folder, 0o700); err != nil {
					t.Fatal(err)
				}
				exe := filepath.Join(folder, "ssoenv")
				if err := os.Symlink(real, exe); err != nil {
					t.Fatal(err)
				}
				code, err := w.command(t, []string{"PATH=" + folder + ":" + os.Getenv("PATH")}, exe, "init", shell).Output()
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(code), real) {
					t.Fatalf("in %q: the hook calls %s", place, real)
				}
				w.write(t, "code", string(code))
				for _, line := range lines {
					script := line + "\n\\eval \"$(cat code)\"\nssoenv use dev >/dev/null\nenviron SSOENV_PROFILE AWS_ACCOUNT_ID\nssoenv clear >/dev/null\nenviron SSOENV_PROFILE\n"
					if shell == "fish" {
						script = "cat code | source; ssoenv use dev; environ SSOENV_PROFILE AWS_ACCOUNT_ID; ssoenv clear; environ SSOENV_PROFILE"
					}
					c := w.command(t, nil, append(slices.Clone(argv[shell]), script)...)
					c.Args[0] = "x" + place // by which zsh knows no other shell
					out, err := c.CombinedOutput()
					if want := "SSOENV_PROFILE=\"dev\"\nAWS_ACCOUNT_ID=\"111111111111\"\nSSOENV_PROFILE is not set\n"; err != nil || string(out) != want {
						t.Errorf("in %q, after %q: %v: %.500q", place, line, err, out)
					}
				}
			}
			if found, _ := filepath.Glob(filepath.Join(w.home, "*pwned*")); slices.ContainsFunc(found, func(name string) bool { return filepath.Base(name) == "pwned" }) {
				t.Errorf("something ran: got files %q, want none", found)
			}
		})
	}
}

// No flag has a secret as its value: other users can read command lines.
func TestNoFlagTakesASecret(t *testing.T) {
	for _, command := range offline.Commands() {
		for _, flag := range command.Flags {
			if flag.TakesValue() && regexp.MustCompile(`secret|token|pass|key|mfa|code|credential`).MatchString(flag.Name) && flag.Name != "token-file" { // a path
				t.Errorf("ssoenv %s --%s", command.Name, flag.Name)
			}
		}
	}
}

// Commands that describe the current credentials show nothing that identifies them.
func TestCredentialsAreNotShown(t *testing.T) {
	h := newHostileService(t)
	var env []string
	for name, value := range h.switchTo(t, map[string]string{}, "use", "dev") {
		env = append(env, name+"="+value)
	}
	issued := h.server.LastIssued()
	needles := needlesOf([]ssotest.Secret{{Kind: ssotest.KeyID, Text: issued.AccessKeyID}, {Kind: ssotest.SecretKey, Text: issued.SecretAccessKey}, {Kind: ssotest.SessionToken, Text: issued.SessionToken}})
	for _, words := range [][]string{
		{"list"}, {"list", "--json"}, {"status"}, {"status", "--json"}, {"doctor"}, {"doctor", "--json"}, {"whoami"}, {"whoami", "--json"}, {"prompt"}, {"accounts"}, {"roles", "111111111111"},
		{"files", "dev"}, {"refresh"}, {"sync", "--dry-run"}, {"version"}, {"complete", "fish", "--", "ssoenv", "use", ""},
	} {
		for _, more := range [][]string{nil, {"SSOENV_DEBUG=1"}, {"AWS_SECRET_ACCESS_KEY=changed"}, {"AWS_SESSION_TOKEN="}} {
			out, said, _ := h.run(t, slices.Concat(env, more), words...)
			for _, found := range findSecrets([]byte(out+said), needles) {
				t.Errorf("%q shows the %s (%s): %s%s", words, found.kind, found.form, out, said)
			}
		}
	}
}
