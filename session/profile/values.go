package profile

import (
	"iter"
	"maps"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// values are the keys of a section, in lower case, and their values. The zero value has
// none. A copy shares them, and must not be added to.
//
// A profile has five keys of the fifty that ssoenv asks for. Their lengths tell of most
// others that they are not there, for a tenth of what a map takes to find that out: for
// 5,000 profiles that is an eighth of all instructions.
type values struct {
	byKey   map[string]string
	lengths uint64 // bit n: a key of n bytes is there; the last bit is also that of longer ones
}

// newValues returns the values of a section.
func newValues(section awsconfig.Section) values {
	v := values{byKey: map[string]string{}}
	v.add(section, nil)
	return v
}

// add adds the values of a section, which replace those of the same keys. texts may be
// nil.
func (v *values) add(section awsconfig.Section, texts *awsconfig.Texts) {
	section.Each(texts, v.set)
}

func (v *values) set(key, value string) {
	v.byKey[key] = value
	v.lengths |= lengthBit(key)
}

func lengthBit(key string) uint64 { return 1 << min(len(key), 63) }

// get returns the value of a key, or "".
func (v values) get(key string) string {
	value, _ := v.lookup(key)
	return value
}

// lookup also reports whether the key is there.
func (v values) lookup(key string) (string, bool) {
	if v.lengths&lengthBit(key) == 0 {
		return "", false
	}
	value, ok := v.byKey[key]
	return value, ok
}

// all iterates over the keys and their values, in no order.
func (v values) all() iter.Seq2[string, string] { return maps.All(v.byKey) }

// clear removes all keys, and keeps the memory.
func (v *values) clear() {
	clear(v.byKey)
	v.lengths = 0
}
