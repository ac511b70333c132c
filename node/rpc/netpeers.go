package rpc

import (
	"context"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"time"

	"grapevine/p2p"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// ClientVersion is the version number that clients compare: that of the
// reference client whose behaviour is followed, 31.0.0.
const ClientVersion = 310000

// serviceNames are the bits that have a name.
var serviceNames = map[wire.ServiceFlags]string{
	wire.NodeNetwork: "NETWORK", wire.NodeBloom: "BLOOM", wire.NodeWitness: "WITNESS", wire.NodeCompactFilters: "COMPACT_FILTERS",
	wire.NodeNetworkLimited: "NETWORK_LIMITED", wire.NodeP2PV2: "P2P_V2",
}

// services writes service bits in both forms.
func services(w *Writer, key string, f wire.ServiceFlags) {
	w.Key(key).String(fmt.Sprintf("%016x", uint64(f)))
	w.Key(key + "names").Arr()
	for rest := uint64(f); rest != 0; rest &= rest - 1 {
		bit := bits.TrailingZeros64(rest)
		name := serviceNames[1<<bit]
		if name == "" {
			name = "UNKNOWN[2^" + strconv.Itoa(bit) + "]"
		}
		w.String(name)
	}
	w.EndArr()
}

// unix is a time in whole seconds, 0 for never.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func seconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e6 }

func (n *network) getPeerInfo(_ context.Context, _ *Request, w *Writer) error {
	peers := n.Network.Peers()
	slices.SortFunc(peers, func(a, b p2p.PeerInfo) int { return int(a.ID - b.ID) })
	w.Arr()
	for i := range peers {
		writePeer(w, &peers[i])
	}
	w.EndArr()
	return nil
}

// writePeer writes one connection.
func writePeer(w *Writer, p *p2p.PeerInfo) {
	w.Obj()
	w.Key("id").Int(int64(p.ID))
	w.Key("addr").String(p.Name)
	if p.Local.IsValid() {
		w.Key("addrbind").String(hostPort(p.Local))
	}
	if p.SeenAs != "" {
		w.Key("addrlocal").String(p.SeenAs)
	}
	w.Key("network").String(p.Network.String())
	if p.MappedAS != 0 {
		w.Key("mapped_as").Uint(uint64(p.MappedAS))
	}
	services(w, "services", p.Services)
	w.Key("relaytxes").Bool(p.RelaysTx)
	w.Key("last_inv_sequence").Uint(p.LastInvSeq)
	w.Key("inv_to_send").Int(int64(p.InvToSend))
	w.Key("lastsend").Int(unix(p.LastSend))
	w.Key("lastrecv").Int(unix(p.LastReceive))
	w.Key("last_transaction").Int(unix(p.LastTx))
	w.Key("last_block").Int(unix(p.LastBlock))
	w.Key("bytessent").Uint(p.BytesSent)
	w.Key("bytesrecv").Uint(p.BytesReceived)
	w.Key("conntime").Int(unix(p.Connected))
	w.Key("timeoffset").Int(int64(p.TimeOffset / time.Second))
	for _, d := range []struct {
		key   string
		value time.Duration
	}{{"pingtime", p.Ping}, {"minping", p.MinPing}, {"pingwait", p.PingWait}} {
		if d.value > 0 {
			w.Key(d.key).Float(seconds(d.value))
		}
	}
	w.Key("version").Int(int64(p.Version))
	w.Key("subver").String(p.UserAgent)
	w.Key("inbound").Bool(p.Kind == peer.Inbound)
	w.Key("bip152_hb_to").Bool(p.HighBandwidthTo)
	w.Key("bip152_hb_from").Bool(p.HighBandwidthFrom)
	w.Key("presynced_headers").Int(int64(p.Presynced))
	w.Key("synced_headers").Int(int64(p.SyncedHeaders))
	w.Key("synced_blocks").Int(int64(p.SyncedBlocks))
	w.Key("inflight").Arr()
	for _, h := range p.InFlight {
		w.Int(int64(h))
	}
	w.EndArr()
	w.Key("addr_relay_enabled").Bool(p.AddrRelay)
	w.Key("addr_processed").Uint(p.AddrProcessed)
	w.Key("addr_rate_limited").Uint(p.AddrLimited)
	w.Key("permissions").Arr()
	for _, name := range p.Permissions.Names() {
		w.String(name)
	}
	w.EndArr()
	w.Key("minfeefilter").Amount(wire.Amount(p.FeeFilter))
	byMessage(w, "bytessent_per_msg", p.SentByType)
	byMessage(w, "bytesrecv_per_msg", p.ReceivedByType)
	w.Key("connection_type").String(p.Kind.String())
	w.Key("transport_protocol_type").String(p.Transport)
	w.Key("session_id").String(p.SessionID)
	w.EndObj()
}

// byMessage writes bytes by command, in order of the commands.
func byMessage(w *Writer, key string, counts map[string]uint64) {
	w.Key(key).Obj()
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if counts[name] > 0 {
			w.Key(name).Uint(counts[name])
		}
	}
	w.EndObj()
}

func (n *network) getNetTotals(_ context.Context, _ *Request, w *Writer) error {
	t := n.Network.Totals()
	w.Obj()
	w.Key("totalbytesrecv").Uint(t.BytesReceived)
	w.Key("totalbytessent").Uint(t.BytesSent)
	w.Key("timemillis").Int(n.System().UnixMilli())
	up := n.Network.Upload()
	w.Key("uploadtarget").Obj()
	w.Key("timeframe").Int(int64(up.Cycle / time.Second))
	w.Key("target").Int(up.Target)
	w.Key("target_reached").Bool(up.Reached)
	w.Key("serve_historical_blocks").Bool(up.ServesHistory)
	w.Key("bytes_left_in_cycle").Int(up.BytesLeft)
	w.Key("time_left_in_cycle").Int(int64(up.CycleRemaining / time.Second))
	w.EndObj().EndObj()
	return nil
}

func (n *network) getNetworkInfo(_ context.Context, _ *Request, w *Writer) error {
	peers := n.Network.Peers()
	in := 0
	for i := range peers {
		if peers[i].Kind == peer.Inbound {
			in++
		}
	}
	offset, _ := n.Network.ClockOffset()
	w.Obj()
	w.Key("version").Int(ClientVersion)
	w.Key("subversion").String(n.Network.UserAgent())
	w.Key("protocolversion").Int(int64(wire.ProtocolVersion))
	services(w, "localservices", n.Network.LocalServices())
	w.Key("localrelay").Bool(!n.BlocksOnly)
	w.Key("timeoffset").Int(int64(offset / time.Second))
	w.Key("networkactive").Bool(n.Network.Active())
	w.Key("connections").Int(int64(len(peers)))
	w.Key("connections_in").Int(int64(in))
	w.Key("connections_out").Int(int64(len(peers) - in))
	w.Key("networks").Arr()
	for _, r := range n.routes() {
		w.Obj()
		w.Key("name").String(r.Network.String())
		w.Key("limited").Bool(!r.Reachable)
		w.Key("reachable").Bool(r.Reachable)
		w.Key("proxy").String(r.Proxy)
		w.Key("proxy_randomize_credentials").Bool(r.Randomize)
		w.EndObj()
	}
	w.EndArr()
	w.Key("relayfee").Amount(wire.Amount(n.MinRelay))
	w.Key("incrementalfee").Amount(wire.Amount(n.Incremental))
	w.Key("localaddresses").Arr()
	if n.Own != nil {
		for _, a := range n.Own() {
			w.Obj()
			w.Key("address").String(a.Addr.Addr.String())
			w.Key("port").Uint(uint64(a.Addr.Port))
			w.Key("score").Int(int64(a.Score))
			w.EndObj()
		}
	}
	w.EndArr()
	st := n.Blocks.Status()
	writeWarnings(w, st.Warnings, n.Warnings)
	w.EndObj()
	return nil
}

// routes lists how the networks are reached.
func (n *network) routes() []Route {
	if n.Routes != nil {
		return n.Routes()
	}
	var out []Route
	for _, net := range networks {
		out = append(out, Route{Network: net, Reachable: net == wire.NetIPv4 || net == wire.NetIPv6})
	}
	return out
}
