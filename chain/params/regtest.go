package params

// RegtestOptions vary the private test network. The zero value is its usual
// form.
type RegtestOptions struct {
	Deployments  DeploymentOptions
	FastPrune    bool // prune from height 100, not 1000
	EnforceBIP94 bool // testnet4's rules on time and difficulty
}

// Regtest returns the private network on which anyone finds blocks at once.
func Regtest(o RegtestOptions) *Params {
	genesis := genesisBlock(headline2009, key2009, 1296688602, 2, 0x207fffff)
	p := &Params{
		SubsidyHalvingInterval: 150,
		Identity: Identity{
			Name:                     nameRegtest,
			DataDirName:              "regtest",
			Magic:                    [4]byte{0xfa, 0xbf, 0xb5, 0xda},
			DefaultPort:              18444,
			RPCPort:                  18443,
			Genesis:                  genesis,
			GenesisHash:              genesis.Hash(),
			DefaultConsistencyChecks: true,
			Mockable:                 true,
		},
		Addresses: testAddresses("bcrt"),
		ProofOfWork: ProofOfWork{
			PowLimit:           mustInt("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
			TargetTimespan:     24 * 60 * 60,
			TargetSpacing:      tenMinutes,
			AllowMinDifficulty: true,
			EnforceBIP94:       o.EnforceBIP94,
			NoRetargeting:      true,
		},
		SoftForks: SoftForks{
			BIP34Height:  1,
			BIP65Height:  1,
			BIP66Height:  1,
			CSVHeight:    1,
			SegwitHeight: 0,
			Deployments:  testDummy(0, 108, 144),
		},
		Trust: Trust{
			ChainTxData:      ChainTxData{Rate: 0.001},
			AssumeUTXO:       regtestSnapshots(),
			PruneAfterHeight: 1000,
			HeadersSync:      HeadersSync{CommitmentPeriod: 275, RedownloadBufferSize: 7017},
		},
	}
	if o.FastPrune {
		p.PruneAfterHeight = 100
	}
	p.apply(o.Deployments)
	return p
}

// regtestSnapshots are coins of chains that tests of the reference
// implementation mine, so that its tools work against this node.
func regtestSnapshots() []AssumeUTXO {
	return []AssumeUTXO{
		{
			Height:       110,
			BlockHash:    mustHash("135eec25a6fb277884e5824e7aa7d052c4868161c99a5122170b5266f86c273d"),
			CoinsHash:    CoinsHash(mustHash("86e9a1205b418b16dde3a18a78c730e30137e28466bda5dbf6b33ab8fc05447c")),
			ChainTxCount: 111,
		},
		{
			Height:       200,
			BlockHash:    mustHash("385901ccbd69dff6bbd00065d01fb8a9e464dede7cfe0372443884f9b1dcf6b9"),
			CoinsHash:    CoinsHash(mustHash("17dcc016d188d16068907cdeb38b75691a118d43053b8cd6a25969419381d13a")),
			ChainTxCount: 201,
		},
		{
			Height:       299,
			BlockHash:    mustHash("0c552ced4721c249a389eb9b08cb8da261cd46f0e7b5f9d064d48f3113406853"),
			CoinsHash:    CoinsHash(mustHash("106b2c56233e378a824cf0d5ff2be42ed32c72f1605c9be288d00942908a40ac")),
			ChainTxCount: 334,
		},
	}
}
