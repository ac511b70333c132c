package config

// Flags say how an option may be written.
type Flags uint8

// The flags of an option.
const (
	NetworkOnly Flags = 1 << iota // read from the network's own section of bitcoin.conf, except on mainnet
	NoNegation                    // -nox is an error
	NoElision                     // -x without a value is an error
	Debug                         // listed only by -help-debug
	Sensitive                     // kept out of logs
)

// Support says what this version makes of an option.
type Support uint8

const (
	// Full: it works.
	Full Support = iota
	// NoEffect: setting it to anything but Off starts with a warning that names it.
	NoEffect
	// Refused: setting it to anything but Off ends the start with an error that names it.
	Refused
)

// Option is one entry of the table.
type Option struct {
	Name  string
	Hint  string // "=<n>", shown behind the name
	Group string
	Flags Flags
	Support
	// Off marks a switch whose off position is what this version does anyway: -listen=0 needs no warning.
	Off  bool
	Help string // "" hides the option
}

// Groups of the help text, in order.
const (
	groupOptions    = "Options"
	groupConnection = "Connection options"
	groupZMQ        = "ZeroMQ notification options"
	groupDebug      = "Debugging/Testing options"
	groupChain      = "Chain selection options"
	groupRelay      = "Node relay options"
	groupMining     = "Block creation options"
	groupRPC        = "RPC server options"
	groupWallet     = "Wallet options"
	groupCommands   = "CLI commands"
)

func groups() []string {
	return []string{groupOptions, groupConnection, groupZMQ, groupDebug, groupChain, groupRelay, groupMining, groupRPC, groupCommands}
}

func (p Program) options() []Option {
	if p.client() {
		return append(clientOptions(), chainOptions()...)
	}
	var out []Option
	for _, part := range [][]Option{nodeOptions(), logOptions(), chainOptions(), rpcOptions(), connectionOptions(), poolOptions(), walletOptions()} {
		out = append(out, part...)
	}
	return out
}

func group(name string, opts []Option) []Option {
	for i := range opts {
		opts[i].Group = name
	}
	return opts
}

func support(s Support, opts []Option) []Option {
	for i := range opts {
		opts[i].Support = s
	}
	return opts
}

func nodeOptions() []Option {
	return append(group(groupOptions, []Option{
		{Name: "help", Help: "Print this help and exit (also -h or -?)"},
		{Name: "h"}, {Name: "?"},
		{Name: "version", Help: "Print the version and exit"},
		{Name: "alertnotify", Hint: "=<cmd>", Support: NoEffect, Help: "Run a command when there is a warning (%s is replaced by it)"},
		{Name: "allowignoredconf", Help: "Only warn about a bitcoin.conf in the data directory that is not read because another one is"},
		{Name: "assumevalid", Hint: "=<hex>", Help: "Do not run the scripts of the ancestors of this block, if it is in the chain with enough work on top (0 to run all; default: a recent block of the network)"},
		{Name: "blockfilterindex", Hint: "=<type>", Support: NoEffect, Off: true, Help: "Keep an index of compact filters by block"},
		{Name: "blocknotify", Hint: "=<cmd>", Support: NoEffect, Help: "Run a command when the best block changes (%s is replaced by its hash)"},
		{Name: "blockreconstructionextratxn", Hint: "=<n>", Help: "Transactions to keep for rebuilding compact blocks besides those in the pool (default: 100)"},
		{Name: "blocksdir", Hint: "=<dir>", Support: Refused, Help: "Directory that holds the blocks folder (default: the data directory)"},
		{Name: "blocksonly", Help: "Do not take transactions from peers (default: 0)"},
		{Name: "blocksxor", Help: "Obfuscate new block files with a random key, so that no scanner finds a pattern in them (default: 1)"},
		{Name: "coinstatsindex", Support: NoEffect, Off: true, Help: "Keep an index of statistics of all coins by block"},
		{Name: "conf", Hint: "=<file>", Help: "Configuration file, relative to the data directory; only on the command line (default: bitcoin.conf)"},
		{Name: "daemon", Help: "Run in the background (default: 0)"},
		{Name: "daemonwait", Help: "Like -daemon, but return only once the node answers calls (default: 0)"},
		{Name: "datadir", Hint: "=<dir>", Flags: NoNegation, Help: "Directory for all data"},
		{Name: "dbbatchsize", Flags: Debug, Support: NoEffect, Help: "Bytes of one write to the database"},
		{Name: "dbcache", Hint: "=<n>", Help: "Memory for coins and databases, in MiB (at least 4, default: 450)"},
		{Name: "debuglogfile", Hint: "=<file>", Help: "The log file, relative to the network's data directory; -nodebuglogfile for none (default: debug.log)"},
		{Name: "includeconf", Hint: "=<file>", Help: "Read a further configuration file, relative to the data directory; only in bitcoin.conf"},
		{Name: "loadblock", Hint: "=<file>", Help: "Import blocks at start from a file of blocks or another node's blocks folder; may be given several times"},
		{Name: "maxmempool", Hint: "=<n>", Help: "Memory of the transaction pool, in MB (default: 300, with -blocksonly 5)"},
		{Name: "mempoolexpiry", Hint: "=<n>", Help: "Hours that a transaction may stay in the pool (default: 336)"},
		{Name: "minimumchainwork", Hint: "=<hex>", Flags: Debug, Help: "Work that a chain must have before the node believes that it has seen the network"},
		{Name: "par", Hint: "=<n>", Help: "Goroutines that check scripts (0: one a core; below 0: leave that many cores free; default: 0)"},
		{Name: "persistmempool", Support: NoEffect, Off: true, Help: "Save the pool at the end and load it at the start"},
		{Name: "persistmempoolv1", Support: NoEffect, Off: true, Help: "Save the pool in the older form"},
		{Name: "pid", Hint: "=<file>", Help: "File for the process id, relative to the network's data directory; -nopid for none (default: bitcoind.pid)"},
		{Name: "prevoutfetchthreads", Hint: "=<n>", Support: NoEffect, Help: "Threads that read coins ahead of connecting a block"},
		{Name: "prune", Hint: "=<n>", Support: Refused, Off: true, Help: "Delete old blocks to keep block files below this many MiB (1: only on request; 0: keep all)"},
		{Name: "reindex", Help: "Rebuild block index and coins from the block files"},
		{Name: "reindex-chainstate", Help: "Rebuild the coins from the block files"},
		{Name: "settings", Hint: "=<file>", Help: "File of settings made at run time, relative to the network's data directory; -nosettings for none (default: settings.json)"},
		{Name: "shutdownnotify", Hint: "=<cmd>", Support: NoEffect, Help: "Run a command before stopping"},
		{Name: "startupnotify", Hint: "=<cmd>", Support: NoEffect, Help: "Run a command after starting"},
		{Name: "txindex", Help: "Keep an index of all confirmed transactions, so that each is found by its id (default: 0)"},
		{Name: "txospenderindex", Support: NoEffect, Off: true, Help: "Keep an index of which transaction spends an output"},
		{Name: "dbcrashratio", Support: Refused}, {Name: "forcecompactdb", Support: NoEffect, Off: true},
		{Name: "choosedatadir", Support: NoEffect}, {Name: "lang", Support: NoEffect}, {Name: "min", Support: NoEffect}, {Name: "resetguisettings", Support: NoEffect},
		{Name: "splash", Support: NoEffect}, {Name: "uiplatform", Support: NoEffect},
		{Name: "checkpoints", Support: NoEffect, Off: true}, {Name: "limitancestorsize", Support: NoEffect}, {Name: "limitdescendantsize", Support: NoEffect},
	}), group(groupDebug, []Option{
		{Name: "help-debug", Help: "Print this help with the options for debugging and exit"},
		{Name: "acceptstalefeeestimates", Flags: Debug, Support: NoEffect, Off: true, Help: "Use fee estimates however old"},
		{Name: "capturemessages", Flags: Debug, Support: NoEffect, Off: true, Help: "Write all messages of peers to files"},
		{Name: "checkaddrman", Hint: "=<n>", Flags: Debug, Support: NoEffect, Off: true, Help: "Check the address tables every so many operations"},
		{Name: "checkblockindex", Flags: Debug, Support: NoEffect, Off: true, Help: "Check the block tree every so many operations"},
		{Name: "checkblocks", Hint: "=<n>", Flags: Debug, Help: "Blocks to verify at start (0: all, default: 6)"},
		{Name: "checklevel", Hint: "=<n>", Flags: Debug, Help: "How thoroughly -checkblocks verifies: 0 reads the blocks, 1 checks them, 2 checks undo data, 3 disconnects, 4 connects again (default: 3)"},
		{Name: "checkmempool", Hint: "=<n>", Flags: Debug, Support: NoEffect, Off: true, Help: "Check the pool every so many transactions"},
		{Name: "deprecatedrpc", Hint: "=<method>", Flags: Debug, Support: NoEffect, Off: true, Help: "Allow a deprecated method"},
		{Name: "fastprune", Flags: Debug, Support: NoEffect, Off: true, Help: "Small block files, for tests of pruning"},
		{Name: "limitancestorcount", Hint: "=<n>", Flags: Debug, Support: NoEffect, Help: "Unconfirmed ancestors that a transaction may have"},
		{Name: "limitclustercount", Hint: "=<n>", Flags: Debug, Help: "Transactions of the pool that may be connected with each other (at most 64, default: 64)"},
		{Name: "limitclustersize", Hint: "=<n>", Flags: Debug, Help: "Virtual size that connected transactions of the pool may have, in kB (default: 101)"},
		{Name: "limitdescendantcount", Hint: "=<n>", Flags: Debug, Support: NoEffect, Help: "Unconfirmed descendants that a transaction may have"},
		{Name: "maxsigcachesize", Hint: "=<n>", Flags: Debug, Help: "Memory for checked signatures, in MiB (default: 32)"},
		{Name: "maxtipage", Hint: "=<n>", Flags: Debug, Help: "Age in seconds up to which the newest block counts as current (default: 86400)"},
		{Name: "mocktime", Hint: "=<n>", Flags: Debug, Help: "Stop the clock at this time, in seconds since 1970 (regtest; default: 0 for the system's clock)"},
		{Name: "printpriority", Flags: Debug, Support: NoEffect, Off: true, Help: "Log the fee rate of transactions when making blocks"},
		{Name: "stopafterblockimport", Flags: Debug, Help: "Stop once blocks are imported (default: 0)"},
		{Name: "stopatheight", Hint: "=<n>", Flags: Debug, Help: "Stop once the chain has this height (0: never)"},
		{Name: "test", Hint: "=<option>", Flags: Debug, Help: "Switch on a test rule (regtest): bip94"},
		{Name: "testactivationheight", Hint: "=<name>@<height>", Flags: Debug, Help: "Set from where segwit, bip34, dersig, cltv or csv is active (not on mainnet)"},
		{Name: "uacomment", Hint: "=<text>", Help: "Add a comment to the name told to peers; may be given several times"},
	})...)
}

func logOptions() []Option {
	return group(groupDebug, []Option{
		{Name: "debug", Hint: "=<category>", Help: "Log a category in detail; 1 or all for all of them, 0 or none drops those named before; may be given several times"},
		{Name: "debugexclude", Hint: "=<category>", Help: "Do not log a category in detail even if -debug names it; may be given several times"},
		{Name: "logips", Help: "Log addresses of peers and callers (default: 0)"},
		{Name: "loglevel", Hint: "=<level>|<category>:<level>", Flags: NoNegation | NoElision | Debug, Help: "Detail of the categories that -debug names: info, debug or trace (default: debug)"},
		{Name: "loglevelalways", Help: "Put category and level before every line (default: 0)"},
		{Name: "logratelimit", Help: "Limit what one place in the code may log in an hour (default: 1)"},
		{Name: "logsourcelocations", Help: "Put the place in the code before every line (default: 0)"},
		{Name: "logthreadnames", Help: "Put the component's name before every line (default: 0)"},
		{Name: "logtimemicros", Flags: Debug, Help: "Log times with microseconds (default: 0)"},
		{Name: "logtimestamps", Help: "Put the time before every line (default: 1)"},
		{Name: "printtoconsole", Help: "Log to the console as well (default: 1)"},
		{Name: "shrinkdebugfile", Help: "Shorten a long log file at start (default: 1 without -debug)"},
	})
}

func chainOptions() []Option {
	return group(groupChain, []Option{
		{Name: "chain", Hint: "=<name>", Help: "The network: main, test, testnet4, signet or regtest (default: main)"},
		{Name: "regtest", Help: "Short for -chain=regtest, a network of one's own for tests, on which blocks are made at will"},
		{Name: "signet", Help: "Short for -chain=signet"},
		{Name: "signetchallenge", Hint: "=<hex>", Flags: NoNegation, Help: "The script that blocks of a signet of one's own must satisfy"},
		{Name: "signetseednode", Hint: "=<host>", Flags: NoNegation, Help: "Ask this host for peers of a signet instead of its DNS seeds; may be given several times"},
		{Name: "testnet", Help: "Short for -chain=test, testnet3"},
		{Name: "testnet4", Help: "Short for -chain=testnet4"},
		{Name: "vbparams", Hint: "=<deployment>:<start>:<end>[:<height>]", Flags: Debug, Help: "Set when a version bits deployment runs (not on mainnet)"},
	})
}

func rpcOptions() []Option {
	return group(groupRPC, []Option{
		{Name: "rest", Support: NoEffect, Off: true, Help: "Answer REST requests"},
		{Name: "rpcallowip", Hint: "=<ip>", Help: "Answer calls from this address or network besides the machine itself; needs -rpcbind too; may be given several times"},
		{Name: "rpcauth", Hint: "=<user>:<salt>$<hash>", Flags: Sensitive, Help: "A user and the HMAC-SHA256 of their password; may be given several times"},
		{Name: "rpcbind", Hint: "=<addr>[:port]", Flags: NetworkOnly, Help: "Listen for calls here; needs -rpcallowip too; may be given several times (default: 127.0.0.1 and ::1)"},
		{Name: "rpccookiefile", Hint: "=<file>", Help: "The cookie file, relative to the network's data directory; -norpccookiefile for none (default: .cookie)"},
		{Name: "rpccookieperms", Hint: "=<who>", Help: "Who may read the cookie file: owner, group or all (default: owner)"},
		{Name: "rpcdoccheck", Flags: Debug, Support: NoEffect, Off: true, Help: "Compare answers with the help texts"},
		{Name: "rpcpassword", Hint: "=<pw>", Flags: Sensitive, Help: "Password for calls"},
		{Name: "rpcport", Hint: "=<port>", Flags: NetworkOnly, Help: "Listen for calls on this port (default: 8332, testnet3: 18332, testnet4: 48332, signet: 38332, regtest: 18443)"},
		{Name: "rpcservertimeout", Hint: "=<n>", Flags: Debug, Help: "Seconds after which an idle connection is closed (default: 30)"},
		{Name: "rpcthreads", Hint: "=<n>", Help: "Calls that run at the same time (default: 16)"},
		{Name: "rpcuser", Hint: "=<user>", Flags: Sensitive, Help: "User name for calls"},
		{Name: "rpcwhitelist", Hint: "=<user>:<method>,...", Help: "Let a user call only these methods; several lists for a user are intersected"},
		{Name: "rpcwhitelistdefault", Help: "Let users without a list call nothing (default: 1 when there is any -rpcwhitelist)"},
		{Name: "rpcworkqueue", Hint: "=<n>", Flags: Debug, Help: "Calls that may wait (default: 64)"},
		{Name: "server", Help: "Answer calls (default: 1)"},
	})
}
