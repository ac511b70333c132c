package config

// connectionOptions are about peers and what they may have of us.
func connectionOptions() []Option {
	return append(group(groupConnection, []Option{
		{Name: "addnode", Hint: "=<ip>", Flags: NetworkOnly, Help: "Keep a connection to this node, beyond -maxconnections; may be given several times"},
		{Name: "bind", Hint: "=<addr>[:<port>]", Flags: NetworkOnly, Help: "Listen for peers here; may be given several times (default: every address of the machine)"},
		{Name: "connect", Hint: "=<ip>", Flags: NetworkOnly, Help: "Connect only to this node; 0 or -noconnect for none; may be given several times"},
		{Name: "dns", Help: "Look up names of nodes (default: 1)"},
		{Name: "listen", Help: "Accept connections of peers (default: 1, without -connect and -maxconnections=0)"},
		{Name: "maxconnections", Hint: "=<n>", Help: "Peers at most, those of -addnode aside (default: 125)"},
		{Name: "maxreceivebuffer", Hint: "=<n>", Help: "Receive buffer a peer, in kB (default: 5000)"},
		{Name: "maxsendbuffer", Hint: "=<n>", Help: "Send buffer a peer, in kB (default: 1000)"},
		{Name: "networkactive", Help: "Talk to peers at all; the call setnetworkactive changes it (default: 1)"},
		{Name: "peertimeout", Hint: "=<n>", Flags: Debug, Help: "Seconds that a new peer has for its first messages (default: 60)"},
		{Name: "port", Hint: "=<port>", Flags: NetworkOnly, Help: "Listen for peers on this port (default: 8333, testnet3: 18333, testnet4: 48333, signet: 38333, regtest: 18444)"},
		{Name: "timeout", Hint: "=<n>", Help: "Milliseconds that connecting may take (default: 5000)"},
	}), unsupportedConnectionOptions()...)
}

// unsupportedConnectionOptions are refused where a user who sets them would be seen, or reached, in a way that they rule out.
func unsupportedConnectionOptions() []Option {
	refused := group(groupConnection, []Option{
		{Name: "onion", Hint: "=<ip:port|path>", Off: true, Help: "Proxy for onion addresses"},
		{Name: "onlynet", Hint: "=<net>", Help: "Connect only over this network: ipv4, ipv6, onion, i2p, cjdns; may be given several times"},
		{Name: "proxy", Hint: "=<ip>[:<port>]", Flags: NoElision, Off: true, Help: "Connect through a SOCKS5 proxy"},
		{Name: "whitebind", Hint: "=<[permissions@]addr>", Help: "Listen here and give peers permissions; may be given several times"},
	})
	refused = append(refused, group(groupRelay, []Option{
		{Name: "privatebroadcast", Off: true, Help: "Send own transactions over short-lived private connections"},
	})...)
	ignored := group(groupConnection, []Option{
		{Name: "asmap", Hint: "=<file>", Off: true, Help: "Map of addresses to networks, for spreading peers"},
		{Name: "bantime", Hint: "=<n>", Help: "Seconds that a ban lasts"},
		{Name: "cjdnsreachable", Off: true, Help: "This machine reaches CJDNS addresses"},
		{Name: "discover", Off: true, Help: "Find out own addresses"},
		{Name: "dnsseed", Off: true, Help: "Ask DNS for peers when few are known"},
		{Name: "externalip", Hint: "=<ip>", Help: "Own public address; may be given several times"},
		{Name: "fixedseeds", Off: true, Help: "Fall back to built-in addresses of peers"},
		{Name: "forcednsseed", Off: true, Help: "Always ask DNS for peers"},
		{Name: "i2pacceptincoming", Off: true, Help: "Accept peers over I2P"},
		{Name: "i2psam", Hint: "=<ip:port>", Help: "I2P proxy"},
		{Name: "listenonion", Off: true, Help: "Make a Tor onion service"},
		{Name: "maxuploadtarget", Hint: "=<n>", Off: true, Help: "Bytes to send in a day"},
		{Name: "natpmp", Off: true, Help: "Ask the router to forward the port"},
		{Name: "peerblockfilters", Off: true, Help: "Serve compact filters"},
		{Name: "peerbloomfilters", Off: true, Help: "Serve bloom filters"},
		{Name: "proxyrandomize", Help: "New proxy credentials for each connection"},
		{Name: "seednode", Hint: "=<ip>", Help: "Ask this node for addresses of peers; may be given several times"},
		{Name: "torcontrol", Hint: "=<ip>:<port>", Help: "Tor's control port"},
		{Name: "torpassword", Hint: "=<pass>", Flags: Sensitive, Help: "Password of Tor's control port"},
		{Name: "txreconciliation", Flags: Debug, Off: true, Help: "Reconcile transactions with peers"},
		{Name: "v2transport", Off: true, Help: "Encrypted transport"},
		{Name: "whitelist", Hint: "=<[permissions@]ip>", Help: "Give peers from here permissions; may be given several times"},
	})
	return append(support(Refused, refused), support(NoEffect, append(ignored, publishingOptions()...))...)
}

// publishingOptions are about ZeroMQ.
func publishingOptions() []Option {
	return group(groupZMQ, []Option{
		{Name: "zmqpubhashblock", Hint: "=<address>", Help: "Publish hashes of blocks"}, {Name: "zmqpubhashblockhwm", Hint: "=<n>", Help: "Messages of that kind to queue"},
		{Name: "zmqpubhashtx", Hint: "=<address>", Help: "Publish ids of transactions"}, {Name: "zmqpubhashtxhwm", Hint: "=<n>", Help: "Messages of that kind to queue"},
		{Name: "zmqpubrawblock", Hint: "=<address>", Help: "Publish blocks"}, {Name: "zmqpubrawblockhwm", Hint: "=<n>", Help: "Messages of that kind to queue"},
		{Name: "zmqpubrawtx", Hint: "=<address>", Help: "Publish transactions"}, {Name: "zmqpubrawtxhwm", Hint: "=<n>", Help: "Messages of that kind to queue"},
		{Name: "zmqpubsequence", Hint: "=<address>", Help: "Publish hashes of blocks and transactions in sequence"}, {Name: "zmqpubsequencehwm", Hint: "=<n>", Help: "Messages of that kind to queue"},
	})
}

// poolOptions are about relaying transactions and making blocks.
func poolOptions() []Option {
	return append(append(group(groupRelay, []Option{
		{Name: "acceptnonstdtxn", Flags: Debug, Help: "Relay transactions that are not standard (not on mainnet; default: 0)"},
		{Name: "datacarrier", Help: "Relay transactions that carry data (default: 1)"},
		{Name: "datacarriersize", Hint: "=<n>", Help: "Bytes of data that a transaction may carry (default: 100000)"},
		{Name: "dustrelayfee", Hint: "=<amt>", Flags: Debug, Help: "Fee rate that defines dust, in BTC/kvB (default: 0.00003)"},
		{Name: "incrementalrelayfee", Hint: "=<amt>", Flags: Debug, Help: "Fee rate that a replacement must add, in BTC/kvB (default: 0.000001)"},
		{Name: "minrelaytxfee", Hint: "=<amt>", Help: "Lowest fee rate to relay, in BTC/kvB (default: 0.000001)"},
		{Name: "permitbaremultisig", Help: "Relay bare multisig outputs (default: 1)"},
	}), support(NoEffect, group(groupRelay, []Option{
		{Name: "bytespersigop", Hint: "=<n>", Help: "Virtual bytes that a signature operation counts as"},
		{Name: "whitelistforcerelay", Off: true, Help: "Give peers of -whitelist the permission forcerelay"},
		{Name: "whitelistrelay", Help: "Give peers of -whitelist the permission relay"},
	}))...), group(groupMining, []Option{
		{Name: "blockmaxweight", Hint: "=<n>", Flags: Debug, Help: "Weight of a block template (default: 4000000)"},
		{Name: "blockmintxfee", Hint: "=<amt>", Help: "Lowest fee rate in a block template, in BTC/kvB (default: 0.00000001)"},
		{Name: "blockreservedweight", Hint: "=<n>", Help: "Weight kept free in a block template, for header and coinbase (default: 8000)"},
		{Name: "blockversion", Hint: "=<n>", Flags: Debug, Help: "Version of blocks made (regtest)"},
	})...)
}

// walletOptions are known, so that shared files go on working; there is no wallet in the node.
func walletOptions() []Option {
	names := []string{"addresstype", "avoidpartialspends", "changetype", "consolidatefeerate", "discardfee", "fallbackfee", "keypool", "maxapsfee", "maxtxfee", "mintxfee",
		"signer", "spendzeroconfchange", "txconfirmtarget", "unsafesqlitesync", "wallet", "walletbroadcast", "walletcrosschain", "walletdir", "walletnotify", "walletrbf",
		"walletrejectlongchains"}
	opts := []Option{{Name: "disablewallet"}}
	for _, n := range names {
		opts = append(opts, Option{Name: n, Support: NoEffect, Off: true})
	}
	return group(groupWallet, opts)
}

// clientOptions are those of the command line client.
func clientOptions() []Option {
	return append(group(groupOptions, []Option{
		{Name: "help", Help: "Print this help and exit (also -h or -?)"}, {Name: "h"}, {Name: "?"},
		{Name: "version", Help: "Print the version and exit"},
		{Name: "color", Hint: "=<when>", Flags: NoNegation, Help: "Colours in the output: always, auto (on a terminal) or never (default: auto)"},
		{Name: "conf", Hint: "=<file>", Help: "Configuration file, relative to the data directory (default: bitcoin.conf)"},
		{Name: "datadir", Hint: "=<dir>", Flags: NoNegation, Help: "The node's data directory"},
		{Name: "named", Help: "Pass arguments as name=value; those without a name come first, in order (default: 0)"},
		{Name: "rpcclienttimeout", Hint: "=<n>", Help: "Seconds that an answer may take (0: any; default: 900)"},
		{Name: "rpcconnect", Hint: "=<ip>", Help: "Where the node is (default: 127.0.0.1)"},
		{Name: "rpccookiefile", Hint: "=<file>", Help: "The cookie file, relative to the network's data directory (default: .cookie)"},
		{Name: "rpcid", Hint: "=<id>", Flags: NoNegation | NoElision, Help: "Id that the request carries"},
		{Name: "rpcpassword", Hint: "=<pw>", Flags: Sensitive, Help: "Password for calls"},
		{Name: "rpcport", Hint: "=<port>", Flags: NetworkOnly, Help: "The node's port (default: 8332, testnet3: 18332, testnet4: 48332, signet: 38332, regtest: 18443)"},
		{Name: "rpcuser", Hint: "=<user>", Flags: Sensitive, Help: "User name for calls"},
		{Name: "rpcwait", Help: "Wait for the node to be up"},
		{Name: "rpcwaittimeout", Hint: "=<n>", Flags: NoNegation, Help: "Seconds that -rpcwait waits (0: for ever; default: 0)"},
		{Name: "rpcwallet", Hint: "=<name>", Help: "Call a wallet of the node; Grapevine's node has none"},
		{Name: "stdin", Help: "Read further arguments from standard input, one a line until its end; on a terminal, passwords are not shown"},
		{Name: "stdinrpcpass", Help: "Read the password for calls from standard input"},
		{Name: "stdinwalletpassphrase", Help: "Read a wallet's pass phrase from standard input"},
	}), group(groupCommands, []Option{
		{Name: "addrinfo", Help: "Count the addresses of peers that the node knows, by network"},
		{Name: "generate", Help: "Make blocks; takes a number of them (default: 1) and of attempts. The address comes from a wallet, or follows with -named: address=<address>"},
		{Name: "getinfo", Help: "Show the node's state at a glance"},
		{Name: "netinfo", Help: "Show the node's connections"},
	})...)
}
