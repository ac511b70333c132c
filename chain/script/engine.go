package script

import (
	"crypto/sha256"
	"hash"
	"sync"

	//lint:ignore SA1019 OP_RIPEMD160 and OP_HASH160 are defined by it
	"golang.org/x/crypto/ripemd160"

	"grapevine/chain/sigverify"
	"grapevine/wire"
)

// sigVersion tells the three languages of script apart.
type sigVersion uint8

const (
	versionLegacy sigVersion = iota
	versionWitnessV0
	versionTapscript
)

// noError is what the steps of the interpreter return when all is well.
const noError ErrorKind = ""

// engine runs the scripts of one input. It lives in a pool: everything that
// takes memory is kept from input to input.
//
// Items on the stacks are slices that nobody ever writes to: they point into
// the scripts and the witness, into a table of single bytes, or into the
// arena. So copying an item is copying a slice header.
type engine struct {
	inputContext

	stack, alt [][]byte
	saved      [][]byte // the stack before the output's script, for P2SH
	used       int      // most items that stack had in this input
	altUsed    int      // the same of alt

	frame
	tap tapContext

	arena  arena
	hashes sigHashes

	ripemd hash.Hash
	digest hash.Hash
	sum    [32]byte // results of digest; on the heap, since Sum's argument escapes
	p2pkh  [25]byte // the script that a P2WPKH program stands for
}

// inputContext is what the caller asked.
type inputContext struct {
	tx       *wire.Tx
	in       int
	flags    Flags
	m        *Midstates
	verifier sigverify.Verifier
	batch    *sigverify.Batch // nil: every check is made at once
	deferred bool             // a check went to the batch
}

// frame is the state of the script that runs.
type frame struct {
	script    []byte
	pos       int // behind the current instruction
	codeStart int // behind the last executed OP_CODESEPARATOR
	opCount   int
	cond      conditions
	version   sigVersion
	// final: nothing runs after this script, so an item false on top at its end
	// makes the input invalid.
	final bool
}

// tapContext is the state of a tapscript spend.
type tapContext struct {
	annex         [32]byte
	hasAnnex      bool
	leaf          [32]byte
	codeSeparator uint32
	weightLeft    int64
}

var engines = sync.Pool{New: func() any {
	return &engine{ripemd: ripemd160.New(), digest: sha256.New()}
}}

// release wipes all references into blocks before the engine goes back to the
// pool, so that an idle pool pins nothing.
func (e *engine) release() {
	const keepItems = 4 * MaxStackSize
	if cap(e.stack) > keepItems {
		e.stack = nil
	}
	clear(e.stack[:min(e.used, cap(e.stack))])
	clear(e.alt[:e.altUsed])
	clear(e.saved)
	e.stack, e.alt, e.saved, e.used, e.altUsed = e.stack[:0], e.alt[:0], e.saved[:0], 0, 0
	e.inputContext, e.frame = inputContext{}, frame{}
	e.arena.reset()
	e.hashes.reset()
	engines.Put(e)
}

// conditions is the stack of nested IFs. Only two things about it can be seen
// from a script: whether it is empty, and whether any level is false. So its
// depth and the place of the lowest false are enough, and an ENDIF costs the
// same at any depth.
type conditions struct {
	depth   int
	falseAt int // 1-based depth of the lowest false level; 0 when all are true
}

func (c *conditions) allTrue() bool { return c.falseAt == 0 }

func (c *conditions) push(v bool) {
	c.depth++
	if !v && c.falseAt == 0 {
		c.falseAt = c.depth
	}
}

func (c *conditions) pop() {
	if c.falseAt == c.depth {
		c.falseAt = 0
	}
	c.depth--
}

func (c *conditions) toggle() {
	switch c.falseAt {
	case 0:
		c.falseAt = c.depth
	case c.depth:
		c.falseAt = 0
	}
}

// run executes one script on the stack as it is.
func (e *engine) run(script []byte, version sigVersion, final bool) ErrorKind {
	e.frame = frame{script: script, version: version, final: final}
	e.tap.codeSeparator = NoCodeSeparator
	e.alt = e.alt[:0]
	limited := version != versionTapscript
	if limited && len(script) > MaxScriptSize {
		return ErrScriptSize
	}
	minimal := e.flags&VerifyMinimalData != 0
	for index := uint32(0); e.pos < len(script); index++ {
		op, data, next, ok := readOp(script, e.pos)
		if !ok {
			return ErrBadOpcode
		}
		e.pos = next
		if err := e.admit(op, data, limited); err != noError {
			return err
		}
		running := e.cond.allTrue()
		switch {
		case op <= OpPushData4:
			if running {
				if minimal && !isMinimalPush(op, data) {
					return ErrMinimalData
				}
				e.push(data)
			}
		case running || op >= OpIf && op <= OpEndIf:
			if op == OpCodeSeparator {
				e.codeStart, e.tap.codeSeparator = e.pos, index
			} else if err := handlers[op](e, op); err != noError {
				return err
			}
		}
		if len(e.stack)+len(e.alt) > MaxStackSize {
			return ErrStackSize
		}
	}
	if e.cond.depth != 0 {
		return ErrConditional
	}
	return noError
}

// admit makes the checks that hold for every instruction, executed or not.
func (e *engine) admit(op Opcode, data []byte, limited bool) ErrorKind {
	if len(data) > MaxElementSize {
		return ErrPushSize
	}
	if op <= Op16 {
		return noError
	}
	if limited {
		if e.opCount++; e.opCount > MaxOpsPerScript {
			return ErrOpCount
		}
	}
	if op.isDisabled() {
		return ErrDisabled
	}
	if op == OpCodeSeparator && e.version == versionLegacy && e.flags&VerifyConstScriptCode != 0 {
		return ErrCodeSeparator
	}
	return noError
}

func (e *engine) push(item []byte) {
	e.stack = append(e.stack, item)
	if len(e.stack) > e.used {
		e.used = len(e.stack)
	}
}

// top returns the n-th item from the top, the top being 1. The caller has
// checked that there are that many.
func (e *engine) top(n int) []byte { return e.stack[len(e.stack)-n] }

func (e *engine) drop(n int) { e.stack = e.stack[:len(e.stack)-n] }

func (e *engine) pushBool(v bool) {
	if v {
		e.push(singleBytes[1:2:2])
	} else {
		e.push(nil)
	}
}

// singleBytes holds every byte once, so that items of one byte need no memory.
var singleBytes = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
	}
	return t
}()

func (e *engine) pushNum(n int64) {
	if n >= -127 && n <= 127 {
		b := byte(n)
		if n < 0 {
			b = 0x80 | byte(-n)
		}
		if n == 0 {
			e.push(nil)
		} else {
			e.push(singleBytes[b : int(b)+1 : int(b)+1])
		}
		return
	}
	var buf [9]byte
	e.push(e.arenaCopy(AppendNum(buf[:0], n)))
}

// finish judges the stack at the end of the last script.
func (e *engine) finish() ErrorKind {
	if len(e.stack) == 0 || !isTrue(e.top(1)) {
		return ErrEvalFalse
	}
	return noError
}
