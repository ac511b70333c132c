package params

import "grapevine/wire"

const (
	nameMain     = "main"
	nameTest     = "test"
	nameTestnet4 = "testnet4"
	nameSignet   = "signet"
	nameRegtest  = "regtest"

	twoWeeks   = 14 * 24 * 60 * 60
	tenMinutes = 10 * 60

	// Bits of the script flags that exceptions leave on.
	flagP2SH    = 1 << 0
	flagWitness = 1 << 11
)

// mainPowLimit is the easiest target of mainnet, testnet3 and testnet4.
const mainPowLimit = "00000000ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

// Mainnet returns the network whose coins have value.
func Mainnet() *Params {
	genesis := genesisBlock(headline2009, key2009, 1231006505, 2083236893, 0x1d00ffff)
	return &Params{
		SubsidyHalvingInterval: 210000,
		Identity: Identity{
			Name:        nameMain,
			Magic:       [4]byte{0xf9, 0xbe, 0xb4, 0xd9},
			DefaultPort: 8333,
			RPCPort:     8332,
			DNSSeeds: []string{
				"dnsseed.bluematt.me.", "seed.bitcoin.jonasschnelli.ch.", "seed.btc.petertodd.net.", "seed.bitcoin.sprovoost.nl.",
				"dnsseed.emzy.de.", "seed.bitcoin.wiz.biz.", "seed.mainnet.achownodes.xyz.",
			},
			Genesis:     genesis,
			GenesisHash: genesis.Hash(),
		},
		Addresses: Addresses{
			PubKeyHashPrefix: 0,
			ScriptHashPrefix: 5,
			SecretKeyPrefix:  128,
			ExtPubPrefix:     [4]byte{0x04, 0x88, 0xb2, 0x1e},
			ExtPrivPrefix:    [4]byte{0x04, 0x88, 0xad, 0xe4},
			Bech32HRP:        "bc",
		},
		ProofOfWork: ProofOfWork{
			PowLimit:       mustInt(mainPowLimit),
			TargetTimespan: twoWeeks,
			TargetSpacing:  tenMinutes,
		},
		SoftForks: mainSoftForks(),
		Trust:     mainTrust(),
	}
}

func mainSoftForks() SoftForks {
	return SoftForks{
		BIP34Height:          227931,
		BIP34Hash:            mustHash("000000000000024b89b42a942fe0d9fea3bb44ab7bd1b19115dd6a759c0808b8"),
		BIP65Height:          388381,
		BIP66Height:          363725,
		CSVHeight:            419328,
		SegwitHeight:         481824,
		TaprootHeight:        709632,
		MinBIP9WarningHeight: 711648, // one period after taproot
		Deployments:          testDummy(NeverActive, 1815, 2016),
		ScriptFlagExceptions: map[wire.BlockHash]uint32{
			// Spends a pay-to-script-hash output with a script that fails.
			mustHash("00000000000002dc756eebf4f49723ed8d30cc28a5f108eb94b1ba88ac4f9c22"): 0,
			// Spends a taproot output before the rules held.
			mustHash("0000000000000000000f14c35b2d841e986ab5441de8c585d5ffe55ea1e395ad"): flagP2SH | flagWitness,
		},
		BIP30Repeats: map[int32]wire.BlockHash{
			91842: mustHash("00000000000a4d0a398161ffc163c503763b1f4360639393e0e4c8e300e0caec"),
			91880: mustHash("00000000000743f190a18c5577a3c2d2a1f610ae9601ac046a38084ccb7cd721"),
		},
		BIP30Overwritten: map[int32]wire.BlockHash{
			91722: mustHash("00000000000271a2dc26e7667f8419f2e15416dc6955e5a6c6cdf3f2574dd08e"),
			91812: mustHash("00000000000af0aed4792b1acee3d966af36cf5def14935db8de83d6f9306f2f"),
		},
	}
}

func mainTrust() Trust {
	return Trust{
		MinimumChainWork: mustInt("0000000000000000000000000000000000000001128750f82f4c366153a3a030"),
		AssumeValid:      mustHash("00000000000000000000ccebd6d74d9194d8dcdc1d177c478e094bfad51ba5ac"), // 938343
		ChainTxData:      ChainTxData{Time: 1772055173, TxCount: 1315805869, Rate: 5.40111006496122},
		AssumeUTXO: []AssumeUTXO{
			{
				Height:       840000,
				BlockHash:    mustHash("0000000000000000000320283a032748cef8227873ff4872689bf23f1cda83a5"),
				CoinsHash:    CoinsHash(mustHash("a2a5521b1b5ab65f67818e5e8eccabb7171a517f9e2382208f77687310768f96")),
				ChainTxCount: 991032194,
			},
			{
				Height:       880000,
				BlockHash:    mustHash("000000000000000000010b17283c3c400507969a9c2afd1dcf2082ec5cca2880"),
				CoinsHash:    CoinsHash(mustHash("dbd190983eaf433ef7c15f78a278ae42c00ef52e0fd2a54953782175fbadcea9")),
				ChainTxCount: 1145604538,
			},
			{
				Height:       910000,
				BlockHash:    mustHash("0000000000000000000108970acb9522ffd516eae17acddcb1bd16469194a821"),
				CoinsHash:    CoinsHash(mustHash("4daf8a17b4902498c5787966a2b51c613acdab5df5db73f196fa59a4da2f1568")),
				ChainTxCount: 1226586151,
			},
			{
				Height:       935000,
				BlockHash:    mustHash("0000000000000000000147034958af1652b2b91bba607beacc5e72a56f0fb5ee"),
				CoinsHash:    CoinsHash(mustHash("e4b90ef9eae834f56c4b64d2d50143cee10ad87994c614d7d04125e2a6025050")),
				ChainTxCount: 1305397408,
			},
		},
		AssumedBlockchainGB: 856,
		AssumedChainStateGB: 14,
		PruneAfterHeight:    100000,
		HeadersSync:         HeadersSync{CommitmentPeriod: 641, RedownloadBufferSize: 15218},
	}
}
