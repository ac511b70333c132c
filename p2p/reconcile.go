package p2p

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// BIP 330: both sides may agree to reconcile sets of transactions instead of announcing
// each. Nothing is reconciled yet: as in Bitcoin Core, both only get to know that they
// could, and under which salt.

// reconcileVersion is the version of the protocol that we speak.
const reconcileVersion = 1

// reconciliation is what a peer agreed on.
type reconciliation struct {
	offered bool
	salt    uint64 // ours
	agreed  bool
	starts  bool   // we ask for sketches, as who connected does
	k0, k1  uint64 // keys of short ids
}

// offerReconciling sends sendtxrcncl where both sides exchange transactions.
func (c *Core) offerReconciling(p *peerState) {
	if !c.cfg.Reconcile || p.hello.common < wtxidVersion || !p.relaysTx() || p.kind == peer.AddrFetch || c.cfg.BlocksOnly {
		return
	}
	p.recon.offered, p.recon.salt = true, c.cfg.Rand.Uint64()
	c.send(p, &wire.MsgSendTxRcncl{Version: reconcileVersion, Salt: p.recon.salt})
}

// reconciles takes the offer of a peer.
func (c *Core) reconciles(p *peerState, m *wire.MsgSendTxRcncl) {
	switch {
	case !c.cfg.Reconcile:
	case p.hello.done:
		c.drop(p, "sendtxrcncl received after verack")
	case !c.takesTx(p):
		c.drop(p, "sendtxrcncl received although we take no transactions")
	case !p.relaysTx():
		c.drop(p, "sendtxrcncl received of a peer that takes no transactions")
	case !p.recon.offered:
		c.log.Debug("unexpected sendtxrcncl", "peer", p.id)
	case p.recon.agreed:
		c.drop(p, "sendtxrcncl received twice")
	case m.Version < 1:
		c.drop(p, fmt.Sprintf("sendtxrcncl with version %d", m.Version))
	default:
		p.recon.agreed, p.recon.starts = true, p.kind != peer.Inbound
		p.recon.k0, p.recon.k1 = reconcileKeys(p.recon.salt, m.Salt)
	}
}

// settleReconciling forgets at the end of the handshake what did not come to an agreement:
// BIP 330 names transactions by wtxid, which the peer has to know, too.
func (p *peerState) settleReconciling() {
	if !p.recon.agreed || !p.hello.wtxid {
		p.recon = reconciliation{}
	}
}

// reconcileKeys derives the keys of short ids from both salts, the lower one first.
func reconcileKeys(a, b uint64) (k0, k1 uint64) {
	tag := sha256.Sum256([]byte("Tx Relay Salting"))
	buf := make([]byte, 0, 80)
	buf = append(append(buf, tag[:]...), tag[:]...)
	buf = binary.LittleEndian.AppendUint64(buf, min(a, b))
	buf = binary.LittleEndian.AppendUint64(buf, max(a, b))
	h := sha256.Sum256(buf)
	return binary.LittleEndian.Uint64(h[:8]), binary.LittleEndian.Uint64(h[8:16])
}
