package descriptor

import (
	"encoding/hex"
	"strconv"
	"strings"

	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/chain/sigverify"
)

// wildcard is what the last step of a path stands for.
type wildcard uint8

const (
	notRanged wildcard = iota
	unhardenedRange
	hardenedRange
)

// key is one key expression, with a single path where multipath gave several.
type key struct {
	origin     *keyOrigin
	apostrophe bool // hardened steps are written ' instead of h

	pub   []byte // constant keys: 33 or 65 bytes
	xonly bool   // written without the parity byte

	ext      *extKey // extended keys
	path     []uint32
	wildcard wildcard
	parent   *extKey // ext after path; nil when that needs private keys
}

type keyOrigin struct {
	fingerprint [4]byte
	path        []uint32
}

func (k *key) ranged() bool { return k.wildcard != notRanged }

// size is that of the public keys that the expression gives.
func (k *key) size() int {
	if k.ext != nil {
		return 33
	}
	return len(k.pub)
}

// at returns the public key at a position of the range.
func (k *key) at(pos uint32) ([]byte, error) {
	if k.ext == nil {
		return k.pub, nil
	}
	if k.parent == nil {
		return nil, ErrNeedsPrivateKeys
	}
	final := k.parent
	if k.ranged() {
		if k.wildcard == hardenedRange {
			pos |= hardened
		}
		var err error
		if final, err = k.parent.derive(pos); err != nil {
			return nil, err
		}
	}
	return final.pub[:], nil
}

func (k *key) format(p *params.Params) string {
	var b strings.Builder
	if o := k.origin; o != nil {
		b.WriteString("[" + hex.EncodeToString(o.fingerprint[:]))
		k.formatPath(&b, o.path)
		b.WriteString("]")
	}
	switch {
	case k.ext == nil && k.xonly:
		b.WriteString(hex.EncodeToString(k.pub[1:]))
	case k.ext == nil:
		b.WriteString(hex.EncodeToString(k.pub))
	default:
		b.WriteString(k.ext.encode(p))
		k.formatPath(&b, k.path)
	}
	if k.ranged() {
		b.WriteString("/*")
	}
	if k.wildcard == hardenedRange {
		b.WriteByte(k.hardenedMark())
	}
	return b.String()
}

func (k *key) hardenedMark() byte {
	if k.apostrophe {
		return '\''
	}
	return 'h'
}

func (k *key) formatPath(b *strings.Builder, path []uint32) {
	for _, step := range path {
		b.WriteByte('/')
		b.WriteString(strconv.FormatUint(uint64(step&^hardened), 10))
		if step&hardened != 0 {
			b.WriteByte(k.hardenedMark())
		}
	}
}

// parseKey reads a key expression with its origin. Multipath gives several.
func (r *reader) parseKey(s string, ctx context) ([]*key, error) {
	if strings.HasPrefix(s, "musig(") {
		if ctx != inTR {
			return nil, errorf("musig() is only allowed in tr() and rawtr()")
		}
		return nil, errorf("musig() is not supported")
	}
	parts := strings.Split(s, "]")
	if len(parts) > 2 {
		return nil, errorf("Multiple ']' characters found for a single pubkey")
	}
	var apostrophe bool
	if len(parts) == 1 {
		return r.parseBareKey(s, ctx, &apostrophe)
	}
	if parts[0] == "" {
		return nil, errorf("Key origin start '[ character expected but not found, got '%c' instead", ']')
	}
	if parts[0][0] != '[' {
		return nil, errorf("Key origin start '[ character expected but not found, got '%c' instead", parts[0][0])
	}
	steps := strings.Split(parts[0][1:], "/")
	if len(steps[0]) != 8 {
		return nil, errorf("Fingerprint is not 4 bytes (%d characters instead of 8 characters)", len(steps[0]))
	}
	fingerprint, err := hex.DecodeString(steps[0])
	if err != nil {
		return nil, errorf("Fingerprint '%s' is not hex", steps[0])
	}
	paths, err := parsePath(steps[1:], &apostrophe, false)
	if err != nil {
		return nil, err
	}
	keys, err := r.parseBareKey(parts[1], ctx, &apostrophe)
	for _, k := range keys {
		k.origin = &keyOrigin{fingerprint: [4]byte(fingerprint), path: paths[0]}
		k.apostrophe = apostrophe
	}
	return keys, err
}

// parseBareKey reads a key expression without origin.
func (r *reader) parseBareKey(s string, ctx context, apostrophe *bool) ([]*key, error) {
	steps := strings.Split(s, "/")
	text := steps[0]
	if text == "" {
		return nil, errorf("No key provided")
	}
	if isSpace(text[0]) || isSpace(text[len(text)-1]) {
		return nil, errorf("Key '%s' is invalid due to whitespace", text)
	}
	if len(steps) == 1 {
		if raw, ok := decodeHex(text); ok {
			return parseHexKey(text, raw, ctx)
		}
		if secret, ok := script.DecodeSecret(text, r.params); ok {
			if !secret.Compressed && !ctx.permitsUncompressed() {
				return nil, errorf("Uncompressed keys are not allowed")
			}
			r.privateKeys = true
			return []*key{{pub: secret.PubKey(), xonly: ctx == inTR}}, nil
		}
	}
	ext, ok := parseExtKey(text, r.params)
	if !ok {
		return nil, errorf("key '%s' is not valid", text)
	}
	steps, wild := parseWildcard(steps, apostrophe)
	paths, err := parsePath(steps[1:], apostrophe, true)
	if err != nil {
		return nil, err
	}
	r.addExtKey(ext)
	keys := make([]*key, len(paths))
	for i, path := range paths {
		keys[i] = &key{ext: ext, path: path, wildcard: wild, apostrophe: *apostrophe}
		r.extended = append(r.extended, keys[i])
	}
	return keys, nil
}

func parseHexKey(text string, raw []byte, ctx context) ([]*key, error) {
	if raw[0]&0xfe == 6 && len(raw) == 65 {
		return nil, errorf("Hybrid public keys are not allowed")
	}
	if sigverify.ValidPubKey(raw) {
		if len(raw) != 33 && !ctx.permitsUncompressed() {
			return nil, errorf("Uncompressed keys are not allowed")
		}
		return []*key{{pub: raw}}, nil
	}
	if ctx == inTR && sigverify.ValidXOnly(raw) {
		return []*key{{pub: append([]byte{2}, raw...), xonly: true}}, nil
	}
	return nil, errorf("Pubkey '%s' is invalid", text)
}

// parseWildcard cuts the wildcard from the end of a path; the first element is
// the key.
func parseWildcard(steps []string, apostrophe *bool) ([]string, wildcard) {
	last := len(steps) - 1
	switch steps[last] {
	case "*":
		return steps[:last], unhardenedRange
	case "*'", "*h":
		*apostrophe = steps[last] == "*'"
		return steps[:last], hardenedRange
	}
	return steps, notRanged
}

// parsePath reads the steps of a path, and returns one path for each
// alternative of a multipath step <a;b>.
func parsePath(steps []string, apostrophe *bool, allowMultipath bool) ([][]uint32, error) {
	path := make([]uint32, 0, len(steps))
	var alternatives []uint32
	at := -1
	for _, text := range steps {
		if len(text) == 0 || text[0] != '<' || text[len(text)-1] != '>' {
			step, err := parseStep(text, apostrophe)
			if err != nil {
				return nil, err
			}
			path = append(path, step)
			continue
		}
		if !allowMultipath {
			return nil, errorf("Key path value '%s' specifies multipath in a section where multipath is not allowed", text)
		}
		if at >= 0 {
			return nil, errorf("Multiple multipath key path specifiers found")
		}
		var err error
		if alternatives, err = parseAlternatives(text[1:len(text)-1], apostrophe); err != nil {
			return nil, err
		}
		at = len(path)
		path = append(path, 0)
	}
	if at < 0 {
		return [][]uint32{path}, nil
	}
	paths := make([][]uint32, len(alternatives))
	for i, step := range alternatives {
		paths[i] = append([]uint32(nil), path...)
		paths[i][at] = step
	}
	return paths, nil
}

func parseAlternatives(text string, apostrophe *bool) ([]uint32, error) {
	items := strings.Split(text, ";")
	if len(items) < 2 {
		return nil, errorf("Multipath key path specifiers must have at least two items")
	}
	seen := make(map[uint32]bool)
	var out []uint32
	for _, item := range items {
		step, err := parseStep(item, apostrophe)
		if err != nil {
			return nil, err
		}
		if seen[step] {
			return nil, errorf("Duplicated key path value %d in multipath specifier", step)
		}
		seen[step] = true
		out = append(out, step)
	}
	return out, nil
}

func parseStep(text string, apostrophe *bool) (uint32, error) {
	var mark uint32
	if n := len(text); n > 0 && (text[n-1] == '\'' || text[n-1] == 'h') {
		*apostrophe = text[n-1] == '\''
		mark, text = hardened, text[:n-1]
	}
	v, ok := parseUint32(text)
	if !ok {
		return 0, errorf("Key path value '%s' is not a valid uint32", text)
	}
	if v >= hardened {
		return 0, errorf("Key path value %d is out of range", v)
	}
	return v | mark, nil
}

// parseUint32 takes decimal digits and nothing else.
func parseUint32(s string) (uint32, bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	v, err := strconv.ParseUint(s, 10, 32)
	return uint32(v), err == nil
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// decodeHex takes at least one byte.
func decodeHex(s string) ([]byte, bool) {
	b, err := hex.DecodeString(s)
	return b, err == nil && len(b) > 0
}
