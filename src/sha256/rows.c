/*
 * SHA-256 of many rows of memory (FIPS 180-4), two at a time, by the SHA instructions of x86-64: each stream fills the gaps
 * that the other leaves in the pipeline, which a single one cannot. For Node by Node-API; see rows.ts. Other processors
 * get an addon without a function, and node:crypto goes on.
 */
#include <node_api.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

/* Compiled for processors that have them, whatever the rest is compiled for; isAble() asks this one. */
#define TARGET __attribute__((target("sha,sse4.1,ssse3")))

static const uint32_t K[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* A state in the order that the instructions want: ABEF and CDGH. */
typedef struct { __m128i abef, cdgh; } State;

static inline TARGET State start(void) {
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
static inline TARGET void two(State *sa, State *sb, const uint8_t *pa, const uint8_t *pb, size_t blocks) {
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

static inline TARGET void finish(State s, uint8_t *out) {
  const __m128i feba = _mm_shuffle_epi32(s.abef, 0x1b), dchg = _mm_shuffle_epi32(s.cdgh, 0xb1);
  _mm_storeu_si128((__m128i *)out, _mm_shuffle_epi8(_mm_blend_epi16(feba, dchg, 0xf0), FLIP));
  _mm_storeu_si128((__m128i *)out + 1, _mm_shuffle_epi8(_mm_alignr_epi8(dchg, feba, 8), FLIP));
}

/* The last bytes of a message with its padding: one block or two. */
static size_t pad(uint8_t *tail, const uint8_t *rest, size_t left, uint64_t bytes) {
  const size_t size = left < 56 ? 64 : 128;
  memset(tail, 0, size);
  memcpy(tail, rest, left);
  tail[left] = 0x80;
  for (int i = 0; i < 8; i += 1) tail[size - 1 - i] = (uint8_t)(bytes * 8 >> (8 * i));
  return size / 64;
}

/* SHA-256 of each row; the last may be shorter. A pair's hashes are written when both have been read. */
static TARGET void rows(const uint8_t *in, size_t length, size_t row, uint8_t *out) {
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

/* Whether this processor has SSSE3, SSE4.1 and the SHA extensions. */
static int isAble(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1) || !(c & bit_SSSE3)) return 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29));
}

static napi_value hashRows(napi_env env, napi_callback_info info) {
  size_t argc = 4, inLength, outLength;
  napi_value args[4];
  uint32_t row, outAt;
  void *in, *out;
  napi_typedarray_type type;
  if (napi_get_cb_info(env, info, &argc, args, NULL, NULL) != napi_ok || argc != 4 ||
      napi_get_typedarray_info(env, args[0], &type, &inLength, &in, NULL, NULL) != napi_ok || type != napi_uint8_array ||
      napi_get_value_uint32(env, args[1], &row) != napi_ok || row == 0 ||
      napi_get_typedarray_info(env, args[2], &type, &outLength, &out, NULL, NULL) != napi_ok || type != napi_uint8_array ||
      napi_get_value_uint32(env, args[3], &outAt) != napi_ok || outAt > outLength ||
      (outLength - outAt) / 32 < (inLength + row - 1) / row) {
    napi_throw_type_error(env, NULL, "hashRows(Uint8Array, bytes of a row, Uint8Array with 32 bytes a row, where in it)");
    return NULL;
  }
  rows(in, inLength, row, (uint8_t *)out + outAt);
  return NULL;
}

#endif

NAPI_MODULE_INIT() {
#ifdef __x86_64__
  napi_value function;
  if (isAble() && napi_create_function(env, "hashRows", NAPI_AUTO_LENGTH, hashRows, NULL, &function) == napi_ok)
    napi_set_named_property(env, exports, "hashRows", function);
#else
  (void)env;
#endif
  return exports;
}
