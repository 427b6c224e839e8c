package main

import (
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// Two packages know the variables of settings: session/profile reads a profile's, and
// shellenv, which does not import it, exports and restores them. What only the first
// one knows would not reach a shell.
func TestEverySettingReachesTheShell(t *testing.T) {
	values := []string{"true", "json", "standard", "3", "regional", "https://localhost:4566"}
	settings := append(settingVariables(t), [2]string{"endpoint_url", "AWS_ENDPOINT_URL"}, [2]string{"region", "AWS_REGION"}, [2]string{"region", "AWS_DEFAULT_REGION"})
	for _, setting := range settings {
		key, variable := setting[0], setting[1]
		accepted := slices.ContainsFunc(append(values, "eu-west-1"), func(value string) bool {
			got, err := switchTo(t, key+" = "+value+"\n")
			return err == nil && got[variable] == value
		})
		if !accepted {
			t.Errorf("no value of %s reaches the shell as %s", key, variable)
		}
		if !slices.Contains(shellenv.Variables(), variable) {
			t.Errorf("shellenv.Variables() has no %s", variable)
		}
	}
}

// Both packages accept the same names of services. Keys of a config have no case.
func TestEveryEndpointReachesTheShell(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, service := range []string{"s", "s3", "S3", "sso_oidc", "0_9", "az", "_", long} {
		got, err := switchTo(t, "services = local\n[services local]\n"+service+" =\n  endpoint_url = https://localhost:4566\n")
		if variable := "AWS_ENDPOINT_URL_" + strings.ToUpper(service); err != nil || got[variable] == "" {
			t.Errorf("the endpoint of %q: got no %s in %v, error %v", service, variable, got, err)
		}
	}
	for _, service := range []string{"s-3", "s3$", "é", long + "a"} {
		got, err := switchTo(t, "services = local\n[services local]\n"+service+" =\n  endpoint_url = https://localhost:4566\n")
		for name := range got {
			if err != nil || strings.HasPrefix(name, "AWS_ENDPOINT_URL") {
				t.Errorf("the endpoint of %q: got %s, error %v", service, name, err)
			}
		}
	}
}

// switchTo returns what a switch sets in an empty environment, to a profile with
// static keys and the given lines.
func switchTo(t *testing.T, lines string) (map[string]string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	text := "[profile p]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n" + lines
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := profile.ReadConfig(path, "")
	if err != nil {
		t.Fatal(err)
	}
	p, err := config.Profile("p")
	if err != nil {
		return nil, err
	}
	change, _ := offline.NewSwitch(p, store.Credentials{AccessKeyID: p.Static.AccessKeyID, SecretKey: p.Static.SecretKey}, "").Apply(nil)
	set := map[string]string{}
	for _, v := range change {
		set[v.Name] = v.Value
	}
	return set, nil
}

// settingVariables returns the key and the variable of each entry of the list of
// that name in session/profile.
func settingVariables(t *testing.T) (list [][2]string) {
	t.Helper()
	for _, file := range sources(t) {
		if file.name != "session/profile/settings.go" {
			continue
		}
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || spec.Names[0].Name != "settingVariables" {
				return true
			}
			for _, entry := range spec.Values[0].(*ast.CompositeLit).Elts {
				words := entry.(*ast.CompositeLit).Elts
				key, _ := strconv.Unquote(words[0].(*ast.BasicLit).Value)
				variable, _ := strconv.Unquote(words[1].(*ast.BasicLit).Value)
				list = append(list, [2]string{key, variable})
			}
			return false
		})
	}
	if len(list) < 8 {
		t.Fatalf("got %d settings, want at least 8", len(list))
	}
	return list
}
