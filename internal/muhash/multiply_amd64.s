#include "textflag.h"

// STEP handles one limb of a row: the product of DX with a limb of b, plus the
// upper half of the product before it (in, carried in CF), plus what t holds
// (carried in OF). out takes the upper half of this product.
#define STEP(off, in, out) \
	MULXQ off(SI), R10, out \
	ADCXQ in, R10           \
	ADOXQ off(DI), R10      \
	MOVQ  R10, off(DI)

// func multiplyADX(t *[96]uint64, a, b *num)
TEXT ·multiplyADX(SB), NOSPLIT, $0-24
	MOVQ t+0(FP), DI
	MOVQ a+8(FP), BX
	MOVQ b+16(FP), SI
	MOVQ $48, CX

row:
	MOVQ (BX), DX
	XORQ R8, R8 // clears both carries
	STEP(0, R8, R9)
	STEP(8, R9, R8)
	STEP(16, R8, R9)
	STEP(24, R9, R8)
	STEP(32, R8, R9)
	STEP(40, R9, R8)
	STEP(48, R8, R9)
	STEP(56, R9, R8)
	STEP(64, R8, R9)
	STEP(72, R9, R8)
	STEP(80, R8, R9)
	STEP(88, R9, R8)
	STEP(96, R8, R9)
	STEP(104, R9, R8)
	STEP(112, R8, R9)
	STEP(120, R9, R8)
	STEP(128, R8, R9)
	STEP(136, R9, R8)
	STEP(144, R8, R9)
	STEP(152, R9, R8)
	STEP(160, R8, R9)
	STEP(168, R9, R8)
	STEP(176, R8, R9)
	STEP(184, R9, R8)
	STEP(192, R8, R9)
	STEP(200, R9, R8)
	STEP(208, R8, R9)
	STEP(216, R9, R8)
	STEP(224, R8, R9)
	STEP(232, R9, R8)
	STEP(240, R8, R9)
	STEP(248, R9, R8)
	STEP(256, R8, R9)
	STEP(264, R9, R8)
	STEP(272, R8, R9)
	STEP(280, R9, R8)
	STEP(288, R8, R9)
	STEP(296, R9, R8)
	STEP(304, R8, R9)
	STEP(312, R9, R8)
	STEP(320, R8, R9)
	STEP(328, R9, R8)
	STEP(336, R8, R9)
	STEP(344, R9, R8)
	STEP(352, R8, R9)
	STEP(360, R9, R8)
	STEP(368, R8, R9)
	STEP(376, R9, R8)

	// Both carries end in the limb above the row.
	MOVQ  $0, R10
	ADCXQ R10, R8
	ADOXQ R10, R8
	MOVQ  R8, 384(DI)

	ADDQ $8, BX
	ADDQ $8, DI
	DECQ CX
	JNZ  row
	RET
