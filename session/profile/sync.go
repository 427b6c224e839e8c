package profile

// How sync knows its profiles
//
// A profile is what it gives access to: (session, account id, role). Its name may
// change, because an account gets another name in AWS or because the user prefers
// one of their own. So the profiles of a block are matched by that triple, and the
// name counts only where a profile is written for the first time and where it
// follows the account's name.
//
// The block records what is needed to tell the two kinds of names apart. In each
// profile, a comment has the account's name at the last sync and the name that the
// template gave then:
//
//	[profile Production-Admin]
//	# ssoenv sync: account "Production", name Production-Admin
//
// A section is renamed only if its header still has that name, or that name with the
// account's id behind it, and if the template gives another one now. A name that the
// user changed is different, and stays. In a block of a version that recorded
// nothing, the name counts as ssoenv's if the default template gives it now.
//
// The first comment of the block has the options of the last sync. Both records are
// ASCII, so that a tool reads the file in any encoding.
//
// Names are given in this order: names outside of the block and in the credentials
// file, and those in the block that stay, are taken; then come the sections to be
// renamed, in the order of the file; then the new ones. A profile that is there
// therefore never changes its name because another one arrives.

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// SyncOptions are the options of a sync that its block records.
type SyncOptions struct {
	Template string // empty: none is recorded
	Accounts string // a glob; empty: all
	Roles    string // likewise
	Region   string // of new profiles; may be empty
	Process  string // "yes": a profile [ProcessName] for each; else empty
}

// fields returns the options by the name of their flag.
func (o *SyncOptions) fields() []struct {
	flag  string
	value *string
} {
	return []struct {
		flag  string
		value *string
	}{{"--name", &o.Template}, {"--account", &o.Accounts}, {"--role", &o.Roles}, {"--region", &o.Region}, {"--credential-process", &o.Process}}
}

// String returns the options as a part of a command line, in ASCII. An empty one is
// left out.
func (o SyncOptions) String() string {
	var words []string
	for _, f := range o.fields() {
		if *f.value != "" {
			words = append(words, f.flag+" "+strconv.QuoteToASCII(*f.value))
		}
	}
	return strings.Join(words, " ")
}

// parseSyncOptions reads what String has written, and ignores what follows. The
// result is zero for any other text.
func parseSyncOptions(text string) SyncOptions {
	var o SyncOptions
	for strings.HasPrefix(text, "--") {
		flag, rest, _ := strings.Cut(text, " ")
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			break
		}
		value, _ := strconv.Unquote(quoted) // QuotedPrefix has checked it
		for _, f := range o.fields() {
			if f.flag == flag {
				*f.value = value
			}
		}
		text = strings.TrimLeft(rest[len(quoted):], " ")
	}
	return o
}

// SyncOptions returns the options that the session's block records. They are zero if
// there are none.
func (c *Config) SyncOptions(session string) (SyncOptions, error) {
	text, err := c.file.BlockOptions(session)
	if err != nil {
		return SyncOptions{}, c.editError(err)
	}
	return parseSyncOptions(text), nil
}

// recordPrefix begins the comment that sync keeps in a profile.
const recordPrefix = "# ssoenv sync: "

// record returns the rest of that comment.
func record(role SyncRole, name string) string {
	return "account " + strconv.QuoteToASCII(role.AccountName) + ", name " + name
}

// recordedName returns the name that the template gave to the section at the last
// sync. ok is false if the section has no record.
func recordedName(section awsconfig.Section) (name string, ok bool) {
	text, ok := section.Comment(recordPrefix)
	if !ok {
		return "", false
	}
	account, ok := strings.CutPrefix(text, "account ")
	quoted, err := strconv.QuotedPrefix(account)
	if !ok || err != nil {
		return "", false
	}
	return strings.CutPrefix(account[len(quoted):], ", name ")
}

// A SyncRequest is what a sync of one session is to write.
type SyncRequest struct {
	Session string
	Roles   []SyncRole // to write a profile for
	Options SyncOptions

	// SetRegion gives the region of the options also to profiles that are there. One
	// that the user has set, as far as is recorded, stays.
	SetRegion bool

	// InScope reports whether the request decides about a role. A profile whose role
	// is in scope but not in Roles is stale.
	InScope func(accountID, role string) bool
	Prune   bool   // remove the stale profiles
	Program string // the absolute path of ssoenv, for Options.Process
}

// A SyncPlan is the edit that brings the profiles of an sso-session up to date.
type SyncPlan struct {
	Edit

	Added, Changed []string // names of profiles
	Renamed        []awsconfig.Rename
	Stale          []string // in the block of the session, but no longer wanted
	Conflicts      []string // wanted, but another profile has the name
}

// IsUpToDate reports whether no profile is to be written and none was left out.
func (s SyncPlan) IsUpToDate() bool {
	return len(s.Added)+len(s.Changed)+len(s.Renamed)+len(s.Stale)+len(s.Conflicts) == 0
}

// PlanSync plans to write the profiles into the session's block: the part of the
// config file between two marker comments, and keys below the second one that belong
// to its last profile. Outside of it, only references to renamed profiles change. A
// role whose name a profile outside has is left out. Keys of profiles in the block are
// kept, except a region that was given by a sync before.
//
// If a role has two sections in the block, the first is its profile and the other one
// stays as it is. A section that the user moved out of the block stays there, and no
// other one is written. Sections in the block that are not for a role of this session
// stay as well.
func (c *Config) PlanSync(r SyncRequest) (SyncPlan, error) {
	var plan SyncPlan
	edit, err := c.planEdit(func(file *awsconfig.File) error {
		if err := file.TakeInKeys(r.Session); err != nil {
			return err
		}
		inner, err := file.Block(r.Session)
		if err != nil {
			return err
		}
		outside, err := file.Outside(r.Session)
		if err != nil {
			return err
		}
		before, err := c.SyncOptions(r.Session)
		if err != nil {
			return err
		}
		w := newSyncWork(c, r, before, inner, outside)
		w.decide()
		plan = w.plan
		if err := file.RenameInBlock(r.Session, w.plan.Renamed); err != nil {
			return err
		}
		if inner, err = file.Block(r.Session); err != nil {
			return err
		}
		if err := inner.Apply(w.changes...); err != nil {
			return err
		}
		inner.SetComments(recordPrefix, w.records)
		if err := file.SetBlock(r.Session, inner); err != nil {
			return err
		}
		return file.SetBlockOptions(r.Session, r.Options.String())
	})
	plan.Edit = edit
	return plan, err
}

// A roleKey is a role of the session.
type roleKey struct{ accountID, roleName string }

// A syncedSection is a section of the block.
type syncedSection struct {
	at       int // its place in the block
	name     string
	key      roleKey // zero: not a role of this session
	values   map[string]string
	recorded string // the name that the template gave; empty: unknown
	removed  bool   // a profile of the same name is outside

	renamedFrom string // the name before this sync; empty: the same
}

// former returns the name of the section before this sync.
func (s *syncedSection) former() string { return cmp.Or(s.renamedFrom, s.name) }

// syncWork is one run of PlanSync.
type syncWork struct {
	SyncRequest
	before SyncOptions

	sections []syncedSection
	profiles map[roleKey]*syncedSection  // the first section of each role
	programs map[string][]*syncedSection // sections that are for no role and run a program, by their present name
	outside  map[string]roleKey          // sections outside, by name
	static   map[string]roleKey          // sections of the credentials file, by name
	moved    map[roleKey]bool            // roles whose section the user moved out
	given    map[string]int              // how many roles the template gives a name
	taken    map[string]bool             // names in the block

	lastRole SyncRole // of nameOf
	lastName string

	plan    SyncPlan
	changes []awsconfig.Change
	records map[string]string // by the name after the sync
}

func newSyncWork(c *Config, r SyncRequest, before SyncOptions, inner, outside *awsconfig.File) *syncWork {
	w := &syncWork{
		SyncRequest: r, before: before,
		profiles: map[roleKey]*syncedSection{}, outside: map[string]roleKey{}, static: map[string]roleKey{}, moved: map[roleKey]bool{},
		given: make(map[string]int, len(r.Roles)), taken: make(map[string]bool, len(r.Roles)), records: make(map[string]string, len(r.Roles)),
		programs: map[string][]*syncedSection{},
	}
	for section := range c.credentials.Sections(awsconfig.Bare) {
		w.static[section.Name()] = w.roleOf(section.Values())
	}
	for section := range outside.Sections(awsconfig.Profile) {
		key := w.roleOf(section.Values())
		w.outside[section.Name()] = key
		if _, ok := recordedName(section); ok && key != (roleKey{}) {
			w.moved[key] = true
		}
	}
	for section := range inner.Sections(awsconfig.Profile) {
		s := syncedSection{at: len(w.sections), name: section.Name(), values: section.Values()}
		s.key = w.roleOf(s.values)
		s.recorded, _ = recordedName(section)
		w.sections = append(w.sections, s)
	}
	for i := range w.sections {
		s := &w.sections[i]
		if s.key == (roleKey{}) && s.values["credential_process"] != "" {
			w.programs[s.name] = append(w.programs[s.name], s)
		}
	}
	for _, role := range r.Roles {
		w.given[w.nameOf(role)]++
	}
	return w
}

// roleOf returns the role that a section is for, or the zero roleKey if it is not one
// of this session.
func (w *syncWork) roleOf(values map[string]string) roleKey {
	key := roleKey{values["sso_account_id"], values["sso_role_name"]}
	if values["sso_session"] != w.Session || !IsAccountID(key.accountID) || !IsRoleName(key.roleName) {
		return roleKey{}
	}
	return key
}

// nameOf returns the name that the template gives to the profile of a role. It keeps the
// last one: a role's name is needed more than once.
func (w *syncWork) nameOf(role SyncRole) string {
	if w.lastName == "" || role != w.lastRole {
		w.lastRole, w.lastName = role, nameOf(w.Options.Template, role, w.Session)
	}
	return w.lastName
}

// decide fills in the plan, the changes of the block and the records.
func (w *syncWork) decide() {
	w.readBlock()
	wanted := make(map[roleKey]SyncRole, len(w.Roles))
	for _, role := range w.Roles {
		wanted[roleKey{role.AccountID, role.RoleName}] = role
	}
	w.rename(wanted)
	w.changes = slices.Grow(w.changes, changesOfProfile*max(0, len(w.Roles)-len(w.profiles)))
	for _, role := range w.Roles {
		key := roleKey{role.AccountID, role.RoleName}
		if s := w.profiles[key]; s != nil {
			w.update(s, role)
		} else if !w.moved[key] {
			w.add(role)
		}
	}
	for _, s := range w.sections {
		if _, ok := wanted[s.key]; ok || s.removed || s.key == (roleKey{}) || !w.InScope(s.key.accountID, s.key.roleName) {
			continue
		}
		w.plan.Stale = append(w.plan.Stale, s.name)
		if w.Prune {
			w.remove(s.name)
			if other := w.processOf(s.name, s.former()); other != nil {
				w.remove(other.name)
			}
		}
	}
	if w.Options.Process != "" {
		w.writeProcesses(wanted)
	}
}

// readBlock finds the section of each role, and removes those that the user has
// copied out of the block: with two sections of a name, the AWS CLI rejects the file.
func (w *syncWork) readBlock() {
	for i := range w.sections {
		s := &w.sections[i]
		if outside, twice := w.outside[s.name]; twice && outside == s.key && s.key != (roleKey{}) {
			s.removed = true
			w.remove(s.name)
			continue
		}
		w.taken[s.name] = true
		if s.key != (roleKey{}) && w.profiles[s.key] == nil {
			w.profiles[s.key] = s
		}
	}
}

func (w *syncWork) remove(name string) {
	w.changes = append(w.changes, awsconfig.Change{Kind: awsconfig.Profile, Name: name, Remove: true})
}

// rename renames the profiles whose name follows that of their account, and those
// whose name the user has given to another profile outside of the block. They first
// give up their names, so that two accounts can exchange theirs.
func (w *syncWork) rename(wanted map[roleKey]SyncRole) {
	var due []*syncedSection
	for i := range w.sections {
		if s := &w.sections[i]; w.isDue(s, wanted) {
			due = append(due, s)
			delete(w.taken, s.name)
			if process := w.processOf(s.name, s.name); process != nil {
				delete(w.taken, process.name)
			}
		}
	}
	for _, s := range due {
		role, ok := wanted[s.key]
		names := w.namesFor(role)
		if !ok || w.profiles[s.key] != s {
			names = distinctNames(s.name, SyncRole{AccountID: s.key.accountID, RoleName: s.key.roleName})
		}
		for name := range names {
			if w.isTaken(name) {
				continue
			}
			w.taken[name] = true
			if name != s.name {
				_, twice := w.outside[s.name]
				w.plan.Renamed = append(w.plan.Renamed, awsconfig.Rename{From: s.name, To: name, KeepReferences: twice})
				s.renamedFrom, s.name = s.name, name
				w.renameProcess(s)
			}
			break
		}
		if process := w.processOf(s.name, s.former()); process != nil {
			w.taken[process.name] = true
		}
	}
}

// isDue reports whether a section gets another name.
func (w *syncWork) isDue(s *syncedSection, wanted map[roleKey]SyncRole) bool {
	if s.removed || s.key == (roleKey{}) || s.name == "default" {
		return false
	}
	if _, twice := w.outside[s.name]; twice {
		return true
	}
	role, ok := wanted[s.key]
	if _, static := w.static[s.name]; static || !ok || w.profiles[s.key] != s || w.isNameless(role) {
		return false
	}
	return !isNameFrom(s.name, w.nameOf(role), role) && isNameFrom(s.name, w.formerName(s, role), role)
}

// isNameless reports whether the service has returned no name for the account. A
// profile that was named after the account then keeps its name.
func (w *syncWork) isNameless(role SyncRole) bool {
	return role.AccountName == "" && w.Options.Template == w.before.Template
}

// isTaken reports whether a profile has the name, in any place.
func (w *syncWork) isTaken(name string) bool {
	_, outside := w.outside[name]
	_, static := w.static[name]
	return outside || static || w.taken[name]
}

// formerName returns the name that the template gave to a section at the last sync.
// Where nothing is recorded, it is what the template of that sync would give now.
func (w *syncWork) formerName(s *syncedSection, role SyncRole) string {
	if s.recorded != "" {
		return s.recorded
	}
	template := w.before.Template
	if template == "" || CheckTemplate(template) != nil {
		template = DefaultTemplate
	}
	return nameOf(template, role, w.Session)
}

// namesFor yields the names that a role's profile can have, the best one first.
func (w *syncWork) namesFor(role SyncRole) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		given := w.nameOf(role)
		for name := range distinctNames(given, role) {
			if name == given && (w.given[given] > 1 || name == "default") {
				continue
			}
			if !yield(name) {
				return
			}
		}
	}
}

// update brings the section of a role up to date.
func (w *syncWork) update(s *syncedSection, role SyncRole) {
	if s.recorded == "" || !w.isNameless(role) {
		w.records[s.name] = record(role, w.nameOf(role))
	}
	now, has := s.values["region"]
	bySync := now == w.before.Region || w.before.Template == "" // as far as is recorded
	if region := w.Options.Region; w.SetRegion && region != "" && region != now && (!has || bySync) {
		w.changes = append(w.changes, awsconfig.Change{Kind: awsconfig.Profile, Name: s.name, Key: "region", Value: region})
		w.plan.Changed = append(w.plan.Changed, s.name)
	}
}

// changesOfProfile is how many changes write a new profile.
const changesOfProfile = 4

// add writes a new section for a role, unless another profile outside has its name.
func (w *syncWork) add(role SyncRole) {
	key := roleKey{role.AccountID, role.RoleName}
	for name := range w.namesFor(role) {
		for _, others := range []map[string]roleKey{w.outside, w.static} {
			if other, ok := others[name]; ok {
				if other != key {
					w.plan.Conflicts = append(w.plan.Conflicts, name)
				}
				return
			}
		}
		if w.taken[name] {
			continue
		}
		w.taken[name] = true
		w.plan.Added = append(w.plan.Added, name)
		w.changes = append(w.changes, Spec{Name: name, Session: w.Session, AccountID: role.AccountID, RoleName: role.RoleName, Region: w.Options.Region}.changes()...)
		w.records[name] = record(role, w.nameOf(role))
		return
	}
}

// processOf returns the section of the block that runs ssoenv for the profile of that
// name, which was the former one before this sync; or nil.
func (w *syncWork) processOf(name, former string) *syncedSection {
	var first *syncedSection
	for _, name := range []string{ProcessName(name), ProcessName(former)} {
		for _, s := range w.programs[name] {
			if (first == nil || s.at < first.at) && runsFor(s.values["credential_process"], former) {
				first = s
			}
		}
	}
	return first
}

// renameProcess lets the profile that runs ssoenv for a renamed one follow it, if it
// still has the name that it was given.
func (w *syncWork) renameProcess(renamed *syncedSection) {
	s, to := w.processOf(renamed.name, renamed.renamedFrom), ProcessName(renamed.name)
	if s == nil || s.name != ProcessName(renamed.renamedFrom) || w.isTaken(to) {
		return
	}
	w.plan.Renamed = append(w.plan.Renamed, awsconfig.Rename{From: s.name, To: to})
	w.programs[s.name] = slices.DeleteFunc(w.programs[s.name], func(other *syncedSection) bool { return other == s })
	s.renamedFrom, s.name = s.name, to
	w.programs[to] = append(w.programs[to], s)
}

// writeProcesses writes the profile ProcessName for each profile of a wanted role that
// is in the block. One whose path of ssoenv is another is brought up to date.
func (w *syncWork) writeProcesses(wanted map[roleKey]SyncRole) {
	names, former, regions := slices.Clone(w.plan.Added), map[string]string{}, map[string]string{}
	for i := range w.sections {
		if s := &w.sections[i]; w.profiles[s.key] == s {
			if _, ok := wanted[s.key]; ok {
				names = append(names, s.name)
				former[s.name], regions[s.name] = s.former(), s.values["region"]
			}
		}
	}
	for _, name := range names {
		before := cmp.Or(former[name], name)
		s := w.processOf(name, before)
		switch {
		case s == nil && w.isTaken(ProcessName(name)):
			w.plan.Conflicts = append(w.plan.Conflicts, ProcessName(name))
		case s == nil:
			w.taken[ProcessName(name)] = true
			w.plan.Added = append(w.plan.Added, ProcessName(name))
			w.changes = append(w.changes, processChanges(w.Program, name, cmp.Or(regions[name], w.Options.Region))...)
		case s.values["credential_process"] != processCommand(w.Program, before):
			w.plan.Changed = append(w.plan.Changed, s.name)
			w.changes = append(w.changes, awsconfig.Change{Kind: awsconfig.Profile, Name: s.name, Key: "credential_process", Value: processCommand(w.Program, name)})
		}
	}
}
