package doctor

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
)

// Kubeconfig checks whether kubectl asks for tokens as another profile than the shell
// uses: a kubeconfig that sets AWS_PROFILE for "aws eks get-token" has no effect in a
// shell with credentials, because the AWS CLI prefers these. It finds nothing in
// other shells.
func Kubeconfig(state shellenv.State, env map[string]string, home string, f Formatter) []Finding {
	r := results{check: "environment"}
	if state.Profile == "" || env["AWS_ACCESS_KEY_ID"] == "" {
		return nil
	}
	paths := filepath.SplitList(env["KUBECONFIG"])
	if len(paths) == 0 {
		paths = []string{filepath.Join(home, ".kube", "config")}
	}
	for _, path := range paths {
		for _, profile := range kubeProfiles(path) {
			if profile != state.Profile {
				r.warning("$ ssoenv exec "+f.ShellWord(profile)+" -- kubectl get pods",
					"%s sets AWS_PROFILE to %q for kubectl, but in this shell kubectl uses the credentials of %q", path, profile, state.Profile)
			}
		}
	}
	return r.findings
}

// kubeProfiles returns the values of AWS_PROFILE in a kubeconfig, each once, of its
// first mebibyte. kubectl writes a name and a value as two lines.
func kubeProfiles(path string) []string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer func() { _ = file.Close() }()
	var profiles []string
	seen := map[string]bool{}
	isNext := false
	scan := bufio.NewScanner(io.LimitReader(file, 1<<20))
	for scan.Scan() {
		key, value, _ := strings.Cut(strings.TrimLeft(scan.Text(), " -\t"), ":")
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		if isNext && key == "value" && value != "" && !seen[value] {
			seen[value] = true
			profiles = append(profiles, value)
		}
		isNext = key == "name" && value == "AWS_PROFILE"
	}
	return profiles
}
