package descriptor

import (
	"strings"

	"grapevine/chain/params"
	"grapevine/chain/script"
)

// context is where in a descriptor an expression stands.
type context uint8

const (
	atTop context = iota
	inSH
	inWPKH
	inWSH
	inTR
)

func (c context) permitsUncompressed() bool { return c == atTop || c == inSH }

// Parsed is what a text stands for.
type Parsed struct {
	// Descriptors has one element, or one for each alternative of multipath.
	Descriptors []*Descriptor
	// Checksum is the right one for the text as it was given.
	Checksum string
	// HasPrivateKeys says that the text held at least one private key.
	HasPrivateKeys bool
}

// Parse reads a descriptor for a network. Errors are of type [Error].
func Parse(text string, p *params.Params, requireChecksum bool) (*Parsed, error) {
	text, sum, err := splitChecksum(text, requireChecksum)
	if err != nil {
		return nil, err
	}
	r := &reader{params: p}
	expr, rest := splitExpr(text)
	nodes, err := r.parse(expr, atTop)
	if err != nil {
		return nil, err
	}
	if rest != "" {
		return nil, errorf("")
	}
	r.resolve()
	out := &Parsed{Checksum: sum, HasPrivateKeys: r.privateKeys}
	for _, n := range nodes {
		out.Descriptors = append(out.Descriptors, &Descriptor{root: n, params: p})
	}
	return out, nil
}

// reader gathers what concerns a descriptor as a whole.
type reader struct {
	params      *params.Params
	privateKeys bool
	secrets     map[[33]byte]*[32]byte // of extended keys, by public key
	extended    []*key
}

func (r *reader) addExtKey(k *extKey) {
	if k.priv == nil {
		return
	}
	if r.secrets == nil {
		r.secrets = make(map[[33]byte]*[32]byte)
	}
	r.privateKeys = true
	r.secrets[k.pub] = k.priv
}

// resolve walks the fixed part of all paths, now that every private key of
// the text is known: an xpub may stand beside its own xprv.
func (r *reader) resolve() {
	for _, k := range r.extended {
		from := *k.ext
		from.priv = r.secrets[from.pub]
		k.parent = &from
		for _, step := range k.path {
			next, err := k.parent.derive(step)
			if err != nil {
				k.parent = nil
				break
			}
			k.parent = next
		}
	}
}

// splitExpr cuts s behind its first expression: before a comma or a closing
// bracket that belongs to what is around it.
func splitExpr(s string) (expr, rest string) {
	level := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '(' || c == '{':
			level++
		case level > 0 && (c == ')' || c == '}'):
			level--
		case level == 0 && (c == ')' || c == '}' || c == ','):
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// splitFunc matches name(args).
func splitFunc(s string) (name, args string, ok bool) {
	open := strings.IndexByte(s, '(')
	if open < 0 || s[len(s)-1] != ')' {
		return "", "", false
	}
	return s[:open], s[open+1 : len(s)-1], true
}

// onlyAt says where a function may stand, and what is said elsewhere.
var onlyAt = map[string]struct {
	allowed []context
	message string
}{
	"combo":         {[]context{atTop}, "Can only have combo() at top level"},
	"multi":         {[]context{atTop, inSH, inWSH}, "Can only have multi/sortedmulti at top level, in sh(), or in wsh()"},
	"sortedmulti":   {[]context{atTop, inSH, inWSH}, "Can only have multi/sortedmulti at top level, in sh(), or in wsh()"},
	"multi_a":       {[]context{inTR}, "Can only have multi_a/sortedmulti_a inside tr()"},
	"sortedmulti_a": {[]context{inTR}, "Can only have multi_a/sortedmulti_a inside tr()"},
	"wpkh":          {[]context{atTop, inSH}, "Can only have wpkh() at top level or inside sh()"},
	"sh":            {[]context{atTop}, "Can only have sh() at top level"},
	"wsh":           {[]context{atTop, inSH}, "Can only have wsh() at top level or inside sh()"},
	"addr":          {[]context{atTop}, "Can only have addr() at top level"},
	"tr":            {[]context{atTop}, "Can only have tr at top level"},
	"rawtr":         {[]context{atTop}, "Can only have rawtr at top level"},
	"unused":        {[]context{atTop}, "Can only have unused at top level"},
	"raw":           {[]context{atTop}, "Can only have raw() at top level"},
}

// parse reads one script expression.
func (r *reader) parse(expr string, ctx context) ([]*node, error) {
	name, args, ok := splitFunc(expr)
	if !ok {
		return nil, unknown(expr, ctx)
	}
	if rule, known := onlyAt[name]; known {
		allowed := false
		for _, c := range rule.allowed {
			allowed = allowed || c == ctx
		}
		if !allowed {
			return nil, errorf("%s", rule.message)
		}
	}
	switch name {
	case "pk", "combo":
		return r.parseSingle(name, args, ctx, ctx)
	case "pkh":
		if ctx == inTR {
			return nil, unknown(expr, ctx)
		}
		return r.parseSingle(name, args, ctx, ctx)
	case "wpkh":
		return r.parseSingle(name, args, ctx, inWPKH)
	case "rawtr":
		key, rest := splitExpr(args)
		if rest != "" {
			return nil, errorf("rawtr(): only one key expected.")
		}
		return r.parseSingle(name, key, ctx, inTR)
	case "unused":
		return r.parseUnused(args)
	case "multi", "sortedmulti", "multi_a", "sortedmulti_a":
		return r.parseMulti(name, args, ctx)
	case "sh":
		return r.parseWrapped(name, args, inSH)
	case "wsh":
		return r.parseWrapped(name, args, inWSH)
	case "tr":
		return r.parseTR(args)
	case "addr":
		a, err := script.DecodeAddress(args, r.params)
		if err != nil {
			return nil, errorf("Address is not valid")
		}
		return []*node{{name: name, address: a}}, nil
	case "raw":
		raw, ok := decodeHex(args)
		if !ok {
			return nil, errorf("Raw script is not hex")
		}
		return []*node{{name: name, raw: raw}}, nil
	}
	return nil, unknown(expr, ctx)
}

// unknown is what is said of an expression that is no function of ours.
func unknown(expr string, ctx context) error {
	if isMiniscript(expr) {
		if ctx == inWSH || ctx == inTR {
			return errorf("Miniscript expressions are not supported: '%s'", expr)
		}
		return errorf("Miniscript expressions can only be used in wsh or tr.")
	}
	switch ctx {
	case inSH:
		return errorf("A function is needed within P2SH")
	case inWSH:
		return errorf("A function is needed within P2WSH")
	}
	return errorf("'%s' is not a valid descriptor function", expr)
}

// isMiniscript tells expressions that start with a fragment of miniscript,
// after wrappers such as "v:".
func isMiniscript(expr string) bool {
	if wrappers, rest, ok := strings.Cut(expr, ":"); ok && strings.Trim(wrappers, "asctdvjnlu") == "" {
		expr = rest
	}
	if expr == "0" || expr == "1" {
		return true
	}
	name, _, ok := splitFunc(expr)
	if !ok {
		return false
	}
	switch name {
	case "pk", "pkh", "pk_k", "pk_h", "older", "after", "sha256", "hash256", "ripemd160", "hash160", "andor",
		"and_v", "and_b", "and_n", "or_b", "or_c", "or_d", "or_i", "thresh", "multi", "multi_a":
		return true
	}
	return false
}

// parseSingle reads a function of one key.
func (r *reader) parseSingle(name, args string, ctx, keyCtx context) ([]*node, error) {
	keys, err := r.parseKey(args, keyCtx)
	if err != nil {
		return nil, errorf("%s(): %s", name, err)
	}
	nodes := make([]*node, len(keys))
	for i, k := range keys {
		nodes[i] = &node{name: name, keys: []*key{k}, xonly: ctx == inTR}
	}
	return nodes, nil
}

func (r *reader) parseUnused(args string) ([]*node, error) {
	arg, rest := splitExpr(args)
	if rest != "" {
		return nil, errorf("unused(): only one key expected")
	}
	keys, err := r.parseKey(arg, atTop)
	if err != nil {
		return nil, err
	}
	nodes := make([]*node, len(keys))
	for i, k := range keys {
		if k.ranged() {
			return nil, errorf("unused(): key cannot be ranged")
		}
		nodes[i] = &node{name: "unused", keys: []*key{k}}
	}
	return nodes, nil
}

func (r *reader) parseWrapped(name, args string, inner context) ([]*node, error) {
	expr, rest := splitExpr(args)
	subs, err := r.parse(expr, inner)
	if err != nil {
		return nil, err
	}
	if rest != "" {
		return nil, errorf("")
	}
	nodes := make([]*node, len(subs))
	for i, sub := range subs {
		nodes[i] = &node{name: name, subs: []*node{sub}}
	}
	return nodes, nil
}
