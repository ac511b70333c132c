package params

import "grapevine/wire"

// testAddresses are the prefixes that all networks but mainnet share.
func testAddresses(hrp string) Addresses {
	return Addresses{
		PubKeyHashPrefix: 111,
		ScriptHashPrefix: 196,
		SecretKeyPrefix:  239,
		ExtPubPrefix:     [4]byte{0x04, 0x35, 0x87, 0xcf},
		ExtPrivPrefix:    [4]byte{0x04, 0x35, 0x83, 0x94},
		Bech32HRP:        hrp,
	}
}

// Testnet3 returns the old public test network.
func Testnet3() *Params {
	genesis := genesisBlock(headline2009, key2009, 1296688602, 414098458, 0x1d00ffff)
	return &Params{
		SubsidyHalvingInterval: 210000,
		Identity: Identity{
			Name:        nameTest,
			DataDirName: "testnet3",
			Magic:       [4]byte{0x0b, 0x11, 0x09, 0x07},
			DefaultPort: 18333,
			RPCPort:     18332,
			DNSSeeds: []string{
				"testnet-seed.bitcoin.jonasschnelli.ch.", "seed.tbtc.petertodd.net.", "seed.testnet.bitcoin.sprovoost.nl.",
				"testnet-seed.bluematt.me.", "seed.testnet.achownodes.xyz.",
			},
			Genesis:     genesis,
			GenesisHash: genesis.Hash(),
		},
		Addresses: testAddresses("tb"),
		ProofOfWork: ProofOfWork{
			PowLimit:           mustInt(mainPowLimit),
			TargetTimespan:     twoWeeks,
			TargetSpacing:      tenMinutes,
			AllowMinDifficulty: true,
		},
		SoftForks: SoftForks{
			BIP34Height:          21111,
			BIP34Hash:            mustHash("0000000023b3a96d3484e5abb3755c413e7d41500f8e2a5c3f0dd01299cd8ef8"),
			BIP65Height:          581885,
			BIP66Height:          330776,
			CSVHeight:            770112,
			SegwitHeight:         834624,
			TaprootHeight:        2011968,
			MinBIP9WarningHeight: 2013984,
			Deployments:          testDummy(NeverActive, 1512, 2016),
			ScriptFlagExceptions: map[wire.BlockHash]uint32{
				// Spends a pay-to-script-hash output with a script that fails.
				mustHash("00000000dd30457c001f4095d208cc1296b0eed002427aa599874af7a432b105"): 0,
			},
		},
		Trust: Trust{
			MinimumChainWork: mustInt("0000000000000000000000000000000000000000000017dde1c649f3708d14b6"),
			AssumeValid:      mustHash("000000007a61e4230b28ac5cb6b5e5a0130de37ac1faf2f8987d2fa6505b67f4"), // 4842348
			ChainTxData:      ChainTxData{Time: 1772051651, TxCount: 536108416, Rate: 0.02691479016257117},
			AssumeUTXO: []AssumeUTXO{
				{
					Height:       2500000,
					BlockHash:    mustHash("0000000000000093bcb68c03a9a168ae252572d348a2eaeba2cdf9231d73206f"),
					CoinsHash:    CoinsHash(mustHash("f841584909f68e47897952345234e37fcd9128cd818f41ee6c3ca68db8071be7")),
					ChainTxCount: 66484552,
				},
				{
					Height:       4840000,
					BlockHash:    mustHash("00000000000000f4971a7fb37fbdff89315b69a2e1920c467654a382f0d64786"),
					CoinsHash:    CoinsHash(mustHash("ce6bb677bb2ee9789c4a1c9d73e6683c53fc20e8fdbedbdaaf468982a0c8db2a")),
					ChainTxCount: 536078574,
				},
			},
			AssumedBlockchainGB: 245,
			AssumedChainStateGB: 19,
			PruneAfterHeight:    1000,
			HeadersSync:         HeadersSync{CommitmentPeriod: 673, RedownloadBufferSize: 14460},
		},
	}
}

// Testnet4 returns the public test network of BIP 94.
func Testnet4() *Params {
	genesis := genesisBlock(headline2024, key2024, 1714777860, 393743547, 0x1d00ffff)
	return &Params{
		SubsidyHalvingInterval: 210000,
		Identity: Identity{
			Name:        nameTestnet4,
			DataDirName: "testnet4",
			Magic:       [4]byte{0x1c, 0x16, 0x3f, 0x28},
			DefaultPort: 48333,
			RPCPort:     48332,
			DNSSeeds:    []string{"seed.testnet4.bitcoin.sprovoost.nl.", "seed.testnet4.wiz.biz."},
			Genesis:     genesis,
			GenesisHash: genesis.Hash(),
		},
		Addresses: testAddresses("tb"),
		ProofOfWork: ProofOfWork{
			PowLimit:           mustInt(mainPowLimit),
			TargetTimespan:     twoWeeks,
			TargetSpacing:      tenMinutes,
			AllowMinDifficulty: true,
			EnforceBIP94:       true,
		},
		SoftForks: SoftForks{
			BIP34Height:  1,
			BIP65Height:  1,
			BIP66Height:  1,
			CSVHeight:    1,
			SegwitHeight: 1,
			Deployments:  testDummy(NeverActive, 1512, 2016),
		},
		Trust: Trust{
			MinimumChainWork: mustInt("0000000000000000000000000000000000000000000009a0fe15d0177d086304"),
			AssumeValid:      mustHash("0000000002368b1e4ee27e2e85676ae6f9f9e69579b29093e9a82c170bf7cf8a"), // 123613
			ChainTxData:      ChainTxData{Time: 1772013387, TxCount: 14191421, Rate: 0.01848579579528412},
			AssumeUTXO: []AssumeUTXO{
				{
					Height:       90000,
					BlockHash:    mustHash("0000000002ebe8bcda020e0dd6ccfbdfac531d2f6a81457191b99fc2df2dbe3b"),
					CoinsHash:    CoinsHash(mustHash("784fb5e98241de66fdd429f4392155c9e7db5c017148e66e8fdbc95746f8b9b5")),
					ChainTxCount: 11347043,
				},
				{
					Height:       120000,
					BlockHash:    mustHash("000000000bd2317e51b3c5794981c35ba894ce27d3e772d5c39ecd9cbce01dc8"),
					CoinsHash:    CoinsHash(mustHash("10b05d05ad468d0971162e1b222a4aa66caca89da2bb2a93f8f37fb29c4794b0")),
					ChainTxCount: 14141057,
				},
			},
			AssumedBlockchainGB: 31,
			AssumedChainStateGB: 2,
			PruneAfterHeight:    1000,
			HeadersSync:         HeadersSync{CommitmentPeriod: 606, RedownloadBufferSize: 16092},
		},
	}
}
