package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adrg/xdg"

	"github.com/ssoenv/ssoenv/shellinit"
)

// What is in a file or comes from a service is data: a shell that evaluates the
// output runs none of it, and a terminal acts on none of it.

// hostileCount is the number of strings that are tried in each field.
var hostileCount = flag.Int("hostile", 150, "hostile strings for each field")

// attacks are strings with a special meaning for shells, terminals or files.
var attacks = []string{
	`$(touch pwned)`, "`touch pwned`", `';touch pwned;'`, `";touch pwned;"`, `\';touch pwned;\'`, `'\'';touch pwned;'\''`, `$'\x27;touch pwned;'`,
	`;touch pwned`, `|touch pwned`, `&touch pwned&`, `&&touch pwned`, `<(touch pwned)`, `>(touch pwned)`, `>pwned`, `(touch pwned)`, `{touch,pwned}`,
	`$((a[$(touch pwned)]))`, `${x:=$(touch pwned)}`, `${(e):-$(touch pwned)}`, `=ls`, `~root`, `!!`, `!$`, `^a^b`, `*`, `?`, `[a-z]`, `%s%n`, `%PATH%`,
	`$HOME`, `$$`, `$'`, `$"`, `'`, `''`, `"`, `\`, `\\`, `\\'`, `#`, `=`, `-`, `--`, `--shell`, `-rf`, `--help`, `@{x}`, `x=1`, `x=(1)`, `a[$(touch pwned)]=1`,
	`export PATH=/`, `unset PATH`, `alias ls=pwned`, `f() { touch pwned; }`, `() { :;}; touch pwned`, `set -x`, `exec touch pwned`, `end; touch pwned`, `fi; touch pwned`,
	`../../pwned`, `/etc/passwd`, `C:\x`, `a/b`, `]`, `[profile x]`, `] touch`, `;comment`, `name = value`,
	"\ntouch pwned\n", "\rtouch pwned\r", "a\nb", "a\tb", "\x00", "\x01", "\x07", "\x08", "\x7f", "\x80", "\xff", "\xc3", "\xe2\x80", "\x1b[2J", "\x1b]0;pwned\x07", "\x1b[31m",
	"\u009b2J", "\u009d0;pwned\u009c", "\u0085", "\u2028", "\u202egnp", "\u2066x\u2069", "\u061c", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u180e", "\U000e0041", "\ufff9", "\ufffd",
	"é", "日本", "\U0001f511", "Adm\u0456n", strings.Repeat("A", 300), strings.Repeat("é", 200), strings.Repeat("'", 100), "",
}

// hostileStrings returns n strings: the attacks, then random combinations of them.
func hostileStrings(n int) []string {
	rng := rand.New(rand.NewPCG(7, 11))
	words := slices.Clone(attacks)
	for len(words) < n {
		var b strings.Builder
		for range 1 + rng.IntN(6) {
			switch rng.IntN(4) {
			case 0:
				b.WriteByte(byte(rng.IntN(256)))
			case 1:
				b.WriteByte(byte(' ' + rng.IntN('~'-' '+1)))
			default:
				b.WriteString(attacks[rng.IntN(len(attacks)-4)])
			}
		}
		words = append(words, b.String())
	}
	return words[:n]
}

// A hostileService is a world whose Identity Center can be given other answers.
type hostileService struct {
	*world
	keys    map[string]any // roleCredentials in the answer of GetRoleCredentials
	refusal string         // message of the error instead
}

// newHostileService returns a world of which this process is a program too:
// thousands of runs need no processes.
func newHostileService(t *testing.T) *hostileService {
	t.Helper()
	w := newWorld(t)
	h := &hostileService{world: w}
	front := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/federation/credentials" || h.keys == nil && h.refusal == "":
			w.server.ServeHTTP(out, r)
		case h.refusal != "":
			out.Header().Set("X-Amzn-Errortype", "InvalidRequestException")
			out.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(out).Encode(map[string]string{"message": h.refusal})
		default:
			_ = json.NewEncoder(out).Encode(map[string]any{"roleCredentials": h.keys})
		}
	}))
	t.Cleanup(front.Close)
	front.Config.SetKeepAlivesEnabled(false) // no run closes what the next cannot use
	w.env = append(w.env, "AWS_ENDPOINT_URL_SSO="+front.URL, "AWS_ENDPOINT_URL_STS="+front.URL)
	w.logIn(t)
	t.Cleanup(xdg.Reload) // once the environment is what it was
	w.useEnvironment(t)
	for _, name := range []string{"XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"} {
		t.Setenv(name, "")
	}
	xdg.Reload()
	return h
}

// quotedName returns a profile's name as it is quoted in the config file.
func quotedName(name string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}

const hostileProfile = `
[sso-session %[1]s]
sso_start_url = %[2]s
sso_region = %[3]s
# %[4]s
[profile %[5]s]
sso_session = %[1]s
sso_account_id = %[6]s
sso_role_name = %[7]s
region = %[8]s
ssoenv_color = %[9]s
`

// TestHostileFields puts hostile strings into every field that a service or a file
// controls, and has the shells evaluate the output.
func TestHostileFields(t *testing.T) {
	h := newHostileService(t)
	dir := newPlayground(t)
	good := map[string]any{"accessKeyId": "ASIAIOSFODNN7EXAMPLE", "secretAccessKey": "secret", "sessionToken": "token", "expiration": time.Now().Add(time.Hour).UnixMilli()}
	with := func(name string, value any) map[string]any {
		keys := maps.Clone(good)
		keys[name] = value
		return keys
	}
	config := func(at int, value string) {
		fields := []any{"corp", h.url + "/start", "us-east-1", "a comment", "hostile", "111111111111", "Developer", "eu-central-1", "red"}
		if at >= 0 {
			fields[at] = value
		}
		h.write(t, ".aws/config", fmt.Sprintf(hostileProfile, fields...))
	}
	chained := func(format string) func(string) {
		return func(value string) {
			config(-1, "")
			h.write(t, ".aws/config", h.read(t, ".aws/config")+"\n[profile chained]\nsource_profile = hostile\nregion = us-east-1\n"+fmt.Sprintf(format, value)+"\n")
		}
	}
	regions := map[string]string{"hostile": "eu-central-1", "chained": "us-east-1"}
	const role = "role_arn = arn:aws:iam::222222222222:role/Hop\n"
	for _, field := range []struct {
		name     string
		profile  string // "" for the string itself
		variable string // that has the string, where it is taken
		closed   bool   // it has nothing but letters, digits and hyphens
		set      func(string)
	}{
		{"the name of the profile", "", "SSOENV_PROFILE", false, func(s string) { config(4, quotedName(s)) }},
		{"the name of the session", "hostile", "", false, func(s string) { config(0, s) }},
		{"the start URL", "hostile", "", false, func(s string) { config(1, s) }},
		{"the session's region", "hostile", "", false, func(s string) { config(2, s) }},
		{"a comment", "hostile", "", false, func(s string) { config(3, s) }},
		{"the account", "hostile", "AWS_ACCOUNT_ID", true, func(s string) { config(5, s) }},
		{"the role", "hostile", "", false, func(s string) { config(6, s) }},
		{"the region", "hostile", "AWS_REGION", true, func(s string) { config(7, s) }},
		{"the colour", "hostile", "SSOENV_COLOR", true, func(s string) { config(8, s) }},
		{"role_arn", "chained", "", false, chained("role_arn = %s")},
		{"the role in role_arn", "chained", "", false, chained("role_arn = arn:aws:iam::222222222222:role/%s")},
		{"external_id", "chained", "", false, chained(role + "external_id = %s")},
		{"role_session_name", "chained", "", false, chained(role + "role_session_name = %s")},
		{"duration_seconds", "chained", "", false, chained(role + "duration_seconds = %s")},
		{"mfa_serial", "chained", "", false, chained(role + "mfa_serial = %s")},
		{"the key id", "hostile", "AWS_ACCESS_KEY_ID", false, func(s string) { h.keys = with("accessKeyId", s) }},
		{"the secret key", "hostile", "AWS_SECRET_ACCESS_KEY", false, func(s string) { h.keys = with("secretAccessKey", s) }},
		{"the session token", "hostile", "AWS_SESSION_TOKEN", false, func(s string) { h.keys = with("sessionToken", s) }},
		{"the expiration", "hostile", "", false, func(s string) { h.keys = with("expiration", s) }},
		{"an error's text", "hostile", "", false, func(s string) { h.refusal = "x" + s }},
	} {
		config(-1, "")
		h.keys, h.refusal = nil, ""
		texts := map[string][]evaluation{} // by dialect
		plain := regexp.MustCompile(field.variable + `[= ]'([a-z0-9-]*)';\n|$`)
		taken, refused := 0, 0
		words := hostileStrings(*hostileCount)
		for i, text := range words {
			field.set(text)
			if h.keys != nil || h.refusal != "" {
				if err := os.RemoveAll(filepath.Join(h.home, ".cache/ssoenv/roles")); err != nil {
					t.Fatal(err)
				}
			}
			profile := field.profile
			if profile == "" {
				profile = text
			}
			dialect := []string{"bash", "zsh", "fish", "sh"}
			if field.variable == "" || i > len(attacks) {
				dialect = dialect[i%4 : i%4+1] // the same way for each, up to the last stage
			}
			for n, dialect := range dialect {
				out, said, status := h.run(t, nil, "use", "--shell", dialect, "--", profile)
				if r, bad := hiddenRune(said); bad {
					t.Errorf("%s is %q: %q is said: %q", field.name, text, r, said)
				}
				switch {
				case status != 0:
					if out != "false\n" {
						t.Fatalf("%s is %q: status %d, and %q", field.name, text, status, out)
					}
					if n == 0 {
						refused++
					}
				case !isCode(dialect, out):
					t.Fatalf("%s is %q: no code for %s: %q", field.name, text, dialect, out)
				default:
					if n == 0 {
						taken++
					}
					value := regions[field.profile]
					if field.variable != "" {
						value = text
					}
					if field.closed {
						// The part that is read of a line with other things in it.
						value = strings.Join(plain.FindStringSubmatch(out)[1:], "")
					}
					texts[dialect] = append(texts[dialect], evaluation{out, value})
				}
				if n == 0 && field.profile == "" && status == 0 && !shellinit.IsPortable(text) {
					if out, _, status := h.run(t, nil, "use", "--", profile); status != statusUsage || out != "false\n" {
						t.Errorf("%q without --shell: got status %d and %q, want a usage error", text, status, out)
					}
				}
			}
		}
		variable := field.variable
		if variable == "" {
			variable = "AWS_REGION"
		}
		evaluations := 0
		for i, shell := range evaluators {
			for dialect, all := range texts {
				if dialect != shell.dialect {
					all = some(all, 10*i, 10) // a process each
					evaluations += len(all)
					if wrong := shell.misread(t, dir, all); wrong != "" {
						t.Errorf("%s: for %s, in %s: %s", field.name, dialect, shell.argv, wrong)
					}
					continue
				}
				for batch := range slices.Chunk(all, 150) {
					evaluations += len(batch)
					if wrong := shell.evaluate(t, dir, variable, batch); wrong != "" {
						t.Errorf("%s: in %s: %s", field.name, shell.argv, wrong)
					}
				}
			}
		}
		nothingRan(t, dir)
		t.Logf("%s: %d strings, %d taken, %d refused, %d evaluations", field.name, len(words), taken, refused, evaluations)
	}
	if found, _ := filepath.Glob(filepath.Join(h.home, "*pwned*")); len(found) > 0 {
		t.Errorf("something ran: got files %q, want none", found)
	}
}
