package offline

import (
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/completions"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
	"github.com/ssoenv/ssoenv/shellinit"
)

// Sources are where candidates come from beside the command line.
type Sources struct {
	Previous  string                          // the shell's previous profile; may be empty
	Config    func() (*profile.Config, error) // called at most once; without candidates if it fails
	Inventory func(profile.SSOSession) []store.AccountRoles
}

// Complete returns what a shell reads after a TAB: the candidates for the word
// at the cursor, in the shell's own form. args is the command line as the
// shell's completion function passes it.
//
// ok is false if the shell itself should complete the word. If the word belongs to
// the command line of another program, text is then that of
// [completions.Line.Foreign], else it is empty.
func Complete(commands []Command, shell string, args []string, from Sources) (text string, ok bool) {
	line, ok := completions.Read(shell, args)
	if !ok {
		return "", false
	}
	m := menu{commands: commands, sources: from, line: line, config: sync.OnceValue(func() *profile.Config {
		config, err := from.Config()
		if err != nil {
			config, _ = profile.ReadConfig("", "") // empty, without an error
		}
		return config
	})}
	heading, ok := m.fill()
	if !ok {
		return line.Foreign(m.foreignAt), false
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

// roleSource is a profile, or an account and a role.
func roleSource() source {
	return source{heading: "profile", list: func(m *menu) { m.profiles(aboutRole); m.roleRefs() }}
}

// switchSource is what can be switched to: "-", too.
func switchSource() source {
	return source{heading: "profile", list: func(m *menu) { m.previousProfile(); m.profiles(aboutRole); m.roleRefs() }}
}

// sessionSource is a profile or a session, to log in to.
func sessionSource() source {
	return source{heading: "profile", list: func(m *menu) { m.profiles(aboutSession); m.sessionsBesideProfiles() }}
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
		return []source{sessionSource()}
	case "list", "whoami", "prompt", "credential-process", "console":
		return []source{roleSource()}
	case "exec":
		return []source{switchSource(), {heading: "another command", foreign: true}}
	case "accounts", "roles":
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
	case "export":
		return wordSource("what to give", profile.ExportKeys, profile.ExportProfile), true
	case "output":
		return wordSource("output format", OutputFormats()...), true
	case "profile":
		return profileSource(aboutNothing), true
	case "each":
		return profileSource(aboutRole), true
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
	case "format", "hook", "hook-prompt", "jobs", "min", "name", "scopes", "start-url", "within":
		return source{}, true // anything
	}
	return source{}, false
}

// OutputFormats returns the values of the AWS CLI's output setting.
func OutputFormats() []string { return []string{"json", "text", "table", "yaml", "yaml-stream", "off"} }

// A menu collects the candidates for the word at the cursor of one line.
type menu struct {
	commands []Command
	sources  Sources
	config   func() *profile.Config // empty if it cannot be read
	line     completions.Line

	lead       string // precedes each candidate: "--region=" before a value, else nothing
	flags      bool   // the word may be a flag, so no argument begins with "-"
	dashed     bool   // there is an argument that begins with "-"
	foreignAt  int    // index in the line's words of the first one of another program
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
	m.foreignAt = len(m.line.Words) - len(w.Foreign)
	if w.InForeign {
		if len(w.Arguments) == 0 && len(w.Foreign) > 0 && m.config().HasProfile(w.Foreign[0]) {
			m.foreignAt++ // the profile of "exec -- PROFILE COMMAND"
		}
		return "", false
	}
	if w.PendingFlag != "" {
		from, _ := flagSource(w.PendingFlag)
		return m.list(from)
	}
	m.flags = w.FlagsAllowed
	sources := argumentSources(w.Name)
	sources = sources[min(len(w.Arguments), len(sources)):]
	if w.Has("each") {
		sources = sources[len(sources)-1:] // the command, without a profile
	}
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
	return text != "" && m.line.Wants(m.led(text)) && safetext.Printable(text) == text
}

// led returns the text after the lead. There seldom is one.
func (m *menu) led(text string) string {
	if m.lead == "" {
		return text
	}
	return m.lead + text
}

func (m *menu) offer(text, about string) {
	if about != "" {
		about = safetext.Printable(about)
	}
	m.candidates = append(m.candidates, completions.Candidate{Text: m.led(text), About: about})
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
	for _, flag := range append(slices.Clone(flags), HelpFlag()) {
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
	if m.sources.Previous != "" && m.wants("-") {
		m.offer("-", "the previous profile: "+m.sources.Previous)
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
		if likely > maxDescribed {
			break
		}
		if m.line.Likely(m.led(name)) {
			likely++
		}
	}
	look := likely > 0 && likely <= maxDescribed
	if look {
		config.SessionNames() // makes an index for the lookups
	}
	m.candidates = slices.Grow(m.candidates, len(wanted))
	for _, name := range wanted {
		text, ok := "", true
		if look && m.line.Likely(m.led(name)) {
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

// sessionsBesideProfiles offers the sessions that have no profile's name.
func (m *menu) sessionsBesideProfiles() {
	config := m.config()
	for _, name := range config.SessionNames() {
		if !config.HasProfile(name) && m.wants(name) {
			sso, _ := config.SSOSession(name)
			m.offer(name, "session at "+sso.StartURL)
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

// accounts offers the ids of accounts, and their names once a letter is typed.
func (m *menu) accounts() {
	seen := map[string]bool{}
	for _, a := range m.inventories() {
		if !seen[a.ID] && m.wants(a.ID) {
			seen[a.ID] = true
			m.offer(a.ID, a.Name)
		}
		if m.line.Word != "" && m.lead == "" && !seen[a.Name] && m.begun(a.Name) && m.wants(a.Name) {
			seen[a.Name] = true
			m.offer(a.Name, a.ID)
		}
	}
	m.valuesOf(math.MaxInt, func(p profile.Profile) string { return unless(seen, p.AccountID) })
}

func (m *menu) roleNames() {
	seen := map[string]bool{}
	for _, a := range m.inventories() {
		for _, role := range a.Roles {
			if !seen[role] && m.wants(role) {
				seen[role] = true
				m.offer(role, a.Name)
			}
		}
	}
	m.valuesOf(math.MaxInt, func(p profile.Profile) string { return unless(seen, p.RoleName) })
}

func unless(seen map[string]bool, text string) string {
	if seen[text] {
		return ""
	}
	return text
}

// inventories returns the known accounts and roles of all sessions.
func (m *menu) inventories() []store.AccountRoles {
	if m.sources.Inventory == nil {
		return nil
	}
	var all []store.AccountRoles
	config := m.config()
	for _, name := range config.SessionNames() {
		if sso, err := config.SSOSession(name); err == nil {
			all = append(all, m.sources.Inventory(sso)...)
		}
	}
	return all
}

// roleRefs offers ACCOUNT/ROLE for the known accounts and roles, by the account's id
// and by its name, if the word is the beginning of it. For an empty word there would be
// too many. With several sessions they are those of the one that the word names.
func (m *menu) roleRefs() {
	word, prefix := m.typed(), ""
	if word == "" || m.sources.Inventory == nil {
		return
	}
	config := m.config()
	names := config.SessionNames()
	if before, _, ok := strings.Cut(word, ":"); ok && config.HasSession(before) {
		names, prefix = []string{before}, before+":"
	}
	if len(names) != 1 {
		return
	}
	sso, err := config.SSOSession(names[0])
	if err != nil {
		return
	}
	inventory := m.sources.Inventory(sso)
	sameName := map[string]int{}
	for _, a := range inventory {
		sameName[a.Name]++
	}
	for _, a := range inventory {
		for _, role := range a.Roles {
			m.offerRef(prefix+a.ID+"/"+role, a.Name)
			if a.Name != "" && sameName[a.Name] == 1 {
				m.offerRef(prefix+a.Name+"/"+role, a.ID)
			}
		}
	}
}

func (m *menu) offerRef(ref, about string) {
	if m.begun(ref) && m.wants(ref) {
		m.offer(ref, about)
	}
}

// typed returns the word at the cursor without quotes that a shell may have left in it.
func (m *menu) typed() string {
	return strings.NewReplacer(`\`, "", `'`, "", `"`, "").Replace(m.line.Word)
}

// begun reports whether the word at the cursor is the beginning of the text, in any
// case.
func (m *menu) begun(text string) bool {
	word := m.typed()
	return len(text) >= len(word) && strings.EqualFold(text[:len(word)], word)
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

// CompleteByShell is the exit status of complete for a word that the shell itself should
// complete.
const CompleteByShell = 1

// KnownInventory returns a function for [Sources.Inventory] that says nothing about a
// cache that cannot be used.
func KnownInventory(paths Paths, now func() time.Time) func(profile.SSOSession) []store.AccountRoles {
	return func(sso profile.SSOSession) []store.AccountRoles {
		private, err := cache.Open(paths.Private)
		if err != nil {
			return nil
		}
		known := &store.Store{Private: private, Now: now, Warn: func(string) {}}
		inventory, _, _ := known.KnownInventory(sso)
		return inventory
	}
}
