package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/shellinit"
)

// namesHint suggests the names that were probably meant, or says where to find the
// names that exist.
func (r remedies) namesHint(missing *profile.NotFoundError) []string {
	if missing.Unread != "" {
		return []string{fmt.Sprintf("[%s] in %s needs quotes; without them, the AWS CLI ignores it: [%s %q]", missing.Unread, missing.File, missing.Kind, missing.Name)}
	}
	config, err := r.config()
	if err != nil {
		return nil
	}
	names, others := config.ProfileNames(), config.SessionNames()
	list := "ssoenv list shows the profiles of " + missing.File
	if missing.Kind != "profile" {
		names, others = others, names
		list = "the sso-sessions of " + missing.File + " are: " + strings.Join(names, ", ")
	}
	switch {
	case len(names) == 0 && r.configProblem != "":
		return []string{r.configProblem}
	case len(names) == 0 && r.noHome:
		return []string{hintOfMissingHome(missing.File)}
	case missing.Kind != "profile" && slices.Contains(others, missing.Name):
		return []string{fmt.Sprintf("%q is a profile: name it without --sso-session", missing.Name)}
	case len(names) == 0:
		return []string{fmt.Sprintf("%s has no %ss yet; set one up with: ssoenv configure", missing.File, missing.Kind)}
	}
	if near := nearest(missing.Name, names); near != nil {
		return []string{didYouMean(near)}
	}
	if missing.Kind == "profile" && slices.Contains(others, missing.Name) {
		return []string{fmt.Sprintf("%q is an sso-session: ssoenv login %s logs in to it; %s", missing.Name, shellinit.Word(missing.Name), list)}
	}
	if matching := r.matching(missing.Name); missing.Kind == "profile" && len(matching) > maxMatching {
		return []string{fmt.Sprintf("%s match: ssoenv list %s shows them", layout.Count(len(matching), "profile"), shellinit.Word(missing.Name))}
	} else if missing.Kind == "profile" && matching != nil {
		return []string{"profiles that match: " + strings.Join(matching, ", ")}
	}
	return []string{list}
}

// maxMatching is the number of profiles that a hint names at most.
const maxMatching = 5

// matchingProfiles returns the usable profiles whose account or role, as far as it is
// known here, has the text in it.
func (p *program) matchingProfiles(text string) []string {
	if p.cachedClient == nil {
		return nil
	}
	var names []string
	for _, row := range offline.List(p.cachedClient.Config, p.cachedClient.Store, "") {
		if row.Kind != offline.KindBroken && offline.MatchesPattern(text, row.AccountID, row.AccountName, row.RoleName) {
			names = append(names, row.Profile)
		}
	}
	return names
}

// hintOfMissingHome says which config file was read because HOME is not set.
func hintOfMissingHome(config string) string {
	return fmt.Sprintf("HOME is not set, so the config file is %s; set HOME if yours is elsewhere", config)
}

// didYouMean asks whether one of the names, at least one, was meant.
func didYouMean(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return "did you mean " + alternatives(quoted) + "?"
}

// alternatives returns "a", "a or b", or "a, b or c".
func alternatives(texts []string) string {
	last := len(texts) - 1
	if last <= 0 {
		return strings.Join(texts, "")
	}
	return strings.Join(texts[:last], ", ") + " or " + texts[last]
}

// maxSuggestions is the number of names that are suggested at most.
const maxSuggestions = 3

// nearest returns the names that were probably meant; see [profile.Nearest].
func nearest(typed string, names []string) []string {
	return profile.Nearest(typed, names, maxSuggestions)
}

// An unknownCommandError reports a word that is no command.
type unknownCommandError struct {
	name string
	try  []string // command lines that were probably meant
}

func (e unknownCommandError) Error() string { return fmt.Sprintf("unknown command %q", e.name) }

// unknownCommand returns the error of a command line whose first word is no command.
// forHelp is true if the word follows "help".
func (p *program) unknownCommand(name string, commands []offline.Command, forHelp bool) error {
	meant := commandsMeant(name, commands)
	if name == "sso" && !forHelp {
		return unknownCommandError{name, p.withoutSSO(commands)}
	}
	if len(meant) == 1 && !forHelp {
		meant[0] += p.argumentsFor(offline.Find(commands, strings.TrimPrefix(meant[0], "ssoenv ")), name)
	}
	if forHelp {
		for i := range meant {
			meant[i] = "ssoenv help " + strings.TrimPrefix(meant[i], "ssoenv ")
		}
		return unknownCommandError{name, meant}
	}
	if config, err := p.config(); err == nil {
		_, err := config.Profile(name)
		_, missing := errors.AsType[*profile.NotFoundError](err)
		switch {
		case !missing || name == "-":
			return unknownCommandError{name, []string{"ssoenv use " + shellinit.Word(name)}}
		case config.HasSession(name):
			return unknownCommandError{name, []string{"ssoenv login " + shellinit.Word(name)}}
		}
		if meant == nil {
			for _, near := range nearest(name, config.ProfileNames()) {
				meant = append(meant, "ssoenv use "+shellinit.Word(near))
			}
		}
	}
	return unknownCommandError{name, meant}
}

// argumentsFor returns what follows the word on the command line and can follow the
// command, which may be nil: one argument or, of exec, all words.
func (p *program) argumentsFor(command *offline.Command, word string) (text string) {
	rest := p.args[1+slices.Index(p.args[1:], word)+1:]
	if command == nil || command.Args == "" {
		return ""
	}
	for _, arg := range rest {
		if command.Name != "exec" && strings.HasPrefix(arg, "-") {
			continue
		}
		text += " " + shellinit.Word(arg)
		if command.Name != "exec" {
			break
		}
	}
	return text
}

// withoutSSO returns the command line for "ssoenv sso COMMAND", which users of the AWS
// CLI type.
func (p *program) withoutSSO(commands []offline.Command) []string {
	for _, word := range p.args[1+slices.Index(p.args[1:], "sso")+1:] {
		if command := offline.Find(commands, word); command != nil {
			return []string{strings.TrimSpace("ssoenv " + word + " " + p.flagProfile())}
		}
	}
	return []string{"ssoenv login"}
}

// flagProfile returns the value of --profile, a flag of the AWS CLI, as an argument, or "".
func (p *program) flagProfile() string {
	for i, word := range p.args[1:] {
		switch value, ok := strings.CutPrefix(word, "--profile="); {
		case ok:
			return profileArgument(value)
		case word == "--profile" && i+2 < len(p.args):
			return profileArgument(p.args[i+2])
		}
	}
	return ""
}

// otherWords returns the words of other programs, for each command that they mean.
func otherWords() map[string]string {
	return map[string]string{
		"use":       "switch set select activate assume change env export get-credentials",
		"clear":     "unset unuse deactivate reset off exit quit",
		"login":     "signin sign-in log-in auth authenticate",
		"logout":    "signout sign-out log-out",
		"status":    "current show info state active st",
		"list":      "ls ll dir profiles list-profiles",
		"whoami":    "who id identity who-am-i get-caller-identity",
		"configure": "config setup set-up add create new wizard",
		"sync":      "populate generate import update-profiles",
		"exec":      "run execute with",
		"console":   "open web browser",
		"init":      "hook shell install activate-shell",
		"doctor":    "check diagnose diag debug",
		"--version": "ver",
		"--help":    "usage man",
	}
}

// commandsMeant returns the command lines that a word, which is no command, may
// mean: by another program's word for it, else by its spelling.
func commandsMeant(word string, commands []offline.Command) []string {
	for command, others := range otherWords() {
		if slices.Contains(strings.Fields(others), strings.ToLower(word)) {
			return []string{"ssoenv " + command}
		}
	}
	var names, meant []string
	for _, command := range commands {
		if !command.Hidden {
			names = append(names, command.Name)
		}
	}
	for _, name := range nearest(word, names) {
		meant = append(meant, "ssoenv "+name)
	}
	return meant
}

// unknownFlag returns the error of a flag that the command does not have; command is
// nil if the flag precedes the command. flag is without its dashes.
func (p *program) unknownFlag(command *offline.Command, flag string) error {
	written := "--" + flag
	for _, word := range p.args[1:] {
		if typed, _, _ := strings.Cut(word, "="); strings.HasPrefix(word, "-") && strings.TrimLeft(typed, "-") == flag {
			written = typed
			break
		}
	}
	flags, name := append(offline.GlobalFlags(), offline.HelpFlag()), "ssoenv"
	if command != nil {
		flags, name = append(slices.Clone(command.Flags), offline.HelpFlag()), "ssoenv "+command.Name
	}
	err := usageError{fmt.Sprintf("unknown flag %s", written)}
	if command == nil && slices.Contains([]string{"v", "V"}, flag) {
		return shownError{err, statusUsage, []string{"try: ssoenv --version"}}
	}
	if named := p.flagProfile(); flag == "profile" && named != "" && (command == nil || strings.Contains(command.Args, "PROFILE")) {
		if command == nil {
			name = "ssoenv use"
		}
		return shownError{err, statusUsage, []string{"try: " + name + " " + named}}
	}
	var names []string
	for _, f := range flags {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	}
	near := nearest(flag, names)
	if near == nil {
		return err
	}
	for i := range near {
		near[i] = name + " --" + near[i]
	}
	return shownError{err, statusUsage, []string{"try: " + alternatives(near)}}
}
