package script

import (
	"bytes"
	"sync"
	"testing"

	"grapevine/wire"
)

// A tapscript may compute far more than the arena holds. Every item that is
// alive must keep its value when the arena moves.
func TestArenaKeepsItems(t *testing.T) {
	e := engines.Get().(*engine)
	defer e.release()
	var all [3][][32]byte
	stacks := []*[][]byte{&e.stack, &e.alt, &e.saved}
	next := byte(0)
	for round := range 20 * MaxStackSize {
		which := round % 3
		var item [32]byte
		for i := range item {
			next = next*5 + 7
			item[i] = next
		}
		// A hundred items on each stack stay for good, others come and go.
		computed := e.arenaCopy(item[:])
		if n := len(all[which]); n < 300 {
			*stacks[which] = append(*stacks[which], computed)
			all[which] = append(all[which], item)
		} else {
			at := 100 + round*7919%200
			(*stacks[which])[at], all[which][at] = computed, item
		}
		if round%997 != 0 {
			continue
		}
		for w, s := range stacks {
			for i := range *s {
				if !bytes.Equal((*s)[i], all[w][i][:]) {
					t.Fatalf("round %d: item %d of stack %d changed", round, i, w)
				}
			}
		}
	}
	if n := cap(e.arena.halves[0]) + cap(e.arena.halves[1]); n > 3*arenaHalf {
		t.Errorf("the arena takes %d bytes", n)
	}
	e.stack, e.alt, e.saved = nil, nil, nil
}

// An engine that lies in the pool must not keep a block alive.
func TestReleaseForgets(t *testing.T) {
	e := &engine{ripemd: engines.New().(*engine).ripemd, digest: engines.New().(*engine).digest}
	tx, spent := spending(mustScript(t, "1 2 3 0x02aabb"), mustScript(t, "TOALTSTACK TOALTSTACK HASH160 DUP DUP SIZE"), nil, 0)
	e.inputContext = inputContext{tx: tx, flags: VerifyP2SH, m: NewMidstates(tx, spent), verifier: yes{}}
	e.verify(tx.In[0].ScriptSig, spent[0].PkScript, nil)
	e.saved = append(e.saved, []byte{1})
	stack, alt, saved := e.stack, e.alt, e.saved
	e.release()
	for _, s := range [][][]byte{stack[:cap(stack)], alt[:cap(alt)], saved[:cap(saved)]} {
		for i, item := range s {
			if item != nil {
				t.Errorf("item %d is still there", i)
			}
		}
	}
	if e.tx != nil || e.script != nil || e.batch != nil || e.m != nil {
		t.Error("the input is still there")
	}
}

// conditions against the plain stack of booleans that it stands for.
func FuzzConditions(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 1, 2, 3})
	f.Fuzz(func(t *testing.T, steps []byte) {
		var c conditions
		var model []bool
		for _, s := range steps {
			switch {
			case s%4 < 2:
				c.push(s%4 == 1)
				model = append(model, s%4 == 1)
			case len(model) == 0:
			case s%4 == 2:
				c.toggle()
				model[len(model)-1] = !model[len(model)-1]
			default:
				c.pop()
				model = model[:len(model)-1]
			}
			all := true
			for _, v := range model {
				all = all && v
			}
			if c.depth != len(model) || c.allTrue() != all {
				t.Fatalf("%+v, want %v", c, model)
			}
		}
	})
}

// The worst a block can ask of one input, as a guard against a cost that grows
// with the square of something.
func BenchmarkWorst(b *testing.B) {
	deep := bytes.Repeat([]byte{byte(Op1), byte(OpIf)}, 100_000)
	deep = append(append(deep, byte(Op1)), bytes.Repeat([]byte{byte(OpElse)}, 100_000)...)
	deep = append(deep, bytes.Repeat([]byte{byte(OpEndIf)}, 100_000)...)
	hashes := append([]byte{byte(Op1)}, bytes.Repeat([]byte{byte(OpSHA256)}, 400_000)...)
	rolls := bytes.Repeat([]byte{byte(Op1)}, 990)
	for range 100_000 {
		rolls = append(rolls, 2, 0xd0, 0x03, byte(OpRoll)) // 976
	}
	for name, s := range map[string][]byte{"nested IFs": deep, "hashes": hashes, "rolls": rolls} {
		b.Run(name, func(b *testing.B) {
			tx := &wire.Tx{In: make([]wire.TxIn, 1)}
			e := engines.Get().(*engine)
			defer e.release()
			e.inputContext = inputContext{tx: tx}
			for b.Loop() {
				e.stack = e.stack[:0]
				e.arena.reset()
				if err := e.run(s, versionTapscript, true); err != noError {
					b.Fatal(err)
				}
			}
		})
	}
}

// Goroutines share a transaction, its midstates and the pool of engines.
func TestVerifyConcurrently(t *testing.T) {
	var wg sync.WaitGroup
	for _, tp := range templates() {
		tx, spent := tp.with(2 * prefixLeast)
		m := NewMidstates(tx, spent)
		want := LegacySigHash(tx, 150, []byte{0xac}, SigHashAll)
		for worker := range 4 {
			wg.Go(func() {
				for in := worker; in < len(tx.In); in += 4 {
					if err := Verify(tx, in, StandardFlags, m, yes{}); err != nil {
						t.Errorf("%s: input %d: %v", tp.name, in, err)
					}
				}
				if m.hasLegacy && cachedWith(tx, m, 150, []byte{0xac}) != want {
					t.Errorf("%s: another hash", tp.name)
				}
			})
		}
	}
	wg.Wait()
}

func cachedWith(tx *wire.Tx, m *Midstates, in int, code []byte) [32]byte {
	e := engines.Get().(*engine)
	defer e.release()
	e.inputContext = inputContext{tx: tx, in: in, m: m}
	return *e.ecdsaHash(code, SigHashAll)
}
