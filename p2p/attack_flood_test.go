package p2p_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"grapevine/chain"
	"grapevine/mempool"
	"grapevine/p2p"
	"grapevine/p2p/transport"
	"grapevine/wire"
)

// list is a count and so many items.
func list(count int, item ...byte) []byte {
	b := wire.AppendCompactSize(nil, uint64(count))
	for range count {
		b = append(b, item...)
	}
	return b
}

// invs is an inv or a getdata of as many different items as there may be.
func invs(kind wire.InvType) []byte {
	b := wire.AppendCompactSize(nil, wire.MaxInv)
	for i := range uint64(wire.MaxInv) {
		b = binary.LittleEndian.AppendUint32(b, uint32(kind))
		b = append(binary.LittleEndian.AppendUint64(b, i), make([]byte, 24)...)
	}
	return b
}

// largest returns the largest legal payloads of every kind of message.
func (s *siege) largest() map[string][][]byte {
	payload := func(m wire.Message) []byte { return m.AppendPayload(nil) }
	tip := s.branch.Tip
	next := wire.Header{Version: 4, PrevBlock: tip.Hash(), Time: tip.Time + 600, Bits: tip.Bits}
	for !s.branch.Params.CheckProofOfWork(next.Hash(), next.Bits) {
		next.Nonce++
	}
	// A transaction of empty witness items, of which each takes 24 bytes once decoded.
	items := func(n int) wire.Tx {
		return wire.Tx{Version: 2, In: []wire.TxIn{{Witness: make([][]byte, n)}}, Out: []wire.TxOut{{Value: 1}}}
	}
	tx, huge := items(399_000), items(3_999_000)
	locator := make([]wire.BlockHash, wire.MaxLocator)
	for i := range locator {
		locator[i] = wire.BlockHash{byte(i), 1}
	}
	ids := make([]wire.ShortID, 65_534)
	for i := range ids {
		ids[i] = wire.ShortID(i)
	}
	indexes := make([]uint16, 65_535)
	for i := range indexes {
		indexes[i] = uint16(i)
	}
	known := wire.AppendCompactSize(nil, wire.MaxInv)
	for range wire.MaxInv {
		known = binary.LittleEndian.AppendUint32(known, uint32(wire.InvWitnessBlock))
		hash := s.branch.Blocks[50].Hash()
		known = append(known, hash[:]...)
	}
	hashes := func(count int) []byte { return list(count, make([]byte, 32)...) }
	zeros := func(n int) []byte { return make([]byte, n) }
	raw := next.AppendTo(nil)
	out := map[string][][]byte{
		"version": {payload(&wire.MsgVersion{Version: 70016, UserAgent: string(slices.Repeat([]byte("x"), wire.MaxUserAgent))})},
		"verack":  {nil}, "wtxidrelay": {nil}, "sendaddrv2": {nil}, "getaddr": {nil}, "mempool": {nil}, "sendheaders": {nil}, "filterclear": {nil},
		"sendtxrcncl": {payload(&wire.MsgSendTxRcncl{Version: 1, Salt: 2})},
		"feature":     {payload(&wire.MsgFeature{ID: string(slices.Repeat([]byte("x"), wire.MaxFeatureID)), Data: zeros(wire.MaxFeatureData)})},
		"addr":        {list(wire.MaxAddrs, zeros(30)...)},
		"addrv2":      {list(wire.MaxAddrs, append([]byte{0, 0, 0, 0, 0, 99, 0xfd, 0, 2}, zeros(514)...)...)},
		"inv":         {invs(wire.InvTx), invs(wire.InvWtx), invs(wire.InvBlock)},
		"getdata":     {invs(wire.InvTx), invs(wire.InvBlock), known},
		"notfound":    {invs(wire.InvTx)},
		"tx":          {payload(&wire.MsgTx{Tx: tx.Seal()}), zeros(wire.MaxPayload)},
		"block":       {payload(&wire.MsgBlock{Block: wire.NewBlock(next, []wire.Tx{huge})})},
		"headers":     {payload(&wire.MsgHeaders{Headers: lowHeaders(s.branch.Params, s.branch.Params.Genesis.Header, wire.MaxHeaders)})},
		"getheaders":  {payload(&wire.MsgGetHeaders{Locator: locator})},
		"getblocks":   {payload(&wire.MsgGetBlocks{Locator: locator})},
		"ping":        {payload(&wire.MsgPing{Nonce: 1})},
		"pong":        {payload(&wire.MsgPong{Nonce: 1})},
		"feefilter":   {payload(&wire.MsgFeeFilter{Rate: 1})},
		"sendcmpct":   {payload(&wire.MsgSendCmpct{HighBandwidth: true, Version: 2})},
		"cmpctblock":  {payload(&wire.MsgCmpctBlock{Header: next, ShortIDs: ids, Prefilled: []wire.PrefilledTx{{Tx: items(3_600_000)}}})},
		"getblocktxn": {payload(&wire.MsgGetBlockTxn{Block: s.branch.Blocks[99].Hash(), Indexes: indexes})},
		"blocktxn":    {payload(&wire.MsgBlockTxn{Block: next.Hash(), Txs: []wire.Tx{huge}})},
		"filterload":  {payload(&wire.MsgFilterLoad{Data: zeros(wire.MaxFilterLoad), HashFuncs: wire.MaxFilterHashes})},
		"filteradd":   {payload(&wire.MsgFilterAdd{Data: zeros(wire.MaxFilterAdd)})},
		"merkleblock": {slices.Concat(raw, []byte{0xff, 0xff, 0, 0}, hashes(120_000), list(16_000, 0xff))},
		"getcfilters": {payload(&wire.MsgGetCFilters{Stop: tip.Hash()})}, "getcfheaders": {payload(&wire.MsgGetCFHeaders{Stop: tip.Hash()})},
		"getcfcheckpt": {payload(&wire.MsgGetCFCheckpt{Stop: tip.Hash()})},
		"cfilter":      {slices.Concat(zeros(33), list(3_900_000, 0))},
		"cfheaders":    {slices.Concat(zeros(65), hashes(wire.MaxCFHeaders))},
		"cfcheckpt":    {slices.Concat(zeros(33), hashes(120_000))},
		"later":        {zeros(wire.MaxPayload)},
	}
	return out
}

// flood sends a frame as fast as the node takes it, for a while, and comes back
// whenever it is thrown out. It returns how often it has sent the frame, and how often
// it was let in.
func (s *siege) flood(ctx context.Context, while time.Duration, frame []byte) (sent, in int) {
	for end := time.Now().Add(while); ctx.Err() == nil && time.Now().Before(end); {
		a, err := s.join(nil)
		if err != nil {
			continue // its place is not free yet, or it is discouraged
		}
		in++
		_ = a.SetWriteDeadline(end) // pipes take any
		for err == nil {
			if _, err = a.Write(frame); err == nil {
				sent++
			}
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.watched(ctx)
		}
		_ = a.Close() // it may be closed already
		<-a.ended
	}
	return sent, in
}

// (d) The largest legal message of each kind, as fast as it is taken.
func TestAttackLargestMessages(t *testing.T) {
	s := besiege(t, func(*p2p.Config) {})
	kinds := s.largest()
	for _, command := range wire.Commands() {
		if len(kinds[command]) == 0 {
			t.Errorf("no largest %s", command)
		}
	}
	for _, command := range append(wire.Commands(), "later") {
		for _, payload := range kinds[command] {
			if _, err := wire.DecodeMessage(command, slices.Clone(payload)); err != nil && len(payload) < wire.MaxPayload {
				t.Errorf("%s of %d bytes is not legal: %v", command, len(payload), err)
			}
			s.worst = usage{}
			frame := transport.AppendV1Raw(nil, s.branch.Params.Magic, command, payload)
			var sent, in int
			s.during(command, func(ctx context.Context) {
				sent, in = s.flood(ctx, time.Duration(scaled(60))*time.Millisecond, frame)
			})
			cost := wire.Footprint(command, payload) + len(frame) + 17<<10
			t.Logf("%s of %d bytes: sent %d times over %d connections", command, len(payload), sent, in)
			s.worst.within(t, command, cost)
			waitFor(t, "the attacker is gone", func() bool { return len(s.node.Peers()) == 1 })
		}
	}
}

// pooled is an owner with a real pool.
type pooled struct {
	p2p.Owners
	pool *mempool.Pool
}

func (o pooled) SubmitTxs(ctx context.Context, txs []*wire.Tx) []p2p.TxVerdict {
	out := make([]p2p.TxVerdict, len(txs))
	for i, v := range o.pool.SubmitAll(ctx, txs, mempool.SubmitOptions{}) {
		out[i].Err = v.Err
		var refused *mempool.Error
		if errors.As(v.Err, &refused) {
			out[i].Missing = refused.Missing
		}
	}
	return out
}

// (e) A hundred thousand orphans.
func TestAttackOrphans(t *testing.T) {
	orphans := scaled(100_000)
	var pool *mempool.Pool
	var judged atomic.Int64
	s := besiege(t, func(cfg *p2p.Config) {
		c := cfg.Owners.(owners).Chain
		pool = startPool(t, c)
		cfg.Owners = counted{pooled{cfg.Owners, pool}, &judged}
		cfg.Core.Pool = pool
	})
	s.during("orphans", func(context.Context) {
		a, err := s.join(nil)
		if err != nil {
			t.Error(err)
			return
		}
		var buf []byte
		for i := range orphans {
			buf = transport.AppendV1(buf, a.magic, &wire.MsgTx{Tx: orphan(i)})
			if len(buf) < 32<<10 && i+1 < orphans {
				continue
			}
			if _, err := a.Write(buf); err != nil {
				t.Errorf("after %d orphans: %v", i, err)
				return
			}
			buf = buf[:0]
		}
		for int(judged.Load()) < orphans {
			select {
			case <-time.After(time.Millisecond):
			case <-a.ended:
				t.Errorf("thrown out after %d orphans", judged.Load())
				return
			}
		}
	})
	s.worst.within(t, "orphans", 0)
	if s.worst.Orphans < orphans {
		t.Errorf("%d bytes of orphans: were there any?", s.worst.Orphans)
	}
	if n := len(pool.Entries()); n != 0 {
		t.Errorf("the pool took %d", n)
	}
}

// counted counts what was judged.
type counted struct {
	pooled
	judged *atomic.Int64
}

func (o counted) SubmitTxs(ctx context.Context, txs []*wire.Tx) []p2p.TxVerdict {
	out := o.pooled.SubmitTxs(ctx, txs)
	o.judged.Add(int64(len(txs)))
	return out
}

// startPool runs a pool on a chain until the test ends.
func startPool(t *testing.T, c *chain.Chain) *mempool.Pool {
	t.Helper()
	cfg := mempool.DefaultConfig()
	cfg.Chain, cfg.Workers = c, 1
	pool, err := mempool.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- pool.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("pool ended with %v", err)
		}
	})
	return pool
}

// orphan spends what nobody knows.
func orphan(n int) *wire.Tx {
	parent := wire.Txid{0xee}
	binary.LittleEndian.PutUint64(parent[8:], uint64(n))
	return (&wire.Tx{
		Version: 2, In: []wire.TxIn{{PrevOut: wire.OutPoint{Txid: parent}, Sequence: 1<<32 - 1, Witness: [][]byte{make([]byte, 70), make([]byte, 33)}}},
		Out: []wire.TxOut{{Value: 10_000, PkScript: append([]byte{0, 20}, make([]byte, 20)...)}},
	}).Seal()
}

// (f) Every message, with every byte in turn made a length field at its maximum, and
// so every length field that it has; of frames too.
func TestAttackLengthFields(t *testing.T) {
	s := besiege(t, func(*p2p.Config) {})
	maxima := [][]byte{
		{0xfd, 0xff, 0xff}, {0xfe, 0x00, 0x00, 0x00, 0x02}, {0xfe, 0xff, 0xff, 0xff, 0xff}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	}
	magic := s.branch.Params.Magic
	var frames, first [][]byte // first are for the beginning of a connection
	for _, m := range s.samples() {
		payload := m.AppendPayload(nil)
		for at := range max(len(payload), 1) {
			for _, length := range maxima {
				damaged := slices.Concat(payload[:min(at, len(payload))], length, payload[min(at+1, len(payload)):])
				frame := transport.AppendV1Raw(nil, magic, m.Command(), damaged)
				if frames = append(frames, frame); m.Command() == "version" {
					first = append(first, frame)
				}
			}
		}
		// The frame itself: it announces what never comes, or more than there may be.
		for _, size := range []uint32{wire.MaxPayload, wire.MaxPayload + 1, 1<<32 - 1} {
			frame := transport.AppendV1Raw(nil, magic, m.Command(), payload)
			binary.LittleEndian.PutUint32(frame[16:], size)
			first = append(first, frame)
		}
	}
	if testing.Short() { // each tenth, of another kind every time
		first, frames = tenth(first), tenth(frames)
	}
	s.during("length fields", func(ctx context.Context) {
		for _, frame := range first {
			a, err := s.enter(nil)
			if err != nil {
				continue // its place is not free yet
			}
			_, _ = a.Write(frame) // what becomes of it is not known here
			_ = a.say(&wire.MsgVersion{Version: 70016, Nonce: 8})
			select {
			case <-a.ready:
			case <-a.ended:
			case <-time.After(2 * time.Millisecond): // it waits for the rest
			}
			_ = a.Close() // it may be closed already
			<-a.ended
		}
		in := s.eachAnswered(ctx, frames)
		t.Logf("%d damaged messages over %d connections, %d at the beginning of one", len(frames), in, len(first))
	})
	s.worst.within(t, "length fields", 0)
	if most := 100_000; s.worst.Reading > most {
		t.Errorf("%d bytes were held for frames of which a hundred had come", s.worst.Reading)
	}
}

func tenth(frames [][]byte) (some [][]byte) {
	for i := 0; i < len(frames); i += 10 {
		some = append(some, frames[i])
	}
	return some
}

// eachAnswered sends frames one by one, and waits until each was dealt with or has
// ended the connection. It returns how many connections that took.
func (s *siege) eachAnswered(ctx context.Context, frames [][]byte) (connections int) {
	for len(frames) > 0 && ctx.Err() == nil {
		pongs := make(chan uint64, 1)
		a, err := s.join(func(f transport.Frame) {
			if f.Command == "pong" && len(f.Payload) == 8 {
				pongs <- binary.LittleEndian.Uint64(f.Payload)
			}
		})
		if err != nil {
			continue // its place is not free yet
		}
		connections++
		for open := true; open && len(frames) > 0; {
			nonce := uint64(len(frames)) << 32 // nothing that is damaged has it
			_, err := a.Write(transport.AppendV1(slices.Clone(frames[0]), a.magic, &wire.MsgPing{Nonce: nonce}))
			frames, open = frames[1:], err == nil
			for answered := false; open && !answered; {
				select {
				case got := <-pongs:
					answered = got == nonce
				case <-a.ended:
					open = false
				}
			}
		}
		_ = a.Close() // it may be closed already
		go func() {
			for range pongs { // let the reader go
			}
		}()
		<-a.ended
		close(pongs)
	}
	return connections
}

// samples returns a small message of every kind, with one or two entries in each list.
func (s *siege) samples() []wire.Message {
	tx := orphan(1)
	block := s.branch.Blocks[3]
	items := []wire.Inv{wire.InvOfBlock(wire.BlockHash{1}), wire.InvOfTx(wire.ByTxid(wire.Txid{2}))}
	locator := []wire.BlockHash{{1}, {2}}
	list := []wire.Message{
		&wire.MsgVersion{Version: 70016, UserAgent: "/x:1/"}, &wire.MsgVerack{}, &wire.MsgWtxidRelay{}, &wire.MsgSendAddrV2{}, &wire.MsgGetAddr{},
		&wire.MsgMempool{}, &wire.MsgSendHeaders{}, &wire.MsgSendTxRcncl{Version: 1}, &wire.MsgFeature{ID: "abcd", Data: []byte{1}},
		&wire.MsgAddr{Addrs: make([]wire.TimedAddr, 2)}, &wire.MsgAddrV2{Addrs: make([]wire.TimedAddr, 2)},
		&wire.MsgInv{Items: items}, &wire.MsgGetData{Items: items}, &wire.MsgNotFound{Items: items},
		&wire.MsgTx{Tx: tx}, &wire.MsgBlock{Block: block}, &wire.MsgHeaders{Headers: []wire.Header{block.Header}},
		&wire.MsgGetHeaders{Locator: locator}, &wire.MsgGetBlocks{Locator: locator}, &wire.MsgPing{Nonce: 3}, &wire.MsgPong{Nonce: 4},
		&wire.MsgFeeFilter{Rate: 1000}, &wire.MsgSendCmpct{Version: 2},
		&wire.MsgCmpctBlock{Header: block.Header, ShortIDs: []wire.ShortID{1, 2}, Prefilled: []wire.PrefilledTx{{Tx: *tx}}},
		&wire.MsgGetBlockTxn{Block: block.Hash(), Indexes: []uint16{0, 1}}, &wire.MsgBlockTxn{Block: block.Hash(), Txs: []wire.Tx{*tx}},
		&wire.MsgFilterLoad{Data: []byte{1, 2}, HashFuncs: 5}, &wire.MsgFilterAdd{Data: []byte{1}}, &wire.MsgFilterClear{},
		&wire.MsgMerkleBlock{Header: block.Header, TxCount: 2, Hashes: []wire.MerkleRoot{{1}}, Flags: []byte{1}},
		&wire.MsgGetCFilters{}, &wire.MsgGetCFHeaders{}, &wire.MsgGetCFCheckpt{}, &wire.MsgCFilter{Data: []byte{2}},
		&wire.MsgCFHeaders{Hashes: []wire.FilterHash{{3}}}, &wire.MsgCFCheckpt{Headers: []wire.FilterHeader{{3}}},
	}
	there := map[string]bool{}
	for _, m := range list {
		there[m.Command()] = true
	}
	for _, command := range wire.Commands() {
		if !there[command] {
			s.t.Errorf("no sample of %s", command)
		}
	}
	return list
}

// (g) Connections that are opened and dropped, in every state.
func TestAttackConnectionsComeAndGo(t *testing.T) {
	const attackers = 6
	each := scaled(400)
	s := besiege(t, func(cfg *p2p.Config) {
		pool := startPool(t, cfg.Owners.(owners).Chain)
		cfg.Owners, cfg.Core.Pool = pooled{cfg.Owners, pool}, pool
	})
	var done atomic.Int64
	s.during("connections", func(context.Context) {
		var all sync.WaitGroup
		for n := range attackers {
			all.Go(func() {
				for i := range each {
					done.Add(1)
					if (i+n)%4 < 2 {
						a, err := s.enter(nil)
						if err != nil {
							continue
						}
						if (i+n)%4 == 1 { // in the midst of its introduction
							_, _ = a.Write(transport.AppendV1(nil, a.magic, &wire.MsgVersion{Version: 70016})[:60]) // it may be turned away already
						}
						_ = a.Close() // it may be closed already
						<-a.ended
						continue
					}
					a, err := s.join(nil)
					if err != nil {
						continue // turned away
					}
					if (i+n)%4 == 3 { // with something to remember
						_ = a.say(&wire.MsgInv{Items: []wire.Inv{wire.InvOfTx(wire.ByTxid(wire.Txid{byte(i), byte(n)}))}})
						_ = a.say(&wire.MsgTx{Tx: orphan(n*each + i)}) // it may be turned away, as above
					}
					_ = a.Close() // it may be closed already
					<-a.ended
				}
			})
		}
		all.Wait()
	})
	s.worst.within(t, "connections", 0)
	if n := done.Load(); n != int64(each*attackers) {
		t.Errorf("%d connections", n)
	}
	if s.peers > 10+16 {
		t.Errorf("%d connections at a time", s.peers)
	}
	waitFor(t, "all have gone", func() bool { return len(s.node.Peers()) == 1 })
	waitFor(t, "nothing is left of them", func() bool { return s.node.Left() == [4]int{1, 1, 0, 0} })
	s.serve()
}
