package rpc

import (
	"encoding/hex"
	"slices"
)

// decodeHex reads hex text of at least one byte.
func decodeHex(s string) ([]byte, bool) {
	b, err := hex.DecodeString(s)
	return b, err == nil && len(b) > 0
}

func hexText(b []byte) string { return hex.EncodeToString(b) }

// member is what an object must have, and of which kind.
type member struct {
	name string
	kind Kind
}

// checkMembers verifies the kinds of members, given in alphabetical order;
// optional ones may be absent or null.
func checkMembers(o Value, optional bool, members ...member) error {
	for _, m := range members {
		v := o.Member(m.name)
		switch {
		case v.IsNull() && optional:
		case v.IsNull():
			return Errorf(CodeType, "Missing %s", m.name)
		case v.Kind() != m.kind:
			return Errorf(CodeType, "JSON value of type %s for field %s is not of expected type %s", v.Kind(), m.name, m.kind)
		}
	}
	return nil
}

// checkKeys refuses members that are not among those.
func checkKeys(o Value, members ...member) error {
	for i := range o.Len() {
		if !slices.ContainsFunc(members, func(m member) bool { return m.name == o.KeyAt(i) }) {
			return Errorf(CodeType, "Unexpected key %s", o.KeyAt(i))
		}
	}
	return nil
}
