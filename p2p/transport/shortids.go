package transport

// shortIDs are the commands that one byte stands for in version 2 (BIP 324,
// "v2 Bitcoin P2P message structure", and BIP 434 for the last), by that byte. 0
// announces a command in full; the empty ones are of proposals that we do not know.
var shortIDs = [...]string{
	1: "addr", 2: "block", 3: "blocktxn", 4: "cmpctblock", 5: "feefilter", 6: "filteradd", 7: "filterclear", 8: "filterload",
	9: "getblocks", 10: "getblocktxn", 11: "getdata", 12: "getheaders", 13: "headers", 14: "inv", 15: "mempool", 16: "merkleblock",
	17: "notfound", 18: "ping", 19: "pong", 20: "sendcmpct", 21: "tx", 22: "getcfilters", 23: "cfilter", 24: "getcfheaders",
	25: "cfheaders", 26: "getcfcheckpt", 27: "cfcheckpt", 28: "addrv2", 37: "feature",
}

// idOf returns the byte that stands for a command, 0 when none does.
func idOf(command string) byte { return ids[command] }

var ids = func() map[string]byte {
	m := make(map[string]byte, len(shortIDs))
	for id, command := range shortIDs {
		if command != "" {
			m[command] = byte(id)
		}
	}
	return m
}()
