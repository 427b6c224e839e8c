package main

import (
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/shellinit"
)

// For any command line a shell gets assignments, nothing, or the word false.
// Messages go to standard error.
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
			if r, bad := hiddenRune(said); bad {
				t.Errorf("%q: %q is said: %q", words, r, said)
			}
		}
	}
	t.Logf("%d command lines: %d gave code, %d false, %d nothing", len(names)*each, code, failed, nothing)

	// With faults of the service, too.
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
			if r, bad := hiddenRune(said); bad {
				t.Errorf("%s of %s: %q is said: %q", kind, op, r, said)
			}
			h.server.ClearFaults()
			faults++
		}
	}
	t.Logf("%d faults", faults)
}

// Values that are too long for a shell or the kernel are refused: a token of a
// megabyte would make every later command fail.
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
	// The same holds for names, and for values that use would have to save.
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

// clear restores the values in SSOENV_SAVED, which may be hostile, byte for byte,
// and does nothing else.
func TestHostileSnapshots(t *testing.T) {
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
				// If a line ends in a quote, this shell reports an error and runs
				// nothing.
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
