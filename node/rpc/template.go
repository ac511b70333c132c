package rpc

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/node/mining"
	"grapevine/wire"
)

// templates answers getblocktemplate (BIP 22, 23, 9, 145). Work is kept and
// handed out again while nothing changes: making it has the chain judge a block.
type templates struct {
	*ledger
	versionBits *headers.VersionBits

	mu sync.Mutex // also held while new work is made, so that one caller makes it for all
	// The work handed out last, when it was made, and the count of changes then.
	work    *mining.Work
	made    time.Time
	changes uint64
}

func newTemplates(l *ledger) *templates { return &templates{ledger: l, versionBits: l.Versions} }

const (
	// workKept is how long work stays good although the pool has changed.
	workKept = 5 * time.Second
	// A long poll ends with a change of the pool after the first wait at the
	// earliest; then it looks again after every further one.
	longPollFirst, longPollAgain = time.Minute, 10 * time.Second
)

var errInvalidMode = &Error{Code: CodeInvalidParameter, Message: "Invalid mode"}

func (t *templates) getBlockTemplate(ctx context.Context, r *Request, w *Writer) error {
	request := r.Arg(0)
	mode := request.Member("mode")
	switch {
	case mode.Text() == "proposal" && mode.Kind() == String:
		return t.propose(ctx, request, w)
	case !mode.IsNull() && mode.Kind() != String:
		return errInvalidMode
	}
	var rules []string
	if list := request.Member("rules"); list.Kind() == Array {
		for i := range list.Len() {
			rule, err := list.At(i).Str()
			if err != nil {
				return err
			}
			rules = append(rules, rule)
		}
	}
	if mode.Kind() == String && mode.Text() != "template" {
		return errInvalidMode
	}
	if err := t.ready(); err != nil {
		return err
	}
	if id := request.Member("longpollid"); !id.IsNull() {
		if err := t.longPoll(ctx, id); err != nil {
			return err
		}
	}
	if t.params.IsSignet() && !slices.Contains(rules, "signet") {
		return Errorf(CodeInvalidParameter, `getblocktemplate must be called with the signet rule set (call with {"rules": ["segwit", "signet"]})`)
	}
	if !slices.Contains(rules, "segwit") {
		return Errorf(CodeInvalidParameter, `getblocktemplate must be called with the segwit rule set (call with {"rules": ["segwit"]})`)
	}
	work, changes, err := t.current(ctx)
	if err != nil {
		return err
	}
	return t.write(w, work, changes, rules)
}

// ready refuses to make miners work on a chain that is behind the others'.
func (t *templates) ready() error {
	if t.params.IsTest() {
		return nil
	}
	if t.Peers != nil && t.Peers() == 0 {
		return Errorf(CodeClientNotConnected, "Grapevine is not connected!")
	}
	if t.Blocks.Status().InitialBlockDownload {
		return Errorf(CodeInInitialDownload, "Grapevine is in initial sync and waiting for blocks...")
	}
	return nil
}

// propose judges a block without proof of work (BIP 23).
func (t *templates) propose(ctx context.Context, request Value, w *Writer) error {
	data := request.Member("data")
	if data.Kind() != String {
		return Errorf(CodeType, "Missing data String key for proposal")
	}
	b, ok := decodeBlockHex(data.Text())
	if !ok {
		return Errorf(CodeDeserialization, "Block decode failed")
	}
	if n := t.Blocks.Tree().Lookup(b.Hash()); n != nil {
		switch status := n.Status(); {
		case status.Has(headers.StatusFailed) || status.Has(headers.StatusFailedChild):
			w.String("duplicate-invalid")
		case status.Has(headers.StatusValidScripts):
			w.String("duplicate")
		default:
			w.String("duplicate-inconclusive")
		}
		return nil
	}
	var broken *consensus.Error
	switch err := t.Miner.Check(ctx, b); {
	case errors.As(err, &broken):
		w.String(string(broken.Kind))
	case err != nil:
		return Errorf(CodeVerify, "%s", err)
	default:
		w.Null()
	}
	return nil
}

// countChanges counts what makes work out of date besides the tip: blocks, what
// entered and left the pool, and fees that the operator changed.
func (t *templates) countChanges() uint64 {
	n := uint64(t.Blocks.Active().Height())
	if t.Pool != nil {
		i := t.Pool.Info()
		n += i.NextSeq - 1 + i.Prioritised
	}
	return n
}

// current returns work on the tip, new or as handed out before, and the count
// of changes when it was made.
func (t *templates) current(ctx context.Context) (*mining.Work, uint64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	changes, now := t.countChanges(), t.Miner.Now()
	tip := t.Blocks.Active().Tip()
	if t.work == nil || t.work.Prev != tip || changes != t.changes && now.Sub(t.made) > workKept {
		work, err := t.Miner.Work(ctx)
		if err != nil {
			return nil, 0, err
		}
		t.work, t.made, t.changes = work, now, changes
	}
	return t.work, t.changes, nil
}

// longPoll waits until the work of that identifier is out of date (BIP 22): the
// hash of a tip and a count of changes.
func (t *templates) longPoll(ctx context.Context, id Value) error {
	watched, changes := t.Blocks.Active().Tip().Hash(), t.lastChanges()
	if id.Kind() == String {
		text := id.Text()
		at := min(len(text), 64)
		var err error
		if watched, err = ParseBlockHash(StringValue(text[:at]), "longpollid"); err != nil {
			return err
		}
		changes, _ = strconv.ParseUint(text[at:], 10, 64) // what is no number was never handed out
	}
	for wait := longPollFirst; ; wait = longPollAgain {
		tip := t.waitTip(ctx, wait, func(tip *headers.Node) bool { return tip.Hash() != watched })
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case tip.Hash() != watched || t.countChanges() != changes:
			return nil
		}
	}
}

func (t *templates) lastChanges() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changes
}

// write writes the template. Time, and on networks where it depends on that the
// difficulty, are as of now.
func (t *templates) write(w *Writer, work *mining.Work, changes uint64, rules []string) error {
	now := t.Miner.TemplateOn(work.Prev)
	deployments := t.deployments(work.Prev, rules)
	if deployments.refuse != "" {
		return Errorf(CodeInvalidParameter, "Support for '%s' rule requires explicit client support", deployments.refuse)
	}
	scale := int64(wire.WitnessScaleFactor) // limits before witnesses counted in whole bytes
	if work.Segwit {
		scale = 1
	}
	w.Obj()
	w.Key("capabilities").Arr().String("proposal").EndArr()
	w.Key("version").Int(int64(deployments.version(now.Version)))
	w.Key("rules").Arr()
	for _, rule := range t.rulesOf(work, deployments.active) {
		w.String(rule)
	}
	w.EndArr()
	w.Key("vbavailable").Obj()
	for _, d := range deployments.available {
		w.Key(d.name).Int(int64(d.bit))
	}
	w.EndObj()
	w.Key("vbrequired").Int(0)
	w.Key("previousblockhash").Hash(work.Prev.Hash())
	w.Key("transactions")
	writeTemplateTxs(w, work, scale)
	w.Key("coinbaseaux").Obj().EndObj()
	w.Key("coinbasevalue").Int(int64(work.Reward()))
	w.Key("longpollid").String(work.Prev.Hash().String() + strconv.FormatUint(changes, 10))
	w.Key("target").target(now.Bits)
	w.Key("mintime").Uint(uint64(now.MinTime))
	w.Key("mutable").Arr().String("time").String("transactions").String("prevblock").EndArr()
	w.Key("noncerange").String("00000000ffffffff")
	w.Key("sigoplimit").Int(consensus.MaxBlockSigOpsCost / scale)
	w.Key("sizelimit").Int(int64(wire.MaxBlockWeight) / scale)
	if work.Segwit {
		w.Key("weightlimit").Int(int64(wire.MaxBlockWeight))
	}
	w.Key("curtime").Uint(uint64(now.Time))
	w.Key("bits").bitsHex(now.Bits)
	w.Key("height").Int(int64(work.Height))
	t.signetChallenge(w)
	w.Key("default_witness_commitment").Hex(work.Commitment)
	w.EndObj()
	return nil
}

// rulesOf lists the rules that a block of the work is held to. A '!' marks those
// that change what a miner builds.
func (t *templates) rulesOf(work *mining.Work, active []string) []string {
	rules := []string{"csv"}
	if work.Segwit {
		rules = append(rules, "!segwit", "taproot")
	}
	if t.params.IsSignet() {
		rules = append(rules, "!signet")
	}
	return append(rules, active...)
}

func writeTemplateTxs(w *Writer, work *mining.Work, scale int64) {
	places := make(map[wire.Txid]int)
	w.Arr()
	for i := range work.Txs {
		t := &work.Txs[i]
		places[t.Tx.Txid()] = i + 1 // the coinbase is 0
		w.Obj()
		w.Key("data").Hex(t.Tx.AppendTo(nil))
		w.Key("txid").Hash(t.Tx.Txid())
		w.Key("hash").Hash(t.Tx.Wtxid())
		w.Key("depends").Arr()
		for _, in := range t.Tx.In {
			if at, ok := places[in.PrevOut.Txid]; ok {
				w.Int(int64(at))
			}
		}
		w.EndArr()
		w.Key("fee").Int(int64(t.Fee))
		w.Key("sigops").Int(t.SigOpCost / scale)
		w.Key("weight").Int(int64(t.Tx.Weight()))
		w.EndObj()
	}
	w.EndArr()
}

// signalled is a rule change that miners may signal.
type signalled struct {
	name string
	bit  uint8
}

// deploymentState is what a template says of rule changes by version bits.
type deploymentState struct {
	available []signalled
	active    []string
	set, drop int32  // bits of the version to set, and those to clear
	refuse    string // an active rule that the miner does not know
}

// version applies the bits to a version.
func (d *deploymentState) version(v int32) int32 { return (v | d.set) &^ d.drop }

// deployments sorts the rule changes by their state for the block after prev.
// known are the rules that the miner understands.
func (t *templates) deployments(prev *headers.Node, known []string) (d deploymentState) {
	var lockedIn []signalled
	for i, dep := range t.params.Deployments {
		name, mask := dep.Name, int32(1)<<dep.Bit
		if !dep.OptionalRule {
			name = "!" + name
		}
		unknown := !dep.OptionalRule && !slices.Contains(known, dep.Name)
		switch t.versionBits.State(prev, i) {
		case headers.StateStarted:
			d.available = append(d.available, signalled{name, dep.Bit})
		case headers.StateLockedIn:
			lockedIn = append(lockedIn, signalled{name, dep.Bit})
			d.set |= mask
		case headers.StateActive:
			d.active = append(d.active, name)
			if unknown && d.refuse == "" {
				d.refuse = dep.Name
			}
			continue
		default:
			continue
		}
		if unknown {
			d.drop |= mask
		}
	}
	byName := func(a, b signalled) int {
		return strings.Compare(strings.TrimPrefix(a.name, "!"), strings.TrimPrefix(b.name, "!"))
	}
	slices.SortFunc(d.available, byName)
	slices.SortFunc(lockedIn, byName)
	d.available = append(d.available, lockedIn...)
	return d
}
