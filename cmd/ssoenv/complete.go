package main

import (
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/completions"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/shellinit"
)

// completeCommand answers a TAB. It runs no command, opens no file but the AWS
// config's two, connects to nothing, and has no words for a person who is in the
// middle of a line.
func (p *program) completeCommand() *cli.Command {
	return &cli.Command{
		Name:      "complete",
		Usage:     "print what could stand at the cursor of a command line",
		ArgsUsage: "SHELL -- LINE",
		Hidden:    true,
		Action: func(c *cli.Context) error {
			return p.complete(c.App, c.Args().First(), c.Args().Tail())
		},
	}
}

// completeByShell is the exit status for a word that the shell itself should complete.
const completeByShell = statusError(1)

func (p *program) complete(app *cli.App, shell string, args []string) error {
	line, ok := completions.Read(shell, args)
	if !ok {
		return completeByShell
	}
	debug.SetGCPercent(-1) // the process ends before a collection is worth its time
	m := menu{app: app, previous: p.env["SSOENV_PREVIOUS"], line: line, config: sync.OnceValue(func() *profile.Config {
		config, err := p.config()
		if err != nil {
			config, _ = profile.ReadConfig("", "") // nothing, which is no error
		}
		return config
	})}
	heading, ok := m.fill()
	if !ok {
		return completeByShell
	}
	text, ok := line.Answer(heading, m.candidates)
	if !ok {
		return completeByShell
	}
	return p.print(text)
}

// A source is what can stand in one place of a command line.
type source struct {
	heading string // one of them
	list    func(*menu)
	foreign bool // the words of another program
}

var (
	free           = source{} // nobody can guess
	anotherCommand = source{heading: "another command", foreign: true}

	switches   = source{heading: "profile", list: func(m *menu) { m.last(); m.profiles(roleOf) }}
	roles      = source{heading: "profile", list: func(m *menu) { m.profiles(roleOf) }}
	logins     = source{heading: "profile", list: func(m *menu) { m.profiles(portalOf) }}
	anyProfile = source{heading: "profile", list: func(m *menu) { m.profiles(nameAlone) }}
	sessions   = source{heading: "sso-session", list: (*menu).sessions}
	regions    = source{heading: "region", list: (*menu).regions}
	accounts   = source{heading: "account", list: (*menu).accounts}
	roleNames  = source{heading: "role", list: (*menu).roleNames}
	shells     = source{heading: "shell", list: func(m *menu) { m.words(shellinit.Names()...) }}
	initShells = source{heading: "shell", list: func(m *menu) { m.words(append(shellinit.Names(), "direnv")...) }}
	fileShells = source{heading: "shell", list: func(m *menu) { m.words(completions.Names()...) }}
	outputs    = source{heading: "output format", list: func(m *menu) { m.words(formats...) }}
	services   = source{heading: "console service", list: (*menu).services}
)

// arguments are the places behind each command, in order.
var arguments = map[string][]source{
	"use":                {switches},
	"login":              {logins},
	"logout":             {logins},
	"whoami":             {roles},
	"prompt":             {roles},
	"exec":               {switches, anotherCommand},
	"credential-process": {roles},
	"console":            {roles},
	"roles":              {accounts},
	"init":               {initShells},
	"completion":         {fileShells},
}

// flagValues are the places behind the flags that take a value. A flag of that
// name means the same to every command.
var flagValues = map[string]source{
	"account":     accounts,
	"format":      free,
	"hook":        free,
	"hook-prompt": free,
	"min":         free,
	"name":        free,
	"output":      outputs,
	"profile":     anyProfile,
	"region":      regions,
	"role":        roleNames,
	"scopes":      free,
	"service":     services,
	"shell":       shells,
	"sso-region":  regions,
	"sso-session": sessions,
	"start-url":   free,
	"within":      free,
}

// A menu is what could stand at the cursor of one line.
type menu struct {
	app      *cli.App
	previous string                 // the shell's profile before this one
	config   func() *profile.Config // as far as it can be read
	line     completions.Line

	lead       string // of the word: "--region=" before a value, else nothing
	flags      bool   // the word may be a flag, so that no argument begins with "-"
	dashed     bool   // there is an argument that does
	candidates []completions.Candidate
}

// fill finds the candidates. It reports false where the word at the cursor is
// not ssoenv's.
func (m *menu) fill() (heading string, ok bool) {
	words := m.line.Words[1:]
	at := slices.IndexFunc(words, func(word string) bool { return !strings.HasPrefix(word, "-") })
	switch {
	case at < 0 && strings.HasPrefix(m.line.Word, "-"):
		m.flagsOf(m.app.Flags, map[string]bool{})
		return "flag", true
	case at < 0, words[at] == "help" && at == len(words)-1:
		m.commands()
		return "command", true
	}
	command := m.app.Command(words[at])
	if command == nil {
		return "", true
	}
	return m.behind(command, words[at+1:])
}

// behind finds the candidates behind a command, of which some words stand there
// already. It reads them as arrange does.
func (m *menu) behind(command *cli.Command, words []string) (heading string, ok bool) {
	m.flags = true
	places, given := arguments[command.Name], map[string]bool{}
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case !m.flags || len(word) < 2 || word[0] != '-':
			if len(places) > 0 && places[0].foreign {
				return m.list(places[0])
			}
			places = places[min(1, len(places)):]
		case word == "--":
			m.flags = false
		default:
			name, _, whole := strings.Cut(strings.TrimLeft(word, "-"), "=")
			given[name] = true
			if !whole && takesValue(command.Flags, name) {
				if i++; i == len(words) {
					m.flags = false
					return m.list(flagValues[name])
				}
			}
		}
	}

	argument := free
	if len(places) > 0 {
		argument = places[0]
	}
	flag, _, valued := strings.Cut(m.line.Word, "=")
	switch {
	case m.flags && valued && strings.HasPrefix(flag, "-"):
		if name := strings.TrimLeft(flag, "-"); takesValue(command.Flags, name) {
			m.lead, m.flags = flag+"=", false
			return m.list(flagValues[name])
		}
		return "", true
	case m.flags && strings.HasPrefix(m.line.Word, "-"):
		m.flagsOf(command.Flags, given)
		if argument.list != nil {
			argument.list(m)
		}
		if (m.dashed || argument.foreign) && m.line.Wants("--") {
			m.offer("--", "what follows is no flag")
		}
		return "flag", true
	case m.flags && argument.foreign:
		if m.line.Wants("--") {
			m.offer("--", "before the command to run")
		}
		return argument.heading, true
	case m.flags && len(places) == 0 && m.line.Word == "":
		m.flagsOf(command.Flags, given)
		return "flag", true
	}
	return m.list(argument)
}

func takesValue(flags []cli.Flag, name string) bool {
	return slices.ContainsFunc(flags, func(flag cli.Flag) bool {
		return slices.Contains(flag.Names(), name) && flag.(cli.DocGenerationFlag).TakesValue()
	})
}

func (m *menu) list(from source) (heading string, ok bool) {
	if from.list != nil {
		from.list(m)
	}
	return from.heading, !from.foreign
}

// wants tells whether a text that is no flag is worth finding out what it is
// about. What a terminal would act on, or not show, is never offered.
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

func (m *menu) commands() {
	for _, command := range m.app.Commands {
		if !command.Hidden && m.line.Wants(command.Name) {
			m.offer(command.Name, command.Usage)
		}
	}
}

// flagsOf offers the flags that are not given yet, and --help, which urfave/cli
// adds to a command that it runs.
func (m *menu) flagsOf(flags []cli.Flag, given map[string]bool) {
	for _, flag := range append(slices.Clone(flags), cli.HelpFlag) {
		name := flag.Names()[0]
		if given[name] || !m.line.Wants("--"+name) || !flag.(cli.VisibleFlag).IsVisible() {
			continue
		}
		given[name] = true
		m.offer("--"+name, strings.ReplaceAll(flag.(cli.DocGenerationFlag).GetUsage(), "`", ""))
	}
}

// last offers "-".
func (m *menu) last() {
	if m.previous != "" && m.wants("-") {
		m.offer("-", "the profile before this one: "+m.previous)
	}
}

// fewEnough profiles can be looked at while a person waits for a TAB; more, with
// what they are about, nobody would read.
const fewEnough = 200

// profiles offers those for which there is an about, and those that are not
// looked at.
func (m *menu) profiles(about func(config *profile.Config, name string) (text string, ok bool)) {
	config := m.config()
	wanted := slices.DeleteFunc(config.ProfileNames(), func(name string) bool { return !m.wants(name) })
	likely := 0
	for _, name := range wanted {
		if m.line.Likely(m.lead + name) {
			likely++
		}
	}
	look := likely > 0 && likely <= fewEnough
	if look {
		config.SessionNames() // leaves an index for the lookups
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

// roleOf says what a profile is for that credentials can be got for.
func roleOf(config *profile.Config, name string) (string, bool) {
	profile, err := config.Profile(name)
	return profile.AccountID + " " + profile.RoleName + " " + profile.SSOSession.Title(), err == nil
}

// portalOf says what a profile is for that a login can be made for.
func portalOf(config *profile.Config, name string) (string, bool) {
	if text, ok := roleOf(config, name); ok {
		return text, true
	}
	sso, err := config.ProfileSSOSession(name)
	return sso.Title(), err == nil
}

func nameAlone(*profile.Config, string) (string, bool) { return "", true }

func (m *menu) sessions() {
	config := m.config()
	for _, name := range config.SessionNames() {
		if m.wants(name) {
			sso, _ := config.SSOSession(name)
			m.offer(name, sso.StartURL)
		}
	}
}

// of offers what the profiles have of something, each once, with the first
// profile that has it. It looks at no more profiles than most.
func (m *menu) of(most int, value func(profile.Profile) string) {
	config, seen := m.config(), map[string]bool{}
	names := config.ProfileNames()
	config.SessionNames() // leaves an index for the lookups
	for _, name := range names[:min(len(names), most)] {
		profile, err := config.Profile(name)
		if text := value(profile); err == nil && !seen[text] && m.wants(text) {
			seen[text] = true
			m.offer(text, name)
		}
	}
}

func (m *menu) accounts() {
	m.of(math.MaxInt, func(p profile.Profile) string { return p.AccountID })
}

func (m *menu) roleNames() {
	m.of(math.MaxInt, func(p profile.Profile) string { return p.RoleName })
}

// regions offers the regions that ssoenv knows, and those in the config that it
// does not.
func (m *menu) regions() {
	known := map[string]bool{"": true}
	for _, region := range knownRegions {
		known[region.name] = true
		if m.wants(region.name) {
			m.offer(region.name, region.place)
		}
	}
	m.of(fewEnough, func(p profile.Profile) string {
		if known[p.Region] {
			return ""
		}
		return p.Region
	})
}

// services are some of those that people go to. Any other works as well, once
// it is typed.
func (m *menu) services() {
	m.words("billing", "cloudformation", "cloudwatch", "dynamodb", "ec2", "ecr", "ecs", "eks", "iam", "kms", "lambda", "rds",
		"route53", "s3", "secretsmanager", "sns", "sqs", "states", "systems-manager", "vpc")
}

// knownRegions are AWS's, with the names of the console. Any other works as
// well, once it is typed.
var knownRegions = []struct{ name, place string }{
	{"us-east-1", "N. Virginia"},
	{"us-east-2", "Ohio"},
	{"us-west-1", "N. California"},
	{"us-west-2", "Oregon"},
	{"af-south-1", "Cape Town"},
	{"ap-east-1", "Hong Kong"},
	{"ap-east-2", "Taipei"},
	{"ap-northeast-1", "Tokyo"},
	{"ap-northeast-2", "Seoul"},
	{"ap-northeast-3", "Osaka"},
	{"ap-south-1", "Mumbai"},
	{"ap-south-2", "Hyderabad"},
	{"ap-southeast-1", "Singapore"},
	{"ap-southeast-2", "Sydney"},
	{"ap-southeast-3", "Jakarta"},
	{"ap-southeast-4", "Melbourne"},
	{"ap-southeast-5", "Malaysia"},
	{"ap-southeast-6", "New Zealand"},
	{"ap-southeast-7", "Thailand"},
	{"ca-central-1", "Canada"},
	{"ca-west-1", "Calgary"},
	{"eu-central-1", "Frankfurt"},
	{"eu-central-2", "Zurich"},
	{"eu-north-1", "Stockholm"},
	{"eu-south-1", "Milan"},
	{"eu-south-2", "Spain"},
	{"eu-west-1", "Ireland"},
	{"eu-west-2", "London"},
	{"eu-west-3", "Paris"},
	{"il-central-1", "Tel Aviv"},
	{"me-central-1", "United Arab Emirates"},
	{"me-south-1", "Bahrain"},
	{"mx-central-1", "Mexico"},
	{"sa-east-1", "São Paulo"},
	{"us-gov-east-1", "GovCloud, US-East"},
	{"us-gov-west-1", "GovCloud, US-West"},
	{"cn-north-1", "Beijing"},
	{"cn-northwest-1", "Ningxia"},
	{"eusc-de-east-1", "European Sovereign Cloud, Brandenburg"},
}
