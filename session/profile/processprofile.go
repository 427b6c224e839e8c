package profile

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// Programs that are started without a shell, such as an IDE or a service, get the
// credentials of profile NAME through NAME-cp: a profile whose credential_process runs
// ssoenv for NAME. The two cannot be one, because ssoenv reads NAME itself.

// ProcessName returns the name of the profile whose credential_process runs ssoenv for
// the profile of that name.
func ProcessName(name string) string { return name + "-cp" }

// processCommand returns the credential_process of ProcessName(name).
func processCommand(program, name string) string {
	return awsconfig.QuoteWord(program) + " credential-process " + awsconfig.QuoteWord(name)
}

// runsFor reports whether a credential_process runs ssoenv for the profile of that
// name.
func runsFor(command, name string) bool {
	return slices.Contains(awsconfig.ProcessProfiles(command), name)
}

// processChanges returns the assignments of the profile ProcessName(name). program is
// the absolute path of ssoenv. An empty region is left out.
func processChanges(program, name, region string) []awsconfig.Change {
	set := func(key, value string) awsconfig.Change {
		return awsconfig.Change{Kind: awsconfig.Profile, Name: ProcessName(name), Key: key, Value: value}
	}
	changes := []awsconfig.Change{set("credential_process", processCommand(program, name))}
	if region != "" {
		changes = append(changes, set("region", region))
	}
	return changes
}

// checkProcessName returns an error if the name of the second profile is that of one
// that ssoenv has not written.
func (c *Config) checkProcessName(name string) error {
	raw, exists := c.rawProfile(ProcessName(name))
	if kind := raw.kind(false); !exists || kind == kindNone || kind == kindProcess && runsFor(raw.get("credential_process"), name) {
		return nil
	}
	return &ConfigError{Section: raw.section(), Problem: fmt.Sprintf("there is a %s already, which does not run ssoenv for %q", raw, name)}
}

// A ProcessProgram is the program that the credential_process of a profile runs.
type ProcessProgram struct{ Profile, Path string }

// SsoenvPrograms returns the profiles whose credential_process runs an ssoenv by its
// absolute path, with that path.
func (c *Config) SsoenvPrograms() []ProcessProgram {
	var programs []ProcessProgram
	for _, name := range c.ProfileNames() {
		raw, _ := c.rawProfile(name)
		command := raw.get("credential_process")
		if command == "" || awsconfig.ProcessProfiles(command) == nil {
			continue
		}
		if words, err := awsconfig.SplitWords(command); err == nil && len(words) > 1 && words[1] == "credential-process" && filepath.IsAbs(words[0]) {
			programs = append(programs, ProcessProgram{name, words[0]})
		}
	}
	return programs
}
