package muhash

import "golang.org/x/sys/cpu"

// chachaLanes computes eight blocks at once with AVX-512, of which six are
// wanted: out holds word i of block b at [i][b].
//
//go:noescape
func chachaLanes(out *[16][8]uint32, key *[8]uint32)

func (n *num) keystream(key *[32]byte) {
	if !cpu.X86.HasAVX512F || !cpu.X86.HasAVX512VL {
		n.keystreamGeneric(key)
		return
	}
	var out [16][8]uint32
	k := chachaKey(key)
	chachaLanes(&out, &k)
	for b := range numBytes / 64 {
		block := (*[8]uint64)(n[8*b:])
		for i := range block {
			block[i] = pair(out[2*i][b], out[2*i+1][b])
		}
	}
}
