#include "textflag.h"

// The constant words of ChaCha20 and the counters of the eight lanes.
DATA words<>+0(SB)/4, $0x61707865
DATA words<>+4(SB)/4, $0x3320646e
DATA words<>+8(SB)/4, $0x79622d32
DATA words<>+12(SB)/4, $0x6b206574
GLOBL words<>(SB), RODATA|NOPTR, $16

DATA lanes<>+0(SB)/4, $0
DATA lanes<>+4(SB)/4, $1
DATA lanes<>+8(SB)/4, $2
DATA lanes<>+12(SB)/4, $3
DATA lanes<>+16(SB)/4, $4
DATA lanes<>+20(SB)/4, $5
DATA lanes<>+24(SB)/4, $6
DATA lanes<>+28(SB)/4, $7
GLOBL lanes<>(SB), RODATA|NOPTR, $32

// STEP is one line of the quarter round on four columns or diagonals: x += y,
// z = (z ^ x) rotated.
#define STEP(x0, x1, x2, x3, y0, y1, y2, y3, z0, z1, z2, z3, rot) \
	VPADDD y0, x0, x0   \
	VPADDD y1, x1, x1   \
	VPADDD y2, x2, x2   \
	VPADDD y3, x3, x3   \
	VPXORD x0, z0, z0   \
	VPXORD x1, z1, z1   \
	VPXORD x2, z2, z2   \
	VPXORD x3, z3, z3   \
	VPROLD rot, z0, z0  \
	VPROLD rot, z1, z1  \
	VPROLD rot, z2, z2  \
	VPROLD rot, z3, z3

#define ROUND(a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3) \
	STEP(a0, a1, a2, a3, b0, b1, b2, b3, d0, d1, d2, d3, $16) \
	STEP(c0, c1, c2, c3, d0, d1, d2, d3, b0, b1, b2, b3, $12) \
	STEP(a0, a1, a2, a3, b0, b1, b2, b3, d0, d1, d2, d3, $8)  \
	STEP(c0, c1, c2, c3, d0, d1, d2, d3, b0, b1, b2, b3, $7)

// func chachaLanes(out *[16][8]uint32, key *[8]uint32)
//
// Word i of the state of all eight blocks is in Yi, its first value in
// Y(16+i); words 13 to 15 begin as zero and need no copy.
TEXT ·chachaLanes(SB), NOSPLIT, $0-16
	MOVQ out+0(FP), DI
	MOVQ key+8(FP), SI

	VPBROADCASTD words<>+0(SB), Y16
	VPBROADCASTD words<>+4(SB), Y17
	VPBROADCASTD words<>+8(SB), Y18
	VPBROADCASTD words<>+12(SB), Y19
	VPBROADCASTD 0(SI), Y20
	VPBROADCASTD 4(SI), Y21
	VPBROADCASTD 8(SI), Y22
	VPBROADCASTD 12(SI), Y23
	VPBROADCASTD 16(SI), Y24
	VPBROADCASTD 20(SI), Y25
	VPBROADCASTD 24(SI), Y26
	VPBROADCASTD 28(SI), Y27
	VMOVDQU32 lanes<>(SB), Y28
	VMOVDQA32 Y16, Y0
	VMOVDQA32 Y17, Y1
	VMOVDQA32 Y18, Y2
	VMOVDQA32 Y19, Y3
	VMOVDQA32 Y20, Y4
	VMOVDQA32 Y21, Y5
	VMOVDQA32 Y22, Y6
	VMOVDQA32 Y23, Y7
	VMOVDQA32 Y24, Y8
	VMOVDQA32 Y25, Y9
	VMOVDQA32 Y26, Y10
	VMOVDQA32 Y27, Y11
	VMOVDQA32 Y28, Y12
	VPXORD Y13, Y13, Y13
	VPXORD Y14, Y14, Y14
	VPXORD Y15, Y15, Y15
	MOVQ $10, CX

rounds:
	ROUND(Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15)
	ROUND(Y0, Y1, Y2, Y3, Y5, Y6, Y7, Y4, Y10, Y11, Y8, Y9, Y15, Y12, Y13, Y14)
	DECQ CX
	JNZ  rounds

	VPADDD Y16, Y0, Y0
	VPADDD Y17, Y1, Y1
	VPADDD Y18, Y2, Y2
	VPADDD Y19, Y3, Y3
	VPADDD Y20, Y4, Y4
	VPADDD Y21, Y5, Y5
	VPADDD Y22, Y6, Y6
	VPADDD Y23, Y7, Y7
	VPADDD Y24, Y8, Y8
	VPADDD Y25, Y9, Y9
	VPADDD Y26, Y10, Y10
	VPADDD Y27, Y11, Y11
	VPADDD Y28, Y12, Y12
	VMOVDQU32 Y0, 0(DI)
	VMOVDQU32 Y1, 32(DI)
	VMOVDQU32 Y2, 64(DI)
	VMOVDQU32 Y3, 96(DI)
	VMOVDQU32 Y4, 128(DI)
	VMOVDQU32 Y5, 160(DI)
	VMOVDQU32 Y6, 192(DI)
	VMOVDQU32 Y7, 224(DI)
	VMOVDQU32 Y8, 256(DI)
	VMOVDQU32 Y9, 288(DI)
	VMOVDQU32 Y10, 320(DI)
	VMOVDQU32 Y11, 352(DI)
	VMOVDQU32 Y12, 384(DI)
	VMOVDQU32 Y13, 416(DI)
	VMOVDQU32 Y14, 448(DI)
	VMOVDQU32 Y15, 480(DI)
	VZEROUPPER
	RET
