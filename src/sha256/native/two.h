/*
 * Two rows side by side by the SHA instructions of x86-64: each stream fills the gaps that the other leaves in the pipeline,
 * which a single one cannot.
 */

/* Compiled for processors that have them, whatever the rest is compiled for; rows.c asks this one. */
#define PAIRED __attribute__((target("sha,sse4.1,ssse3")))

/* A state in the order that the instructions want: ABEF and CDGH. */
typedef struct { __m128i abef, cdgh; } State;

static inline PAIRED State start(void) {
  State s;
  s.abef = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c);
  s.cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19);
  return s;
}

#define FLIP _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL)
#define LOAD(p, i) _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(p) + (i)), FLIP)

/* Four rounds with the message words m of round r. */
#define ROUNDS(s, m, r) do { \
  __m128i w_ = _mm_add_epi32(m, _mm_load_si128((const __m128i *)K + (r))); \
  (s).cdgh = _mm_sha256rnds2_epu32((s).cdgh, (s).abef, w_); \
  (s).abef = _mm_sha256rnds2_epu32((s).abef, (s).cdgh, _mm_shuffle_epi32(w_, 0x0e)); \
} while (0)

/* Message words sixteen rounds on: m0 becomes what follows m3. */
#define NEXT(m0, m1, m2, m3) \
  m0 = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(m0, m1), _mm_alignr_epi8(m3, m2, 4)), m3)

/* Two independent messages side by side: each fills the gaps that the other leaves in the pipeline. */
static inline PAIRED void two(State *sa, State *sb, const uint8_t *pa, const uint8_t *pb, size_t blocks) {
  State a = *sa, b = *sb;
  while (blocks-- > 0) {
    const State oa = a, ob = b;
    __m128i a0 = LOAD(pa, 0), a1 = LOAD(pa, 1), a2 = LOAD(pa, 2), a3 = LOAD(pa, 3);
    __m128i b0 = LOAD(pb, 0), b1 = LOAD(pb, 1), b2 = LOAD(pb, 2), b3 = LOAD(pb, 3);
    ROUNDS(a, a0, 0); ROUNDS(b, b0, 0);
    ROUNDS(a, a1, 1); ROUNDS(b, b1, 1);
    ROUNDS(a, a2, 2); ROUNDS(b, b2, 2);
    ROUNDS(a, a3, 3); ROUNDS(b, b3, 3);
    for (int r = 4; r < 16; r += 4) {
      NEXT(a0, a1, a2, a3); NEXT(b0, b1, b2, b3); ROUNDS(a, a0, r); ROUNDS(b, b0, r);
      NEXT(a1, a2, a3, a0); NEXT(b1, b2, b3, b0); ROUNDS(a, a1, r + 1); ROUNDS(b, b1, r + 1);
      NEXT(a2, a3, a0, a1); NEXT(b2, b3, b0, b1); ROUNDS(a, a2, r + 2); ROUNDS(b, b2, r + 2);
      NEXT(a3, a0, a1, a2); NEXT(b3, b0, b1, b2); ROUNDS(a, a3, r + 3); ROUNDS(b, b3, r + 3);
    }
    a.abef = _mm_add_epi32(a.abef, oa.abef); a.cdgh = _mm_add_epi32(a.cdgh, oa.cdgh);
    b.abef = _mm_add_epi32(b.abef, ob.abef); b.cdgh = _mm_add_epi32(b.cdgh, ob.cdgh);
    pa += 64; pb += 64;
  }
  *sa = a; *sb = b;
}

static inline PAIRED void finish(State s, uint8_t *out) {
  const __m128i feba = _mm_shuffle_epi32(s.abef, 0x1b), dchg = _mm_shuffle_epi32(s.cdgh, 0xb1);
  _mm_storeu_si128((__m128i *)out, _mm_shuffle_epi8(_mm_blend_epi16(feba, dchg, 0xf0), FLIP));
  _mm_storeu_si128((__m128i *)out + 1, _mm_shuffle_epi8(_mm_alignr_epi8(dchg, feba, 8), FLIP));
}

/* SHA-256 of each row; the last may be shorter. A pair's hashes are written when both have been read. */
static PAIRED void twoRows(const uint8_t *in, size_t length, size_t row, uint8_t *out) {
  uint8_t ta[128], tb[128], spare[32];
  for (size_t at = 0; at < length; at += 2 * row, out += 64) {
    const uint8_t *pa = in + at;
    const size_t na = length - at < row ? length - at : row;
    const int isPair = length - at > row;
    const uint8_t *pb = isPair ? pa + row : pa;
    const size_t nb = !isPair ? na : length - at - row < row ? length - at - row : row;
    State a = start(), b = start();
    const size_t both = (na < nb ? na : nb) / 64;
    two(&a, &b, pa, pb, both);
    if (na / 64 > both) { State none = a; two(&a, &none, pa + both * 64, pa + both * 64, na / 64 - both); }
    const size_t ba = pad(ta, pa + na / 64 * 64, na % 64, na), bb = pad(tb, pb + nb / 64 * 64, nb % 64, nb);
    if (ba == bb) two(&a, &b, ta, tb, ba);
    else {
      State none = a;
      two(&a, &none, ta, ta, ba);
      none = b;
      two(&b, &none, tb, tb, bb);
    }
    finish(a, out);
    finish(b, isPair ? out + 32 : spare);
  }
}
