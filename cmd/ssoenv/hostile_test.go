package main

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/adrg/xdg"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/shellinit"
)

// Whatever stands in a file or comes from a service is data: not one word of it
// is run by the shell that evaluates what ssoenv prints, and not one byte of it
// works on the terminal that shows what ssoenv says.

// hostileCount is how many strings stand in each field, one after the other.
var hostileCount = flag.Int("hostile", 150, "hostile strings for each field")

// attacks are what has fooled shells, terminals and files.
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

// hostileStrings are the attacks, and then others that are made of them by
// chance.
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

// A hostileService is the world's Identity Center, but for the answers that it
// is told to give.
type hostileService struct {
	*world
	keys    map[string]any // the roleCredentials of the portal
	refusal string         // the portal's message
}

// newHostileService is a world of which this very process is a program too, so
// that thousands of runs cost no thousands of processes.
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
	w.inhabit(t)
	for _, name := range []string{"XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"} {
		t.Setenv(name, "")
	}
	xdg.Reload()
	return h
}

// run is one run of ssoenv within this process; but for refresh, which ignores
// signals, as every later child of this process would.
func (w *world) run(t testing.TB, env []string, words ...string) (stdout, stderr string, status int) {
	t.Helper()
	if slices.Contains(words, "refresh") {
		c := exec.Command("ssoenv", words...)
		c.Env, c.Dir = slices.Concat(w.env, env), w.home
		var out, said strings.Builder
		c.Stdout, c.Stderr = &out, &said
		err := c.Run()
		return out.String(), said.String(), exitStatus(err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	var files [2]*os.File
	for i := range files {
		if files[i], err = os.CreateTemp(w.home, "stream"); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(files[i].Name())
		defer files[i].Close()
	}
	given := slices.Concat(w.env, env)
	status = newProgram(append([]string{"ssoenv"}, words...), given, null, files[0], files[1]).run()
	var texts [2]string
	for i, file := range files {
		text, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	return texts[0], texts[1], status
}

// word is a value as the dialects quote it: nothing in it can be anything else.
const word = `(?:'[^']*'|\\['\\]|\$'(?:\\[0-7]{3})+'|\\X[0-9a-f]{2})+`

// statements are what a shell may be given to evaluate.
var statements = map[string]*regexp.Regexp{
	"bash": regexp.MustCompile(`^(?:export [A-Z_]+=` + word + `;\n|unset -v [A-Z_]+;\n)*$`),
	"zsh":  regexp.MustCompile(`^(?:export [A-Z_]+=` + word + `;\n|unset -v [A-Z_]+;\n)*$`),
	"sh":   regexp.MustCompile(`^(?:export [A-Z_]+=` + word + `;\n|unset -v [A-Z_]+;\n)*$`),
	"fish": regexp.MustCompile(`^(?:set --global --export [A-Z_]+ ` + word + `;\n|set --erase --global [A-Z_]+;\n)*$`),
}

// isCode tells whether text is what the dialect may be given, and nothing else.
func isCode(dialect, text string) bool {
	if grammar, ok := statements[dialect]; ok {
		return grammar.MatchString(text)
	}
	var entries []string
	return text == "" || json.Unmarshal([]byte(text), &entries) == nil && strings.Count(text, "\n") == 1
}

// unseen finds what a terminal would act on, or not show.
func unseen(text string) (rune, bool) {
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return r, true
		}
	}
	return 0, false
}

// An evaluator is a real shell, with options that change how it reads.
type evaluator struct {
	dialect, argv string
	inventory     string // lists functions
}

var evaluators = []evaluator{
	{"bash", "bash --norc --noprofile -c", "declare -F"},
	{"bash", "bash --posix --norc --noprofile -c", "declare -F"},
	{"zsh", "zsh -f -c", "typeset +f"},
	{"zsh", "zsh -f -o rcquotes -c", "typeset +f"},
	{"zsh", "zsh -f -o cshjunkiequotes -c", "typeset +f"},
	{"zsh", "zsh --emulate sh -f -c", "typeset +f"},
	{"zsh", "zsh -f -o shwordsplit -o globsubst -c", "typeset +f"},
	{"fish", "fish --no-config -c", "functions --all --names"},
	{"sh", "dash -c", ":"},
	{"sh", "ksh93 -c", "typeset +f"},
	{"sh", "mksh -c", "typeset +f"},
	{"sh", "busybox sh -c", ":"},
}

// An evaluation is a text for a shell, and what a variable then is to be.
type evaluation struct{ text, value string }

// evaluate has the shell evaluate all of these. It returns what is wrong.
func (e evaluator) evaluate(t *testing.T, dir, variable string, all []evaluation) string {
	t.Helper()
	script := `before=$(set +o; alias; INVENTORY)
while [ $# -gt 0 ]; do
	unset VARIABLE
	eval "$1"
	[ "x${VARIABLE-}" = "x$2" ] || echo "VARIABLE is [${VARIABLE-}], not [$2]"
	shift 2
done
[ "$before" = "$(set +o; alias; INVENTORY)" ] || echo "options, aliases or functions have changed"
exec /usr/bin/env -0`
	if e.dialect == "fish" {
		script = `set before (functions --all --names | string collect)
set i 1
set n (count $argv)
while test $i -lt $n
	set --erase VARIABLE
	eval $argv[$i]
	set j (math $i + 1)
	test "x$VARIABLE" = "x$argv[$j]"; or echo "VARIABLE is [$VARIABLE], not [$argv[$j]]"
	set i (math $i + 2)
end
test "$before" = (functions --all --names | string collect); or echo "functions have changed"
exec /usr/bin/env -0`
	}
	var words []string
	for _, each := range all {
		words = append(words, each.text, each.value)
	}
	wrong, said := e.run(t, dir, strings.NewReplacer("VARIABLE", variable, "INVENTORY", e.inventory).Replace(script), words)
	return wrong + said
}

// misread has the shell evaluate texts that are for another one. They may come
// to nothing, or to something else, as long as nothing runs. fish says what it
// cannot read wherever its standard error leads.
func (e evaluator) misread(t *testing.T, dir string, all []evaluation) string {
	t.Helper()
	script := `for text; do (eval "$text") >/dev/null 2>&1; done; exec /usr/bin/env -0`
	if e.dialect == "fish" {
		script = `for text in $argv; eval $text >/dev/null; end; exec /usr/bin/env -0`
	}
	var words []string
	for _, each := range all {
		words = append(words, each.text)
	}
	wrong, said := e.run(t, dir, script, words)
	if e.dialect == "fish" {
		return wrong
	}
	return wrong + said
}

// some is n of all, from one on.
func some(all []evaluation, from, n int) []evaluation {
	if len(all) <= n {
		return all
	}
	from %= len(all) - n + 1
	return all[from : from+n]
}

// run runs a script that ends in its environment, which is to have no names but
// those that it always has there, and ssoenv's. said is what stands on standard
// error, the first of it.
func (e evaluator) run(t *testing.T, dir, script string, words []string) (wrong, said string) {
	t.Helper()
	environment := func(script string, words []string) (names []string, said string) {
		argv := strings.Fields(e.argv)
		program, err := exec.LookPath(argv[0])
		if err != nil {
			t.Fatalf("install %s", argv[0])
		}
		argv = append(argv, script)
		if e.dialect != "fish" {
			argv = append(argv, "sh")
		}
		cmd := exec.Command(program, append(argv[1:], words...)...)
		cmd.Dir = filepath.Join(dir, "empty")
		cmd.Env = []string{"PATH=" + filepath.Join(dir, "canaries"), "HOME=" + filepath.Join(dir, "home"), "LC_ALL=C.UTF-8", "TERM=dumb"}
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%s: %v: %.400q", e.argv, err, stderr.String())
		}
		for entry := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
			name, _, _ := strings.Cut(entry, "=")
			names = append(names, name)
		}
		return names, fmt.Sprintf("%.400s", stderr.String())
	}
	before, _ := environment("exec /usr/bin/env -0", nil)
	after, said := environment(script, words)
	for _, name := range after {
		if !slices.Contains(slices.Concat(before, shellenv.Variables()), name) {
			return fmt.Sprintf("%.400q", name), said
		}
	}
	return "", said
}

// newPlayground is an empty directory to be in, and a PATH of programs of which
// nobody may start one.
func newPlayground(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"empty", "home", "canaries"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"touch", "ls", "cat", "id", "rm", "sh"} {
		text := "#!/bin/sh\n: >'" + filepath.Join(dir, "empty", "started-"+name) + "'\n"
		if err := os.WriteFile(filepath.Join(dir, "canaries", name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// nothingRan fails where the playground is no longer as it was.
func nothingRan(t *testing.T, dir string) {
	t.Helper()
	for _, place := range []string{"empty", "home"} {
		entries, err := os.ReadDir(filepath.Join(dir, place))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			// fish keeps files of its own.
			if place == "empty" || entry.Name() != ".config" && entry.Name() != ".local" && entry.Name() != ".cache" {
				t.Errorf("something ran: %s/%s is new", place, entry.Name())
			}
		}
	}
}

// quotedName spells a profile's name as the config file has it.
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

// TestHostileFields puts hostile strings into every field that a service or a
// file controls, and the shells evaluate what comes of it.
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
				if r, bad := unseen(said); bad {
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
						// What is taken of a line that holds other things too.
						value = strings.Join(plain.FindStringSubmatch(out)[1:], "")
					}
					texts[dialect] = append(texts[dialect], evaluation{out, value})
				}
				if n == 0 && field.profile == "" && status == 0 && !shellinit.IsPortable(text) {
					if out, _, status := h.run(t, nil, "use", "--", profile); status != statusUsage || out != "false\n" {
						t.Errorf("%q, for whatever shell: status %d, %q", text, status, out)
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
		t.Errorf("something ran: %q", found)
	}
}

// An argv that somebody has mistyped, or built out of data, gives a shell
// assignments or nothing: whatever ssoenv makes of it, it says on standard
// error.
func TestOutputIsCodeOrNothing(t *testing.T) {
	h := newHostileService(t)
	rng := rand.New(rand.NewPCG(3, 5))
	var flags []string
	for _, command := range offline.Commands() {
		for _, flag := range command.Flags {
			flags = append(flags, "--"+flag.Name, "-"+flag.Name, "--"+flag.Name+"=x")
		}
	}
	pool := slices.Concat(flags, attacks, shellinit.Names(),
		[]string{"dev", "prod", "legacy", "nosuch", "-", "--", "--help", "-h", "help", "h", "--version", "--shell=fish", "--region=eu-west-1", "use", "clear", "direnv", "111111111111/Developer"})
	known := map[string]bool{}
	for _, name := range shellinit.Names() {
		for _, words := range [][]string{{"init", name}, {"init", name, "--prompt"}, {"completion", name}, {"init", "direnv"}} {
			if out, _, status := h.run(t, nil, words...); status == 0 {
				known[out] = true
			}
		}
	}
	forged, _ := forgeSnapshot(t, attacks[0], "AWS_PROFILE")
	environments := [][]string{
		nil,
		{"SSOENV_PROFILE=dev", "SSOENV_EXPIRES=1", "SSOENV_SAVED=junk"},
		{"SSOENV_PREVIOUS=$(touch pwned)", "SSOENV_SAVED=" + forged, "SSOENV_PROFILE=x"},
	}
	const each = 120
	always := [][]string{nil, {"--help"}, {"-h"}, {"dev", "--help"}, {"--nosuch"}, {"--shell"}, {"--shell", "tcsh"}, {"--shell", "fish"}, {"a", "b"}, {"help"}, {"--"}, {"--", "--help"}, {"bash"}}
	code, failed, nothing := 0, 0, 0
	names := []string{"use", "clear", "logout", "adopt", "init", "completion"}
	for _, name := range names {
		for i := range each {
			words := []string{name}
			for range rng.IntN(4) {
				words = append(words, strings.ReplaceAll(pool[rng.IntN(len(pool))], "\x00", ""))
			}
			if i%7 == 0 {
				words = append([]string{pool[rng.IntN(len(flags))]}, words...)
			}
			if i < len(always) {
				words = append([]string{name}, always[i]...)
			}
			if slices.Contains(words, "--install") {
				continue // writes a file, as it says
			}
			out, said, status := h.run(t, environments[i%len(environments)], words...)
			isAny := slices.ContainsFunc(shellinit.Names(), func(shell string) bool { return isCode(shell, out) })
			switch {
			case status != 0 && out == "false\n":
				failed++
			case status == 0 && out == "":
				nothing++
			case status == 0 && (isAny || known[out]):
				code++
			default:
				t.Errorf("%q: status %d, %q, and says %q", words, status, out, said)
			}
			if r, bad := unseen(said); bad {
				t.Errorf("%q: %q is said: %q", words, r, said)
			}
		}
	}
	t.Logf("%d command lines: %d gave code, %d false, %d nothing", len(names)*each, code, failed, nothing)

	// Whatever the service does.
	faults := 0
	for _, op := range []ssotest.Op{ssotest.GetRoleCredentials, ssotest.RefreshToken} {
		for _, kind := range []ssotest.Kind{
			ssotest.Refuse, ssotest.ResetBefore, ssotest.ResetAfter, ssotest.Truncate, ssotest.CaptivePortal, ssotest.Empty, ssotest.Garbage, ssotest.Redirect, ssotest.Untyped, ssotest.NoRefreshToken,
		} {
			h.logIn(t)
			h.forgetRoles(t)
			if op == ssotest.RefreshToken {
				h.expireToken(t)
			}
			fault := ssotest.Fault{Op: op, Kind: kind, Times: ssotest.Forever}
			if kind == ssotest.Refuse || kind == ssotest.Untyped {
				fault.Type, fault.Message = "InvalidRequestException", attacks[0]+"\x1b[2J"
			}
			if kind == ssotest.Untyped {
				fault = ssotest.Fault{Op: op, Kind: kind, Times: ssotest.Forever}
			}
			if kind == ssotest.Redirect {
				fault.Location = h.url
			}
			h.server.Fault(fault)
			out, said, status := h.run(t, nil, "use", "--shell", "bash", "dev")
			if status != 0 && out != "false\n" || status == 0 && !isCode("bash", out) {
				t.Errorf("%s of %s: status %d, %q, and says %q", kind, op, status, out, said)
			}
			if r, bad := unseen(said); bad {
				t.Errorf("%s of %s: %q is said: %q", kind, op, r, said)
			}
			h.server.ClearFaults()
			faults++
		}
	}
	t.Logf("%d faults", faults)
}

// What no shell and no kernel can bear is refused: a token of a megabyte would
// break every command after it.
func TestOversizedValues(t *testing.T) {
	h := newHostileService(t)
	expires := time.Now().Add(time.Hour).UnixMilli()
	for name, keys := range map[string]map[string]any{
		"token":  {"accessKeyId": "ASIAIOSFODNN7EXAMPLE", "secretAccessKey": "s", "sessionToken": strings.Repeat("A", 1<<20-500), "expiration": expires},
		"secret": {"accessKeyId": "ASIAIOSFODNN7EXAMPLE", "secretAccessKey": strings.Repeat("A", 16<<10+1), "sessionToken": "t", "expiration": expires},
		"key id": {"accessKeyId": strings.Repeat("A", 129), "secretAccessKey": "s", "sessionToken": "t", "expiration": expires},
	} {
		h.keys = keys
		if out, said, status := h.run(t, nil, "use", "--shell", "bash", "dev"); status != statusFailed || out != "false\n" || len(said) > 500 {
			t.Errorf("%s: status %d, %d bytes of code: %.300s", name, status, len(out), said)
		}
	}
	h.keys = nil
	// Nor may a name be as long as that, or what use would have to remember.
	long := strings.Repeat("n", 70<<10)
	h.write(t, ".aws/config", strings.ReplaceAll(defaultConfig, "$URL", h.url)+"\n[profile "+long+"]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Developer\n")
	for _, c := range []struct {
		profile string
		env     []string
	}{{long, nil}, {"dev", []string{"AWS_VAULT=" + long}}, {"dev", []string{"SSOENV_PROFILE=" + long}}} {
		if out, said, status := h.run(t, c.env, "use", "--shell", "bash", c.profile); status == 0 || out != "false\n" || len(said) > 5000 {
			t.Errorf("%.20s, %.20s: status %d, %d bytes of code, %d bytes said", c.profile, c.env, status, len(out), len(said))
		}
	}
}

// What clear gives back was the person's, or somebody has written it into
// SSOENV_SAVED: it is given back as it is, and nothing more.
func TestHostileMemory(t *testing.T) {
	h := newHostileService(t)
	dir := newPlayground(t)
	texts := map[string][]evaluation{}
	for _, text := range hostileStrings(*hostileCount) {
		text = strings.ReplaceAll(text, "\x00", "")
		saved, restored := forgeSnapshot(t, text, "AWS_PROFILE", "PATH", "a[$(touch pwned)]")
		for _, dialect := range []string{"bash", "zsh", "fish", "sh"} {
			for _, command := range []string{"clear", "logout"} {
				if command == "logout" && len(texts[dialect]) > 20 {
					continue // says the same, after asking the service
				}
				out, said, status := h.run(t, []string{"SSOENV_PROFILE=prod", "SSOENV_SAVED=" + saved}, command, "--shell", dialect)
				if status != 0 || !isCode(dialect, out) || strings.Contains(out, "PATH") && !strings.Contains(text, "PATH") {
					t.Fatalf("%q: status %d, %q, and says %q", text, status, out, said)
				}
				texts[dialect] = append(texts[dialect], evaluation{out, restored})
			}
		}
	}
	evaluations := 0
	for _, shell := range evaluators {
		for batch := range slices.Chunk(texts[shell.dialect], 150) {
			if strings.Contains(shell.argv, "cshjunkiequotes") {
				// Where a line ends in quotes, that shell reads an error, and no more.
				batch = slices.DeleteFunc(slices.Clone(batch), func(e evaluation) bool { return strings.Contains(e.value, "\n") })
			}
			evaluations += len(batch)
			if wrong := shell.evaluate(t, dir, "AWS_PROFILE", batch); wrong != "" {
				t.Errorf("in %s: %s", shell.argv, wrong)
			}
		}
	}
	nothingRan(t, dir)
	t.Logf("%d evaluations", evaluations)
}

// forgeSnapshot returns an SSOENV_SAVED that says that the variables had the
// given value, and the value as JSON preserves it, which is UTF-8.
func forgeSnapshot(t *testing.T, value string, names ...string) (saved, restored string) {
	t.Helper()
	vars := map[string]map[string]string{}
	for _, name := range names {
		vars[name] = map[string]string{"b": value}
	}
	data, err := json.Marshal(map[string]any{"v": vars})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &restored); err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(data), restored
}
