package profile

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// A history is a config file over time, with what AWS and the user do to it between
// syncs.
type history struct {
	t        *testing.T
	rand     *rand.Rand
	seed     uint64
	text     string
	accounts map[string]*SyncRole // by id
	roles    map[roleKey]bool
	options  SyncOptions
	steps    []string

	userNamed map[roleKey]bool
	userKeys  map[roleKey][]string // lines that the user has added
	outOf     map[roleKey]bool     // sections that the user moved out of the block
	fresh     map[roleKey]bool     // the account has another name, or the template is another
	next      int
}

const syncTestHead = `# mine
[profile mine]
region = eu-west-1
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1
`

var accountNames = []string{"Prod", "prod", "Prod EU", "日本語", "हिन्दी", "Zürich – データ湖", "-rf", "a/b", "default", "...", "мир", "x\nsso_role_name = y", "# <<< ssoenv sync corp <<<"}

func newHistory(t *testing.T, seed uint64) *history {
	return &history{
		t: t, rand: rand.New(rand.NewPCG(seed, 1)), seed: seed, text: syncTestHead, accounts: map[string]*SyncRole{}, roles: map[roleKey]bool{},
		options:   SyncOptions{Template: DefaultTemplate},
		userNamed: map[roleKey]bool{}, userKeys: map[roleKey][]string{}, outOf: map[roleKey]bool{}, fresh: map[roleKey]bool{},
	}
}

func (h *history) errorf(format string, args ...any) {
	h.t.Helper()
	h.t.Fatalf("seed %d: %s\nafter %s\n%s", h.seed, fmt.Sprintf(format, args...), strings.Join(h.steps, "; "), h.text)
}

func (h *history) log(format string, args ...any) {
	h.steps = append(h.steps, fmt.Sprintf(format, args...))
}

// keys returns the roles that have a section, in the order of the file.
func (h *history) keys() []roleKey {
	var keys []roleKey
	for _, s := range sectionsOf(h.text) {
		if s.key != (roleKey{}) {
			keys = append(keys, s.key)
		}
	}
	return keys
}

type testSection struct {
	name, text string
	key        roleKey
}

var header = regexp.MustCompile(`(?m)^\[profile ([^\]]*)\]`)

// sectionsOf returns the profiles of a file that are for a role of corp.
func sectionsOf(text string) []testSection {
	w := &syncWork{SyncRequest: SyncRequest{Session: "corp"}}
	var all []testSection
	file := awsconfig.Parse([]byte(text))
	for section := range file.Sections(awsconfig.Profile) {
		if key := w.roleOf(section.Values()); key != (roleKey{}) {
			all = append(all, testSection{section.Name(), sectionText(text, section.Name()), key})
		}
	}
	return all
}

// sectionText returns a section from its header to the next header or marker.
func sectionText(text, name string) string {
	header := "[profile " + name + "]"
	_, body, _ := strings.Cut(text, header)
	rest := header + body
	if end := regexp.MustCompile(`\n(\[|# <<<|# >>>)`).FindStringIndex(rest); end != nil {
		return rest[:end[0]+1]
	}
	return rest
}

func (h *history) nameOf(key roleKey) string {
	for _, s := range sectionsOf(h.text) {
		if s.key == key {
			return s.name
		}
	}
	return ""
}

// renameByUser is what an editor's "replace all" does.
func (h *history) renameByUser(key roleKey, to string) {
	from := h.nameOf(key)
	h.text = strings.ReplaceAll(h.text, "[profile "+from+"]", "[profile "+to+"]")
	for _, before := range []string{"source_profile = ", "credential-process "} {
		h.text = regexp.MustCompile(`(?m)^(.*`+before+`)`+regexp.QuoteMeta(from)+`(\r?)$`).ReplaceAllString(h.text, "${1}"+to+"${2}")
	}
}

// step lets AWS or the user do something.
func (h *history) step() {
	ids := slices.Sorted(maps.Keys(h.accounts))
	name := accountNames[h.rand.IntN(len(accountNames))]
	eol := "\n"
	if strings.Contains(h.text, "\r\n") {
		eol = "\r\n"
	}
	keys := h.keys()
	var key roleKey
	if len(keys) > 0 {
		key = keys[h.rand.IntN(len(keys))]
	}
	h.next++
	switch action := h.rand.IntN(14); {
	case action < 3 || len(ids) == 0: // an account arrives
		id := fmt.Sprintf("%012d", 100+h.next)
		h.log("account %s %q", id, name)
		h.accounts[id] = &SyncRole{AccountID: id, AccountName: name, AccountEmail: fmt.Sprintf("a/%d@x", h.next)}
		for _, role := range []string{"Admin", "Read+Only", "Read=Only"}[:1+h.rand.IntN(3)] {
			h.roles[roleKey{id, role}] = true
		}
	case action < 6: // an account is renamed
		id := ids[h.rand.IntN(len(ids))]
		h.log("%s is called %q", id, name)
		h.rename(id, name)
	case action == 6 && len(ids) > 1: // two accounts exchange their names
		a, b := ids[0], ids[len(ids)-1]
		h.log("%s and %s exchange names", a, b)
		nameA := h.accounts[a].AccountName
		h.rename(a, h.accounts[b].AccountName)
		h.rename(b, nameA)
	case action == 7: // an account goes
		id := ids[h.rand.IntN(len(ids))]
		h.log("%s goes", id)
		delete(h.accounts, id)
	case key == (roleKey{}):
	case action == 8 || action == 9: // the user adds a key and a comment
		line := fmt.Sprintf("user_%d = %d", h.next, h.next)
		h.log("user writes %s into %s", line, h.nameOf(key))
		s := sectionText(h.text, h.nameOf(key))
		first, rest, _ := strings.Cut(s, "\n")
		h.text = strings.Replace(h.text, s, first+"\n# why"+eol+line+eol+rest, 1)
		h.userKeys[key] = append(h.userKeys[key], line)
	case action == 10 && !h.outOf[key]: // the user renames a section
		h.log("user renames %s to own-%d", h.nameOf(key), h.next)
		h.renameByUser(key, fmt.Sprintf("own-%d", h.next))
		h.userNamed[key] = true
	case action == 11: // the user refers to a profile
		h.log("user refers to %s", h.nameOf(key))
		ref := fmt.Sprintf("[profile chain-%d]\nsource_profile = %s\n# %s %s\n[profile process-%d]\ncredential_process = '/opt/s s/ssoenv' credential-process %[2]s\n# %[3]s %[4]s\n",
			h.next, h.nameOf(key), key.accountID, key.roleName, h.next)
		h.text = strings.ReplaceAll(ref, "\n", eol) + h.text
	case action == 12 && !h.outOf[key]: // the user moves a section out of the block
		h.log("user moves %s out", h.nameOf(key))
		s := sectionText(h.text, h.nameOf(key))
		h.text = s + strings.Replace(h.text, s, "", 1)
		h.outOf[key] = true
	case action == 13:
		if h.rand.IntN(2) == 0 {
			h.options.Template = []string{DefaultTemplate, "{role}.{account}", "{account}", "-{session}/{account_id}-{role}", "{email}-{role}"}[h.rand.IntN(5)]
			h.log("template %s", h.options.Template)
			for key := range h.roles {
				h.fresh[key] = true
			}
		} else if eol == "\n" {
			h.log("CRLF")
			h.text = strings.ReplaceAll(h.text, "\n", "\r\n")
		}
	}
}

func (h *history) rename(id, name string) {
	if h.accounts[id].AccountName == name {
		return
	}
	h.accounts[id].AccountName = name
	for key := range h.roles {
		if key.accountID == id {
			h.fresh[key] = true
		}
	}
}

func (h *history) request(prune bool) SyncRequest {
	r := SyncRequest{Session: "corp", Options: h.options, InScope: func(string, string) bool { return true }, Prune: prune}
	for key := range h.roles {
		if account := h.accounts[key.accountID]; account != nil {
			role := *account
			role.RoleName = key.roleName
			r.Roles = append(r.Roles, role)
		}
	}
	slices.SortFunc(r.Roles, func(a, b SyncRole) int {
		return cmp.Or(cmp.Compare(a.AccountID, b.AccountID), cmp.Compare(a.RoleName, b.RoleName))
	})
	return r
}

// sync syncs, and checks what must hold.
func (h *history) sync() {
	prune := h.rand.IntN(3) == 0
	h.log("sync, prune %v", prune)
	names := map[roleKey]string{}
	for _, s := range sectionsOf(h.text) {
		names[s.key] = s.name
	}
	plan, err := newConfig("config", []byte(h.text), "credentials", nil).PlanSync(h.request(prune))
	if err != nil {
		h.errorf("%v", err)
	}
	before := h.text
	h.text = string(plan.after)
	if h.text != before && strings.Contains(before, "\r\n") && strings.Count(h.text, "\n") != strings.Count(h.text, "\r\n") {
		h.errorf("line ends are mixed")
	}
	again, err := newConfig("config", plan.after, "credentials", nil).PlanSync(h.request(prune))
	if err != nil || !again.IsEmpty() || !prune && len(again.Renamed)+len(again.Added) > 0 {
		h.errorf("a second run: %v\n%s", err, again.Diff())
	}
	h.check(names, plan, prune)
	for _, s := range sectionsOf(h.text) {
		delete(h.fresh, s.key)
	}
}

func (h *history) check(before map[roleKey]string, plan SyncPlan, prune bool) {
	seen := map[string]bool{}
	for _, match := range header.FindAllStringSubmatch(h.text, -1) {
		if seen[match[1]] {
			h.errorf("two sections are called %q", match[1])
		}
		seen[match[1]] = true
	}
	count := map[roleKey]int{}
	for _, s := range sectionsOf(h.text) {
		count[s.key]++
		now := s.name
		if strings.HasPrefix(now, "-") || strings.Contains(now, "/") || !awsconfig.IsReadable(now) || now == "default" || IsAccountID(now) {
			h.errorf("a profile is called %q", now)
		}
		was, existed := before[s.key]
		if existed && now != was && (h.userNamed[s.key] || h.outOf[s.key] || !h.fresh[s.key]) {
			h.errorf("%s is now called %s", was, now)
		}
		for _, line := range h.userKeys[s.key] {
			if !strings.Contains(s.text, line) {
				h.errorf("%s has lost %q", now, line)
			}
		}
	}
	for _, role := range h.request(false).Roles {
		conflict := slices.ContainsFunc(plan.Conflicts, func(name string) bool { return isNameFrom(name, nameOf(h.options.Template, role, "corp"), role) })
		if key := (roleKey{role.AccountID, role.RoleName}); count[key] != 1 && !(count[key] == 0 && conflict) {
			h.errorf("%d sections for %v; conflicts %q", count[key], key, plan.Conflicts)
		}
	}
	for key := range before {
		gone := h.accounts[key.accountID] == nil
		if count[key] == 0 && (!gone || !prune || h.outOf[key]) {
			h.errorf("%v is removed", key)
		}
	}
	references := regexp.MustCompile(`(?m)(?:source_profile = |credential-process )(\S+)\r?\n# (\d+) (\S+?)\r?$`)
	for _, match := range references.FindAllStringSubmatch(h.text, -1) {
		key := roleKey{match[2], match[3]}
		if now := h.nameOf(key); count[key] > 0 && match[1] != now {
			h.errorf("a reference to %v names %q, which is called %q", key, match[1], now)
		}
	}
	if !strings.Contains(strings.ReplaceAll(h.text, "\r\n", "\n"), syncTestHead) {
		h.errorf("the lines outside of the block have changed")
	}
}

// After any history of renamed, new and removed accounts and of edits by the user, no
// key is lost, no name changes that need not, every role has a profile, references
// lead to the same role, and a second sync changes nothing.
func TestSyncHistories(t *testing.T) {
	for seed := range uint64(200) {
		h := newHistory(t, seed)
		for range 6 {
			for range 1 + h.rand.IntN(5) {
				h.step()
			}
			h.sync()
		}
	}
}
