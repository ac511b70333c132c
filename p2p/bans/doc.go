// Package bans says whom we do not want to speak with. An operator bans subnets, for a
// time; addresses that misbehaved are discouraged until many others have.
//
// A ban is absolute: no connection either way, and no word of the address to others. Who
// is discouraged may still connect while there is room, and is the first to go; we neither
// connect there nor pass the address on.
//
// # Owner
//
// A [List] is shared: the network asks it about addresses, the operator's calls change
// it. All methods are safe from any goroutine and return at once; one mutex lies above
// everything, and nothing is read or written under it. Who keeps the file asks for
// [List.Save] and writes what it returns.
//
// # File
//
// banlist.json, in the form of Bitcoin Core:
//
//	{
//	    "_warning_": "…",
//	    "banned_nets": [
//	        {
//	            "version": 1,
//	            "ban_created": 1700000000,
//	            "banned_until": 1700086400,
//	            "address": "1.2.3.0/24"
//	        }
//	    ]
//	}
//
// # Attacker
//
// Who misbehaves under as many addresses as he can get: the filter is of fixed size and
// forgets the oldest, and its key is secret, so that nobody can aim at the address of
// another. Bans are not made by misbehaviour, whence peers cannot make the list grow.
// Neither is a defence against an attacker with other addresses.
//
// # Bounds
//
// The filter takes 3 generations of 2^20 bits, 384 kB, and holds the last 50,000 to
// 75,000 addresses. With 25,000 addresses a generation and 16 bits for each, an
// address that is in none of them is found in one with a probability of
// 3 (1-exp(-16*25000/2^20))^16 = 3.2e-8. Bans are as many as the operator makes; to look an
// address up takes at most one map access for each length of prefix in use.
package bans
