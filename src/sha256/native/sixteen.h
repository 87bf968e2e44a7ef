/* Sixteen rows side by side: word i of all sixteen stands in one 512-bit register, and each step is done for all at once. */

/* Compiled for processors that have AVX-512F and BW, whatever the rest is compiled for; rows.c asks this one. */
#define WIDE __attribute__((target("avx512f,avx512bw")))

typedef __m512i V;
#define ADD(a, b) _mm512_add_epi32(a, b)
#define ROTATE(a, n) _mm512_ror_epi32(a, n)
#define XOR(a, b, c) _mm512_ternarylogic_epi32(a, b, c, 0x96)
#define CHOOSE(e, f, g) _mm512_ternarylogic_epi32(e, f, g, 0xca)
#define MAJORITY(a, b, c) _mm512_ternarylogic_epi32(a, b, c, 0xe8)

/* One round with the message word w; the caller turns the names of the eight words instead of moving them. */
#define ROUND(a, b, c, d, e, f, g, h, w, k) do { \
  const V t_ = ADD(ADD(h, ADD(w, _mm512_set1_epi32((int)(k)))), \
                   ADD(XOR(ROTATE(e, 6), ROTATE(e, 11), ROTATE(e, 25)), CHOOSE(e, f, g))); \
  d = ADD(d, t_); \
  h = ADD(t_, ADD(XOR(ROTATE(a, 2), ROTATE(a, 13), ROTATE(a, 22)), MAJORITY(a, b, c))); \
} while (0)

/* Eight rounds from round r on, their message words by WORD(at + 0 … 7). */
#define EIGHT_ROUNDS(r, WORD, at) \
  ROUND(a, b, c, d, e, f, g, h, WORD(at + 0), K[r + 0]); ROUND(h, a, b, c, d, e, f, g, WORD(at + 1), K[r + 1]); \
  ROUND(g, h, a, b, c, d, e, f, WORD(at + 2), K[r + 2]); ROUND(f, g, h, a, b, c, d, e, WORD(at + 3), K[r + 3]); \
  ROUND(e, f, g, h, a, b, c, d, WORD(at + 4), K[r + 4]); ROUND(d, e, f, g, h, a, b, c, WORD(at + 5), K[r + 5]); \
  ROUND(c, d, e, f, g, h, a, b, WORD(at + 6), K[r + 6]); ROUND(b, c, d, e, f, g, h, a, WORD(at + 7), K[r + 7])

#define GIVEN(i) w[i]
/* The message word sixteen rounds on, in its place. */
#define NEXT_WORD(i) (w[i] = ADD( \
  ADD(w[i], XOR(ROTATE(w[(i + 1) & 15], 7), ROTATE(w[(i + 1) & 15], 18), _mm512_srli_epi32(w[(i + 1) & 15], 3))), \
  ADD(w[(i + 9) & 15], XOR(ROTATE(w[(i + 14) & 15], 17), ROTATE(w[(i + 14) & 15], 19), _mm512_srli_epi32(w[(i + 14) & 15], 10)))))

/* Sixteen rows of sixteen words to sixteen words of sixteen rows. */
static inline WIDE void transpose(V r[16]) {
  V pairs[16], fours[16];
  for (int i = 0; i < 16; i += 2) {
    pairs[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    fours[i] = _mm512_unpacklo_epi64(pairs[i], pairs[i + 2]);
    fours[i + 1] = _mm512_unpackhi_epi64(pairs[i], pairs[i + 2]);
    fours[i + 2] = _mm512_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
    fours[i + 3] = _mm512_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
  }
  for (int j = 0; j < 4; j += 1) { /* quarter q of fours[4n + j] is word 4q + j of rows 4n to 4n + 3 */
    const V even = _mm512_shuffle_i32x4(fours[j], fours[4 + j], 0x88), odd = _mm512_shuffle_i32x4(fours[j], fours[4 + j], 0xdd);
    const V even2 = _mm512_shuffle_i32x4(fours[8 + j], fours[12 + j], 0x88), odd2 = _mm512_shuffle_i32x4(fours[8 + j], fours[12 + j], 0xdd);
    r[j] = _mm512_shuffle_i32x4(even, even2, 0x88);
    r[4 + j] = _mm512_shuffle_i32x4(odd, odd2, 0x88);
    r[8 + j] = _mm512_shuffle_i32x4(even, even2, 0xdd);
    r[12 + j] = _mm512_shuffle_i32x4(odd, odd2, 0xdd);
  }
}

/* Goes on with sixteen messages that begin `stride` bytes apart, by so many blocks of each. */
static WIDE void sixteen(V state[8], const uint8_t *p, size_t stride, size_t blocks) {
  const V flip = _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);
  V a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (; blocks > 0; blocks -= 1, p += 64) {
    const V before[8] = {a, b, c, d, e, f, g, h};
    V w[16];
    for (int i = 0; i < 16; i += 1) w[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(p + (size_t)i * stride), flip);
    transpose(w);
    EIGHT_ROUNDS(0, GIVEN, 0);
    EIGHT_ROUNDS(8, GIVEN, 8);
    for (int r = 16; r < 64; r += 16) {
      EIGHT_ROUNDS(r, NEXT_WORD, 0);
      EIGHT_ROUNDS(r + 8, NEXT_WORD, 8);
    }
    a = ADD(a, before[0]); b = ADD(b, before[1]); c = ADD(c, before[2]); d = ADD(d, before[3]);
    e = ADD(e, before[4]); f = ADD(f, before[5]); g = ADD(g, before[6]); h = ADD(h, before[7]);
  }
  state[0] = a; state[1] = b; state[2] = c; state[3] = d; state[4] = e; state[5] = f; state[6] = g; state[7] = h;
}

/* SHA-256 of sixteen rows of the same length, one after another; written when all have been read. */
static WIDE void sixteenRows(const uint8_t *in, size_t row, uint8_t *out) {
  uint8_t tails[16 * 128];
  uint32_t words[8][16];
  V state[8];
  const size_t whole = row / 64 * 64;
  size_t blocks = 0;
  for (int i = 0; i < 16; i += 1) blocks = pad(tails + i * 128, in + (size_t)i * row + whole, row - whole, row);
  for (int i = 0; i < 8; i += 1) state[i] = _mm512_set1_epi32((int)START[i]);
  sixteen(state, in, row, row / 64);
  sixteen(state, tails, 128, blocks);
  for (int i = 0; i < 8; i += 1) _mm512_storeu_si512(words[i], state[i]);
  for (int lane = 0; lane < 16; lane += 1)
    for (int i = 0; i < 8; i += 1) {
      const uint32_t word = __builtin_bswap32(words[i][lane]);
      memcpy(out + 32 * lane + 4 * i, &word, 4);
    }
}
