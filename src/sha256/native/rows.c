/*
 * SHA-256 of many rows of memory (FIPS 180-4), several at a time, by what this processor has; for Node by Node-API, see
 * rows.ts. Other processors get an addon without a function, and node:crypto goes on.
 */
#include <node_api.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#include <time.h>

#include "sha256.h"
#include "two.h"
#include "sixteen.h"

/* Bytes of the trial that decides between the two, in sixteen rows, and how often each is tried. */
#define TRIAL_BYTES (16 * 1024)
#define TRIALS 5

static int isWide = 0;

/* SHA-256 of each row; the last may be shorter. The hashes of rows that go together are written when all have been read. */
static void rows(const uint8_t *in, size_t length, size_t row, uint8_t *out) {
  size_t at = 0;
  if (isWide)
    for (; length - at >= 16 * row; at += 16 * row, out += 512) sixteenRows(in + at, row, out);
  twoRows(in + at, length - at, row, out);
}

/* Whether this processor has SSSE3, SSE4.1 and the SHA extensions. */
static int isAble(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1) || !(c & bit_SSSE3)) return 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29));
}

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Nanoseconds for the trial, the best of some. */
static int64_t trial(const uint8_t *in, int wide) {
  uint8_t out[512];
  int64_t best = INT64_MAX;
  for (int i = 0; i < TRIALS; i += 1) {
    const int64_t from = nanoseconds();
    if (wide) sixteenRows(in, TRIAL_BYTES / 16, out);
    else twoRows(in, TRIAL_BYTES, TRIAL_BYTES / 16, out);
    const int64_t took = nanoseconds() - from;
    if (took < best) best = took;
  }
  return best;
}

/* Whether sixteen at a time are possible (the system keeps the wide registers, too) and faster: not on every processor. */
static int isWiderBetter(void) {
  static const uint8_t in[TRIAL_BYTES];
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && trial(in, 1) < trial(in, 0);
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
  napi_value lanes;
  if (isAble() && napi_create_function(env, "hashRows", NAPI_AUTO_LENGTH, hashRows, NULL, &function) == napi_ok) {
    isWide = isWiderBetter();
    napi_set_named_property(env, exports, "hashRows", function);
    if (napi_create_uint32(env, isWide ? 16 : 2, &lanes) == napi_ok) napi_set_named_property(env, exports, "lanes", lanes);
  }
#else
  (void)env;
#endif
  return exports;
}
