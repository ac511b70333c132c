package params

import "grapevine/wire"

// publicChallenge is the 1-of-2 multisig script of the public signet.
const publicChallenge = "512103ad5e0edad18cb1f0fc0d28a3d4f1f3e445640337489abb10404f2d1e086be430" +
	"210359ef5021964fe22d6f8e05b2463c9540ce96883fe3b278760f048f5189f2e6c452ae"

// Signet returns the network whose blocks are signed (BIP 325): the public one
// when challenge is nil, else one of the caller's own, of which nothing is taken
// on trust.
func Signet(challenge []byte) *Params {
	public := challenge == nil
	if public {
		challenge = mustBytes(publicChallenge)
	}
	genesis := genesisBlock(headline2009, key2009, 1598918400, 52613770, 0x1e0377ae)
	p := &Params{
		SubsidyHalvingInterval: 210000,
		SignetChallenge:        challenge,
		Identity: Identity{
			Name:        nameSignet,
			DataDirName: "signet",
			Magic:       signetMagic(challenge),
			DefaultPort: 38333,
			RPCPort:     38332,
			Genesis:     genesis,
			GenesisHash: genesis.Hash(),
		},
		Addresses: testAddresses("tb"),
		ProofOfWork: ProofOfWork{
			PowLimit:       mustInt("00000377ae000000000000000000000000000000000000000000000000000000"),
			TargetTimespan: twoWeeks,
			TargetSpacing:  tenMinutes,
		},
		SoftForks: SoftForks{
			BIP34Height:  1,
			BIP65Height:  1,
			BIP66Height:  1,
			CSVHeight:    1,
			SegwitHeight: 1,
			Deployments:  testDummy(NeverActive, 1815, 2016),
		},
		Trust: Trust{
			AssumeUTXO:       signetSnapshots(),
			PruneAfterHeight: 1000,
			HeadersSync:      HeadersSync{CommitmentPeriod: 620, RedownloadBufferSize: 15724},
		},
	}
	if public {
		p.DNSSeeds = []string{"seed.signet.bitcoin.sprovoost.nl.", "seed.signet.achownodes.xyz."}
		p.MinimumChainWork = mustInt("00000000000000000000000000000000000000000000000000000b463ea0a4b8")
		p.AssumeValid = mustHash("00000008414aab61092ef93f1aacc54cf9e9f16af29ddad493b908a01ff5c329") // 293175
		p.ChainTxData = ChainTxData{Time: 1772055248, TxCount: 28676833, Rate: 0.06736623436338929}
		p.AssumedBlockchainGB = 24
		p.AssumedChainStateGB = 4
	}
	return p
}

// signetMagic makes the networks of different challenges deaf to each other:
// the first bytes of the hash of the challenge as a length-prefixed string.
func signetMagic(challenge []byte) (magic [4]byte) {
	hash := wire.DoubleSHA256(append(wire.AppendCompactSize(nil, uint64(len(challenge))), challenge...))
	copy(magic[:], hash[:])
	return magic
}

func signetSnapshots() []AssumeUTXO {
	return []AssumeUTXO{
		{
			Height:       160000,
			BlockHash:    mustHash("0000003ca3c99aff040f2563c2ad8f8ec88bd0fd6b8f0895cfaf1ef90353a62c"),
			CoinsHash:    CoinsHash(mustHash("fe0a44309b74d6b5883d246cb419c6221bcccf0b308c9b59b7d70783dbdf928a")),
			ChainTxCount: 2289496,
		},
		{
			Height:       290000,
			BlockHash:    mustHash("0000000577f2741bb30cd9d39d6d71b023afbeb9764f6260786a97969d5c9ac0"),
			CoinsHash:    CoinsHash(mustHash("97267e000b4b876800167e71b9123f1529d13b14308abec2888bbd2160d14545")),
			ChainTxCount: 28547497,
		},
	}
}
