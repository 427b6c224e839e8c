package offline

import (
	"slices"

	"github.com/ssoenv/ssoenv/cache"
)

// A History is the names of the profiles that were used last, the newest first.
// It only orders the list of profiles.
type History struct{ Dir *cache.Dir } // nil: there is none

const (
	historyKey    = "history"
	historyLength = 100
)

// Names returns the names.
func (h History) Names() []string {
	var names []string
	if h.Dir != nil {
		_, _ = h.Dir.Get(historyKey, &names)
	}
	return names[:min(len(names), historyLength)]
}

// Remember puts a profile at the head of the history. It writes nothing if it is
// there already.
func (h History) Remember(name string) error {
	names := h.Names()
	if h.Dir == nil || len(names) > 0 && names[0] == name {
		return nil
	}
	names = slices.DeleteFunc(names, func(other string) bool { return other == name })
	names = append([]string{name}, names...)
	return h.Dir.Put(historyKey, names[:min(len(names), historyLength)])
}
