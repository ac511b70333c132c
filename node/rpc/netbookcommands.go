package rpc

// addressCommands are the methods about addresses of other nodes.
func (n *network) addressCommands() []Command {
	nets := networkList(false)
	return []Command{
		{
			Category: "network", Name: "getnodeaddresses", Handler: n.getNodeAddresses,
			Description: "Addresses of other nodes that the node knows, chosen at random among those that are worth trying.",
			Args: []Arg{
				{Names: "count", Type: ArgNum, Default: "1", Description: "how many at most, 0 for all"},
				{Names: "network", Type: ArgStr, Hint: "all networks", Description: "only those of one network: " + nets},
			},
			Results: []Result{{Type: ResArr, Inner: []Result{{Type: ResObj, Inner: []Result{
				timeResult("time", "when the node was last seen"), numResult("services", "services that it offers, as bits"),
				strResult("address", "its address"), numResult("port", "its port"), strResult("network", "its network: "+nets),
			}}}}},
			Examples: examples("getnodeaddresses", "8", "8") + examples("getnodeaddresses", `4 "i2p"`, `4, "i2p"`),
		}, {
			Category: "network", Name: "getaddrmaninfo", Handler: n.getAddrmanInfo,
			Description: "How many addresses of other nodes the node knows, by network and table.",
			Results: []Result{{Type: ResObjDyn, Description: "by network", Inner: []Result{{Type: ResObj, Key: "network", Description: "one of " + nets + ", all_networks", Inner: []Result{
				numResult("new", "addresses that were heard of"), numResult("tried", "addresses that were connected to once"), numResult("total", "both together"),
			}}}}},
			Examples: examples("getaddrmaninfo", "", ""),
		}, {
			Category: "network", Name: "exportasmap", Handler: n.exportASMap,
			Description: "Writes the map of autonomous systems that is in use (-asmap) to a file, over what is there. None comes with the program.",
			Args:        []Arg{{Names: "path", Type: ArgStr, Description: "the file, relative to the network's data directory"}},
			Results: []Result{{Type: ResObj, Inner: []Result{
				strResult("path", "the file as an absolute path"), numResult("bytes_written", "its size"), {Type: ResHex, Key: "file_hash", Description: "SHA-256 of its content"},
			}}},
			Examples: examples("exportasmap", `"asmap.dat"`, `"asmap.dat"`),
		}, {
			Category: "hidden", Name: "addpeeraddress", Handler: n.addPeerAddress,
			Description: "Puts the address of a node among those that are known, as if the node itself had told it. For tests.",
			Args: []Arg{
				{Names: "address", Type: ArgStr, Description: "the address; names are not looked up"},
				{Names: "port", Type: ArgNum, Description: "its port"},
				{Names: "tried", Type: ArgBool, Default: "false", Description: "whether to take it for one that was connected to"},
			},
			Results: []Result{{Type: ResObj, Inner: []Result{
				optional(strResult("error", "why the address was not added, or not to that table")), boolResult("success", "whether it is where it was to be"),
			}}},
			Examples: examples("addpeeraddress", `"1.2.3.4" 8333 true`, `"1.2.3.4", 8333, true`),
		}, {
			Category: "hidden", Name: "getrawaddrman", Handler: n.getRawAddrman,
			Description: "All entries of both tables of addresses, by their places. The form may change.",
			Results: []Result{{Type: ResObjDyn, Inner: []Result{{Type: ResObjDyn, Key: "table", Description: "new or tried", Inner: []Result{
				{Type: ResObj, Key: "bucket/position", Description: "the place", Inner: []Result{
					strResult("address", "the address"), optional(numResult("mapped_as", "its autonomous system, with -asmap")), numResult("port", "its port"),
					numResult("services", "services of the node, as bits"), timeResult("time", "when the node was last seen"), strResult("network", "network of the address"),
					strResult("source", "who told of it"), strResult("source_network", "network of that"), optional(numResult("source_mapped_as", "autonomous system of that, with -asmap")),
				}},
			}}}}},
			Examples: examples("getrawaddrman", "", ""),
		},
	}
}

// banCommands are the methods about bans.
func (n *network) banCommands() []Command {
	return []Command{
		{
			Category: "network", Name: "setban", Handler: n.setBan,
			Description: "Bans an address or a subnet, or ends its ban. Connections that there are with it are ended.",
			Args: []Arg{
				{Names: "subnet", Type: ArgStr, Description: "an address of any network, or a subnet of IPv4 or IPv6 with the length of its prefix or a netmask behind a slash"},
				{Names: "command", Type: ArgStr, Description: "'add' or 'remove'"},
				{Names: "bantime", Type: ArgNum, Default: "0", Description: "seconds that the ban lasts, 0 for those of -bantime (a day, unless set)"},
				{Names: "absolute", Type: ArgBool, Default: "false", Description: "whether bantime is the end of the ban, in seconds since 1970"},
			},
			Results: []Result{{Type: ResNone}},
			Examples: examples("setban", `"192.168.0.6" "add" 86400`, `"192.168.0.6", "add", 86400`) +
				examples("setban", `"192.168.0.0/24" "add"`, `"192.168.0.0/24", "add"`),
		}, {
			Category: "network", Name: "listbanned", Handler: n.listBanned,
			Description: "What is banned.",
			Results: []Result{{Type: ResArr, Inner: []Result{{Type: ResObj, Inner: []Result{
				strResult("address", "the subnet"), timeResult("ban_created", "when it was banned"), timeResult("banned_until", "when that ends"),
				numResult("ban_duration", "seconds between the two"), numResult("time_remaining", "seconds until the end"),
			}}}}},
			Examples: examples("listbanned", "", ""),
		}, {
			Category: "network", Name: "clearbanned", Handler: n.clearBanned,
			Description: "Ends all bans.",
			Results:     []Result{{Type: ResNone}},
			Examples:    examples("clearbanned", "", ""),
		},
	}
}

// testCommands are the methods for tests of the network.
func (n *network) testCommands() []Command {
	return []Command{
		{
			Category: "hidden", Name: "addconnection", Handler: n.addConnection,
			Description: "Connects to a node once, as one of the kinds for which the node chooses the peers itself. For tests, on regtest only.",
			Args: []Arg{
				{Names: "address", Type: ArgStr, Description: "address and port"},
				{Names: "connection_type", Type: ArgStr, Description: `"outbound-full-relay", "block-relay-only", "addr-fetch" or "feeler"`},
				{Names: "v2transport", Type: ArgBool, Description: "whether to begin with the encrypted transport"},
			},
			Results:  []Result{{Type: ResObj, Inner: []Result{strResult("address", "the address"), strResult("connection_type", "the kind")}}},
			Examples: examples("addconnection", `"192.168.0.6:8333" "outbound-full-relay" true`, `"192.168.0.6:8333", "outbound-full-relay", true`),
		}, {
			Category: "hidden", Name: "sendmsgtopeer", Handler: n.sendMsgToPeer,
			Description: "Sends a peer a message with any content. For tests.",
			Args: []Arg{
				{Names: "peer_id", Type: ArgNum, Description: "id of the peer in getpeerinfo"},
				{Names: "msg_type", Type: ArgStr, Description: "kind of message, 12 characters at most"},
				{Names: "msg", Type: ArgHex, Description: "content in hex, without a header"},
			},
			Results:  []Result{{Type: ResObj}},
			Examples: examples("sendmsgtopeer", `0 "addr" "ffffff"`, `0, "addr", "ffffff"`),
		},
	}
}

// privateCommands are the methods about own transactions that are sent privately.
func (n *network) privateCommands() []Command {
	tx := []Result{
		{Type: ResHex, Key: "txid", Description: "id of the transaction"}, {Type: ResHex, Key: "wtxid", Description: "its id with witness"},
		{Type: ResHex, Key: "hex", Description: "the transaction"},
	}
	return []Command{
		{
			Category: "rawtransactions", Name: "getprivatebroadcastinfo", Handler: n.getPrivateBroadcastInfo,
			Description: "The transactions that are being sent privately (-privatebroadcast), and to whom they went.",
			Results: []Result{{Type: ResObj, Inner: []Result{{Type: ResArr, Key: "transactions", Inner: []Result{{Type: ResObj, Inner: append(tx[:len(tx):len(tx)],
				timeResult("time_added", "when it was handed in"),
				Result{Type: ResArr, Key: "peers", Description: "to whom it was sent", Inner: []Result{{Type: ResObj, Inner: []Result{
					strResult("address", "the peer"), timeResult("sent", "when it was chosen for the peer"), optional(timeResult("received", "when the peer said that it has it")),
				}}}},
			)}}}}}},
			Examples: examples("getprivatebroadcastinfo", "", ""),
		}, {
			Category: "rawtransactions", Name: "abortprivatebroadcast", Handler: n.abortPrivateBroadcast,
			Description: "No longer sends a transaction privately (-privatebroadcast). What peers have of it they keep.",
			Args:        []Arg{{Names: "id", Type: ArgHex, Description: "txid or wtxid; where a txid stands for several transactions, all of them are dropped"}},
			Results: []Result{{Type: ResObj, Inner: []Result{{Type: ResArr, Key: "removed_transactions", Description: "what was dropped", Inner: []Result{
				{Type: ResObj, Inner: tx},
			}}}}},
			Examples: examples("abortprivatebroadcast", `"id"`, `"id"`),
		},
	}
}
