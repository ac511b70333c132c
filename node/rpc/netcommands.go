package rpc

import (
	"strings"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

const exampleNode = "192.168.0.6:8333"

func networkList(unroutable bool) string {
	var names []string
	for _, n := range networks {
		names = append(names, n.String())
	}
	if unroutable {
		names = append(names, wire.NetNone.String())
	}
	return strings.Join(names, ", ")
}

// serviceResults documents what [services] writes.
func serviceResults(key, whose string) []Result {
	return []Result{
		{Type: ResHex, Key: key, Description: "services that " + whose + " offers, as bits"},
		{Type: ResArr, Key: key + "names", Description: "the same by name", Inner: []Result{{Type: ResStr, Description: "a service, UNKNOWN[2^n] for one without a name"}}},
	}
}

func numResult(key, what string) Result { return Result{Type: ResNum, Key: key, Description: what} }
func timeResult(key, what string) Result {
	return Result{Type: ResTime, Key: key, Description: what + ", in seconds since 1970, 0 for never"}
}
func boolResult(key, what string) Result { return Result{Type: ResBool, Key: key, Description: what} }
func strResult(key, what string) Result  { return Result{Type: ResStr, Key: key, Description: what} }

func optional(r Result) Result {
	r.Optional = true
	return r
}

// peerResults documents what [writePeer] writes.
func peerResults() []Result {
	kinds := []string{}
	for _, k := range []peer.Kind{peer.FullRelay, peer.BlockRelay, peer.Inbound, peer.Manual, peer.AddrFetch, peer.Feeler, peer.PrivateBroadcast} {
		kinds = append(kinds, k.String())
	}
	list := []Result{
		numResult("id", "number of the connection in this run"),
		strResult("addr", "address of the peer, or its name as it was given"),
		optional(strResult("addrbind", "our end of the connection")),
		optional(strResult("addrlocal", "our address as the peer sees it")),
		strResult("network", "network of the peer: "+networkList(true)),
		optional(numResult("mapped_as", "autonomous system of the peer, with -asmap")),
	}
	list = append(list, serviceResults("services", "the peer")...)
	list = append(list,
		boolResult("relaytxes", "whether the peer wants transactions"),
		numResult("last_inv_sequence", "sequence number of the pool as of the last announcement of transactions"),
		numResult("inv_to_send", "transactions that wait to be announced"),
		timeResult("lastsend", "when something was last sent"),
		timeResult("lastrecv", "when something last came"),
		timeResult("last_transaction", "when a transaction last came that the pool took"),
		timeResult("last_block", "when a block last came that was new"),
		numResult("bytessent", "bytes sent"),
		numResult("bytesrecv", "bytes received"),
		timeResult("conntime", "when the connection was made"),
		numResult("timeoffset", "seconds that the peer's clock is ahead"),
		optional(numResult("pingtime", "time of the last ping in seconds")),
		optional(numResult("minping", "shortest time of a ping in seconds")),
		optional(numResult("pingwait", "seconds that a ping has been under way")),
		numResult("version", "version of the protocol that the peer speaks"),
		strResult("subver", "what the peer calls itself"),
		boolResult("inbound", "whether the peer connected to us"),
		boolResult("bip152_hb_to", "whether the peer is to send compact blocks unasked"),
		boolResult("bip152_hb_from", "whether the peer wants compact blocks unasked"),
		numResult("presynced_headers", "height of headers with little work that are being weighed, -1 for none"),
		numResult("synced_headers", "height of the last header that both have, -1 when unknown"),
		numResult("synced_blocks", "height of the last block that both have, -1 when unknown"),
		Result{Type: ResArr, Key: "inflight", Description: "blocks asked of the peer", Inner: []Result{{Type: ResNum, Description: "height of a block"}}},
		boolResult("addr_relay_enabled", "whether addresses are exchanged with the peer"),
		numResult("addr_processed", "addresses taken from it"),
		numResult("addr_rate_limited", "addresses from it that were too many"),
		Result{Type: ResArr, Key: "permissions", Description: "what the peer is allowed besides", Inner: []Result{{Type: ResStr, Description: "a permission"}}},
		Result{Type: ResAmount, Key: "minfeefilter", Description: "lowest fee rate that the peer wants transactions of, in BTC/kvB"},
		Result{Type: ResObjDyn, Key: "bytessent_per_msg", Description: "bytes sent by kind of message", Inner: []Result{numResult("msg", "bytes; kinds with none are left out")}},
		Result{Type: ResObjDyn, Key: "bytesrecv_per_msg", Description: "bytes received by kind of message", Inner: []Result{numResult("msg", "bytes; those of unknown kinds are under *other*")}},
		strResult("connection_type", "why there is the connection: "+strings.Join(kinds, ", ")),
		strResult("transport_protocol_type", "how it is spoken: v1, in the clear, v2, encrypted, or detecting which"),
		strResult("session_id", "id of an encrypted session, empty for v1"),
	)
	return list
}

func networkInfoResults() []Result {
	list := []Result{
		numResult("version", "version of the node as a number"),
		strResult("subversion", "what the node calls itself"),
		numResult("protocolversion", "version of the protocol that it speaks"),
	}
	list = append(list, serviceResults("localservices", "the node")...)
	return append(list,
		boolResult("localrelay", "whether transactions are taken from peers"),
		numResult("timeoffset", "seconds that the clocks of outbound peers are ahead, in the median of five and more"),
		boolResult("networkactive", "whether there is any traffic with peers"),
		numResult("connections", "connections"),
		numResult("connections_in", "those that peers made"),
		numResult("connections_out", "those that the node made"),
		Result{Type: ResArr, Key: "networks", Description: "the networks", Inner: []Result{{Type: ResObj, Inner: []Result{
			strResult("name", "one of "+networkList(false)),
			boolResult("limited", "whether no connections are made over it"),
			boolResult("reachable", "whether connections are made over it"),
			strResult("proxy", "proxy for it, empty for none"),
			boolResult("proxy_randomize_credentials", "whether each connection has credentials of its own at the proxy"),
		}}}},
		Result{Type: ResAmount, Key: "relayfee", Description: "lowest fee rate to relay, in BTC/kvB"},
		Result{Type: ResAmount, Key: "incrementalfee", Description: "fee rate that a replacement must add, in BTC/kvB"},
		Result{Type: ResArr, Key: "localaddresses", Description: "own addresses that peers are told of", Inner: []Result{{Type: ResObj, Inner: []Result{
			strResult("address", "an address"), numResult("port", "its port"), numResult("score", "how often peers confirmed it"),
		}}}},
		Result{Type: ResArr, Key: "warnings", Description: "what is wrong with chain, network or node", Inner: []Result{{Type: ResStr, Description: "a warning"}}},
	)
}

// peerCommands are the methods that tell.
func (n *network) peerCommands() []Command {
	return []Command{
		{
			Category: "network", Name: "getconnectioncount", Handler: n.getConnectionCount,
			Description: "How many connections there are with other nodes.",
			Results:     []Result{{Type: ResNum, Description: "connections in both directions"}},
			Examples:    examples("getconnectioncount", "", ""),
		}, {
			Category: "network", Name: "getpeerinfo", Handler: n.getPeerInfo,
			Description: "Everything about each connection.",
			Results:     []Result{{Type: ResArr, Inner: []Result{{Type: ResObj, Inner: peerResults()}}}},
			Examples:    examples("getpeerinfo", "", ""),
		}, {
			Category: "network", Name: "getnettotals", Handler: n.getNetTotals,
			Description: "How much was sent and received since the start, and what the time is.",
			Results: []Result{{Type: ResObj, Inner: []Result{
				numResult("totalbytesrecv", "bytes received"),
				numResult("totalbytessent", "bytes sent"),
				{Type: ResTime, Key: "timemillis", Description: "the system's time in milliseconds since 1970"},
				{Type: ResObj, Key: "uploadtarget", Description: "limit of what is sent", Inner: []Result{
					numResult("timeframe", "seconds that it is for"),
					numResult("target", "bytes in that time, 0 for no limit"),
					boolResult("target_reached", "whether it is reached"),
					boolResult("serve_historical_blocks", "whether old blocks are still sent"),
					numResult("bytes_left_in_cycle", "bytes left in the present cycle"),
					numResult("time_left_in_cycle", "seconds left in it"),
				}},
			}}},
			Examples: examples("getnettotals", "", ""),
		}, {
			Category: "network", Name: "getnetworkinfo", Handler: n.getNetworkInfo,
			Description: "The state of the node towards the network.",
			Results:     []Result{{Type: ResObj, Inner: networkInfoResults()}},
			Examples:    examples("getnetworkinfo", "", ""),
		}, {
			Category: "network", Name: "ping", Handler: n.ping,
			Description: "Sends every peer a ping. getpeerinfo shows how long the answers took, in pingtime and pingwait.\n" +
				"A ping waits its turn behind what else there is to do for a peer, so it measures that as well.",
			Results:  []Result{{Type: ResNone}},
			Examples: examples("ping", "", ""),
		},
	}
}

// nodeCommands are the methods that change something.
func (n *network) nodeCommands() []Command {
	return []Command{
		{
			Category: "network", Name: "addnode", Handler: n.addNode,
			Description: "Keeps a connection to a node, ends that wish, or connects to it once.\n" +
				"Such connections are made besides those that -maxconnections counts, and are not ended for what the peer lacks.",
			Args: []Arg{
				{Names: "node", Type: ArgStr, Description: "address or name of the node, with :port where it is not the usual one"},
				{Names: "command", Type: ArgStr, Description: "'add' to stay connected from now on, 'remove' to no longer try, 'onetry' to connect once"},
				{Names: "v2transport", Type: ArgBool, Hint: "set by -v2transport", Description: "whether to speak the encrypted transport"},
			},
			Results:  []Result{{Type: ResNone}},
			Examples: examples("addnode", `"`+exampleNode+`" "onetry"`, `"`+exampleNode+`", "onetry"`),
		}, {
			Category: "network", Name: "disconnectnode", Handler: n.disconnectNode,
			Description: "Ends a connection, which is named either by its address or by its number. With a number, the address is left out or empty.",
			Args: []Arg{
				{Names: "address", Type: ArgStr, Hint: "fallback to nodeid", Description: "addr of the peer in getpeerinfo"},
				{Names: "nodeid", Type: ArgNum, Hint: "fallback to address", Description: "id of the peer in getpeerinfo"},
			},
			Results:  []Result{{Type: ResNone}},
			Examples: examples("disconnectnode", `"`+exampleNode+`"`, `"`+exampleNode+`"`) + examples("disconnectnode", `"" 1`, `"", 1`),
		}, {
			Category: "network", Name: "getaddednodeinfo", Handler: n.getAddedNodeInfo,
			Description: "The nodes of addnode and -addnode, and whether they are connected. Those of 'onetry' are not among them.",
			Args: []Arg{
				{Names: "node", Type: ArgStr, Hint: "all nodes", Description: "only this one, as it was added"},
			},
			Results: []Result{{Type: ResArr, Inner: []Result{{Type: ResObj, Inner: []Result{
				strResult("addednode", "the node as it was added"),
				boolResult("connected", "whether it is connected"),
				{Type: ResArr, Key: "addresses", Description: "empty while it is not", Inner: []Result{{Type: ResObj, Inner: []Result{
					strResult("address", "address that it is connected at"),
					strResult("connected", "direction: inbound or outbound"),
				}}}},
			}}}}},
			Examples: examples("getaddednodeinfo", `"`+exampleNode+`"`, `"`+exampleNode+`"`),
		}, {
			Category: "network", Name: "setnetworkactive", Handler: n.setNetworkActive,
			Description: "Switches all traffic with peers on or off. Off ends all connections.",
			Args:        []Arg{{Names: "state", Type: ArgBool, Description: "true for on, false for off"}},
			Results:     []Result{{Type: ResBool, Description: "how it is now"}},
			Examples:    examples("setnetworkactive", "false", "false"),
		},
	}
}
