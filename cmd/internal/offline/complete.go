package offline

import (
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/ssoenv/ssoenv/completions"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/shellinit"
)

// Complete returns what a shell reads after a TAB: the candidates for the word
// at the cursor, in the shell's own form. args is the command line as the
// shell's completion function passes it. previous is the shell's previous
// profile. readConfig is called at most once; if it fails, there are no
// candidates from the config.
//
// ok is false if the shell itself should complete the word.
func Complete(commands []Command, shell string, args []string, previous string, readConfig func() (*profile.Config, error)) (text string, ok bool) {
	line, ok := completions.Read(shell, args)
	if !ok {
		return "", false
	}
	m := menu{commands: commands, previous: previous, line: line, config: sync.OnceValue(func() *profile.Config {
		config, err := readConfig()
		if err != nil {
			config, _ = profile.ReadConfig("", "") // empty, without an error
		}
		return config
	})}
	heading, ok := m.fill()
	if !ok {
		return "", false
	}
	return line.Answer(heading, m.candidates)
}

// A source is where the candidates for one place of a command line come from.
type source struct {
	heading string      // names one candidate, such as "profile"
	list    func(*menu) // nil: there are no candidates
	foreign bool        // the word belongs to another program
}

func profileSource(about aboutProfile) source {
	return source{heading: "profile", list: func(m *menu) { m.profiles(about) }}
}

// switchSource is a profile to switch to: "-" is one, too.
func switchSource() source {
	return source{heading: "profile", list: func(m *menu) { m.previousProfile(); m.profiles(aboutRole) }}
}

func wordSource(heading string, words ...string) source {
	return source{heading: heading, list: func(m *menu) { m.words(words...) }}
}

// argumentSources returns the sources of a command's arguments, in order.
func argumentSources(command string) []source {
	switch command {
	case "use":
		return []source{switchSource()}
	case "login", "logout":
		return []source{profileSource(aboutSession)}
	case "whoami", "prompt", "credential-process", "console":
		return []source{profileSource(aboutRole)}
	case "exec":
		return []source{switchSource(), {heading: "another command", foreign: true}}
	case "roles":
		return []source{{heading: "account", list: (*menu).accounts}}
	case "init":
		return []source{wordSource("shell", append(shellinit.Names(), "direnv")...)}
	case "completion":
		return []source{wordSource("shell", completions.Names()...)}
	}
	return nil
}

// flagSource returns the source of a flag's value. A flag means the same to
// every command. known is false for a flag that this function does not name.
func flagSource(flag string) (from source, known bool) {
	switch flag {
	case "account":
		return source{heading: "account", list: (*menu).accounts}, true
	case "output":
		return wordSource("output format", OutputFormats()...), true
	case "profile":
		return profileSource(aboutNothing), true
	case "region", "sso-region":
		return source{heading: "region", list: (*menu).regions}, true
	case "role":
		return source{heading: "role", list: (*menu).roleNames}, true
	case "service":
		return source{heading: "console service", list: (*menu).services}, true
	case "shell":
		return wordSource("shell", shellinit.Names()...), true
	case "sso-session":
		return source{heading: "sso-session", list: (*menu).sessions}, true
	case "token-file":
		return source{foreign: true}, true // the shell completes files
	case "format", "hook", "hook-prompt", "min", "name", "scopes", "start-url", "within":
		return source{}, true // anything
	}
	return source{}, false
}

// OutputFormats returns the values of the AWS CLI's output setting.
func OutputFormats() []string { return []string{"json", "text", "table", "yaml", "yaml-stream", "off"} }

// A menu collects the candidates for the word at the cursor of one line.
type menu struct {
	commands []Command
	previous string                 // the shell's previous profile
	config   func() *profile.Config // empty if it cannot be read
	line     completions.Line

	lead       string // precedes each candidate: "--region=" before a value, else nothing
	flags      bool   // the word may be a flag, so no argument begins with "-"
	dashed     bool   // there is an argument that begins with "-"
	candidates []completions.Candidate
}

// fill finds the candidates and the name for one of them. ok is false if the
// word at the cursor belongs to another program.
func (m *menu) fill() (heading string, ok bool) {
	words := m.line.Words[1:]
	w := WalkArgs(words, m.commands)
	switch {
	case w.Name == "" && strings.HasPrefix(m.line.Word, "-"):
		m.offerFlags(GlobalFlags(), nil)
		return "flag", true
	case w.Name == "", w.Name == "help" && len(words) == len(w.Global)+1:
		m.offerCommands()
		return "command", true
	case w.Command == nil:
		return "", true
	}
	return m.fillCommand(w)
}

// fillCommand finds the candidates after a known command.
func (m *menu) fillCommand(w Walk) (heading string, ok bool) {
	if w.InForeign {
		return "", false
	}
	if w.PendingFlag != "" {
		from, _ := flagSource(w.PendingFlag)
		return m.list(from)
	}
	m.flags = w.FlagsAllowed
	sources := argumentSources(w.Name)
	sources = sources[min(len(w.Arguments), len(sources)):]
	argument := source{}
	if len(sources) > 0 {
		argument = sources[0]
	}
	flag, _, hasValue := strings.Cut(m.line.Word, "=")
	switch {
	case m.flags && hasValue && strings.HasPrefix(flag, "-"):
		name := strings.TrimLeft(flag, "-")
		if known, ok := w.Command.Flag(name); ok && known.TakesValue() {
			m.lead, m.flags = flag+"=", false
			from, _ := flagSource(name)
			return m.list(from)
		}
		return "", true
	case m.flags && strings.HasPrefix(m.line.Word, "-"):
		m.offerFlags(w.Command.Flags, w.Flags)
		if argument.list != nil {
			argument.list(m)
		}
		if (m.dashed || argument.foreign) && m.line.Wants("--") {
			m.offer("--", "no flags follow")
		}
		return "flag", true
	case m.flags && argument.foreign:
		if m.line.Wants("--") {
			m.offer("--", "before the command to run")
		}
		return argument.heading, true
	case m.flags && len(sources) == 0 && m.line.Word == "":
		m.offerFlags(w.Command.Flags, w.Flags)
		return "flag", true
	}
	return m.list(argument)
}

func (m *menu) list(from source) (heading string, ok bool) {
	if from.list != nil {
		from.list(m)
	}
	return from.heading, !from.foreign
}

// wants reports whether an argument or value matches the word at the cursor. It
// is false for text that a terminal would act on or not show.
func (m *menu) wants(text string) bool {
	dash := strings.HasPrefix(text, "-")
	switch {
	case m.flags && dash && text != "-":
		m.dashed = true
		return false
	case m.flags && !dash && strings.HasPrefix(m.line.Word, "-"):
		return false
	}
	return text != "" && m.line.Wants(m.lead+text) && safetext.Printable(text) == text
}

func (m *menu) offer(text, about string) {
	m.candidates = append(m.candidates, completions.Candidate{Text: m.lead + text, About: safetext.Printable(about)})
}

func (m *menu) words(words ...string) {
	for _, word := range words {
		if m.wants(word) {
			m.offer(word, "")
		}
	}
}

func (m *menu) offerCommands() {
	for _, command := range m.commands {
		if !command.Hidden && m.line.Wants(command.Name) {
			m.offer(command.Name, command.Usage)
		}
	}
}

// offerFlags offers --help and those of the flags that are not among the words
// given.
func (m *menu) offerFlags(flags []Flag, given []string) {
	for _, flag := range append(slices.Clone(flags), Flag{Name: "help", Usage: "show help"}) {
		isGiven := slices.ContainsFunc(given, func(word string) bool {
			name, _ := flagName(word)
			return isFlag(word) && name == flag.Name
		})
		if !isGiven && !flag.Hidden && m.line.Wants("--"+flag.Name) {
			m.offer("--"+flag.Name, strings.ReplaceAll(flag.Usage, "`", ""))
		}
	}
}

// previousProfile offers "-".
func (m *menu) previousProfile() {
	if m.previous != "" && m.wants("-") {
		m.offer("-", "the previous profile: "+m.previous)
	}
}

// maxDescribed is the number of matching profiles up to which each is read and
// described. More descriptions would take too long, and no one would read them.
const maxDescribed = 200

// An aboutProfile returns a description of a profile. ok is false if the profile
// cannot be used for what the command does.
type aboutProfile func(config *profile.Config, name string) (text string, ok bool)

// profiles offers the profiles that match the word at the cursor. If there are
// at most maxDescribed, it describes them and leaves out those that cannot be
// used.
func (m *menu) profiles(about aboutProfile) {
	config := m.config()
	wanted := slices.DeleteFunc(config.ProfileNames(), func(name string) bool { return !m.wants(name) })
	likely := 0
	for _, name := range wanted {
		if m.line.Likely(m.lead + name) {
			likely++
		}
	}
	look := likely > 0 && likely <= maxDescribed
	if look {
		config.SessionNames() // makes an index for the lookups
	}
	for _, name := range wanted {
		text, ok := "", true
		if look && m.line.Likely(m.lead+name) {
			text, ok = about(config, name)
		}
		if ok {
			m.offer(name, text)
		}
	}
}

// aboutRole describes a profile by its account, role and session.
func aboutRole(config *profile.Config, name string) (string, bool) {
	p, err := config.Profile(name)
	return p.AccountID + " " + p.RoleName + " " + p.SSOSession.Title(), err == nil
}

// aboutSession describes a profile by its session.
func aboutSession(config *profile.Config, name string) (string, bool) {
	if text, ok := aboutRole(config, name); ok {
		return text, true
	}
	sso, err := config.ProfileSSOSession(name)
	return sso.Title(), err == nil
}

func aboutNothing(*profile.Config, string) (string, bool) { return "", true }

func (m *menu) sessions() {
	config := m.config()
	for _, name := range config.SessionNames() {
		if m.wants(name) {
			sso, _ := config.SSOSession(name)
			m.offer(name, sso.StartURL)
		}
	}
}

// valuesOf offers the distinct values that the first profiles of the config, at
// most that many, have of something, each with the first profile that has it.
func (m *menu) valuesOf(most int, value func(profile.Profile) string) {
	config, seen := m.config(), map[string]bool{}
	names := config.ProfileNames()
	config.SessionNames() // makes an index for the lookups
	for _, name := range names[:min(len(names), most)] {
		p, err := config.Profile(name)
		if text := value(p); err == nil && !seen[text] && m.wants(text) {
			seen[text] = true
			m.offer(text, name)
		}
	}
}

func (m *menu) accounts() {
	m.valuesOf(math.MaxInt, func(p profile.Profile) string { return p.AccountID })
}

func (m *menu) roleNames() {
	m.valuesOf(math.MaxInt, func(p profile.Profile) string { return p.RoleName })
}

// regions offers AWS's regions and other ones that profiles name.
func (m *menu) regions() {
	known := map[string]bool{"": true}
	for _, region := range knownRegions {
		known[region.name] = true
		if m.wants(region.name) {
			m.offer(region.name, region.place)
		}
	}
	m.valuesOf(maxDescribed, func(p profile.Profile) string {
		if known[p.Region] {
			return ""
		}
		return p.Region
	})
}

// services offers those that most users open. Any other can be typed.
func (m *menu) services() {
	m.words("billing", "cloudformation", "cloudwatch", "dynamodb", "ec2", "ecr", "ecs", "eks", "iam", "kms", "lambda", "rds",
		"route53", "s3", "secretsmanager", "sns", "sqs", "states", "systems-manager", "vpc")
}
