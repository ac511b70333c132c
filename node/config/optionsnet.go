package config

import "slices"

// connectionOptions are about peers and what they may have of us.
func connectionOptions() []Option {
	return append(group(groupConnection, []Option{
		{Name: "addnode", Hint: "=<ip>", Flags: NetworkOnly, Help: "Keep a connection to this node, beyond -maxconnections; may be given several times"},
		{Name: "bind", Hint: "=<addr>[:<port>][=onion]", Flags: NetworkOnly, Help: "Listen for peers here, for those that come through an onion service with =onion; may be given several times (default: every address of the machine, and 127.0.0.1 with the port behind -port for onion)"},
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
	}), slices.Concat(findingOptions(), privacyOptions(), servingOptions(), support(NoEffect, publishingOptions()))...)
}

// findingOptions are about finding peers, and about being found.
func findingOptions() []Option {
	return group(groupConnection, []Option{
		{Name: "asmap", Hint: "=<file>", Help: "Map of addresses to autonomous systems, for spreading peers; relative to the network's data directory"},
		{Name: "discover", Help: "Find out own addresses (default: 1 when listening, without -externalip and -proxy)"},
		{Name: "dnsseed", Help: "Ask DNS for peers when few are known (default: 1, without -connect and -maxconnections=0)"},
		{Name: "dnsseedhost", Hint: "=<host>", Flags: Debug, Help: "Ask this host for peers instead of the network's own DNS seeds; may be given several times. An option of Grapevine's own"},
		{Name: "dnsserver", Hint: "=<ip>[:<port>]", Flags: Debug, Help: "Ask this server about DNS seeds instead of the system's. An option of Grapevine's own"},
		{Name: "externalip", Hint: "=<ip>", Help: "Own public address; may be given several times"},
		{Name: "fixedseeds", Help: "Fall back to built-in addresses of peers (default: 1)"},
		{Name: "forcednsseed", Help: "Ask DNS for peers however many are known (default: 0)"},
		{Name: "natpmp", Help: "Ask the router to forward the port, by PCP or NAT-PMP (default: 1 when listening, without -proxy)"},
		{Name: "onlynet", Hint: "=<net>", Help: "Choose peers of this network only: ipv4, ipv6, onion, i2p, cjdns; may be given several times. Inbound connections and those to nodes that were named are not concerned"},
		{Name: "seedfile", Hint: "=<file>", Flags: Debug, Help: "Addresses, one a line, instead of the built-in ones; relative to the network's data directory. An option of Grapevine's own"},
		{Name: "seednode", Hint: "=<ip>", Help: "Ask this node for addresses of peers, before DNS is asked; may be given several times"},
	})
}

// privacyOptions are about proxies and networks that hide who speaks.
func privacyOptions() []Option {
	return append(group(groupConnection, []Option{
		{Name: "cjdnsreachable", Help: "fc00::/8 leads into CJDNS from here (default: 0)"},
		{Name: "i2pacceptincoming", Help: "Accept peers over I2P, where there is -i2psam (default: 1)"},
		{Name: "i2psam", Hint: "=<ip:port>", Help: "SAM proxy of I2P, for peers in both directions"},
		{Name: "listenonion", Help: "Make a Tor onion service, where Tor's control port lets us (default: 1 when listening)"},
		{Name: "onion", Hint: "=<ip:port|path>", Help: "SOCKS5 proxy for onion addresses, unix:<path> for a socket; -noonion for none (default: -proxy)"},
		{Name: "proxy", Hint: "=<ip>[:<port>]|unix:<path>[=<network>]", Flags: NoElision, Help: "Connect through a SOCKS5 proxy, to peers of all networks but I2P or of the one named behind it: ipv4, ipv6, onion, cjdns; -noproxy for none"},
		{Name: "proxyrandomize", Help: "New credentials for each connection through a proxy, which keeps Tor's circuits apart (default: 1)"},
		{Name: "torcontrol", Hint: "=<ip>:<port>", Help: "Tor's control port (default: 127.0.0.1:9051)"},
		{Name: "torpassword", Hint: "=<pass>", Flags: Sensitive, Help: "Password of Tor's control port (default: the cookie that it names)"},
		{Name: "v2transport", Help: "Encrypted transport (default: 1)"},
	}), group(groupRelay, []Option{
		{Name: "privatebroadcast", Help: "Send own transactions over short-lived connections through Tor or I2P only (default: 0)"},
	})...)
}

// servingOptions are about what peers may have of us.
func servingOptions() []Option {
	return append(group(groupConnection, []Option{
		{Name: "bantime", Hint: "=<n>", Help: "Seconds that a ban lasts, unless the call setban says otherwise (default: 86400)"},
		{Name: "maxdownloadrate", Hint: "=<n>", Help: "Bytes a second to receive from all peers, with a suffix as for -maxuploadtarget; 0 for any number (default: 0). An option of Grapevine's own"},
		{Name: "maxuploadrate", Hint: "=<n>", Help: "Bytes a second to send to all peers, with a suffix as for -maxuploadtarget; 0 for any number (default: 0). An option of Grapevine's own"},
		{Name: "maxuploadtarget", Hint: "=<n>", Help: "Bytes to send in a day, with the suffix k, m, g or t for thousands, K, M, G or T for 1024s; 0 for any number. " +
			"Recent blocks and peers with the permission download are not limited (default: 0M)"},
		{Name: "peerbloomfilters", Help: "Filter blocks and transactions for peers by bloom filters (default: 0)"},
		{Name: "txreconciliation", Flags: Debug, Help: "Agree with peers to reconcile transactions (default: 0)"},
		{Name: "whitebind", Hint: "=<[permissions@]addr>", Help: "Listen here and give peers permissions: bloomfilter, noban, forcerelay, relay, mempool, download, addr " +
			"(default: download, noban, mempool, relay); may be given several times"},
		{Name: "whitelist", Hint: "=<[permissions@]ip>", Help: "Give peers of an address or a network permissions, as -whitebind; with in and out among them, to those who come " +
			"and to those that we connect to (default: in); may be given several times"},
	}), support(NoEffect, group(groupConnection, []Option{
		{Name: "peerblockfilters", Off: true, Help: "Serve compact filters"},
	}))...)
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
		{Name: "whitelistforcerelay", Help: "Give peers of -whitelist and -whitebind the usual permissions and forcerelay with them (default: 0)"},
		{Name: "whitelistrelay", Help: "Have relay among the usual permissions of -whitelist and -whitebind (default: 1, with -blocksonly 0)"},
	}), support(NoEffect, group(groupRelay, []Option{
		{Name: "bytespersigop", Hint: "=<n>", Help: "Virtual bytes that a signature operation counts as"},
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
