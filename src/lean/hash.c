/* Hashes of the lean engine: SHA-256 and SHA-512 (FIPS 180-4) of short texts, which names are made of, and xxHash 3 of files. Pure. */
#include "host.h"
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* The two differ in the width of a word, how often a block is stirred, and by how much words are turned. */
struct kind {
  unsigned word, rounds; /* bytes; turns */
  unsigned char big[2][3], small[2][3]; /* what Σ and σ turn by; the last of σ shifts */
};

static const struct kind kinds[] = {
  {4, 64, {{2, 13, 22}, {6, 11, 25}}, {{7, 18, 3}, {17, 19, 10}}},
  {8, 80, {{28, 34, 39}, {14, 18, 41}}, {{1, 8, 7}, {19, 61, 6}}},
};

/* Fractions of the square roots of the first eight primes, and of the cube roots of the first eighty: SHA-256 takes the upper halves. */
static const uint64_t start[8] = {
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
  0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};
static const uint64_t added[80] = {
  0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538, 0x59f111f1b605d019,
  0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
  0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3,
  0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65, 0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
  0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
  0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
  0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b, 0xa2bfe8a14cf10364, 0xa81a664bbc423001,
  0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
  0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb,
  0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
  0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c, 0xd186b8c721c0c207,
  0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
  0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a,
  0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

/* Words lie in 64 bits; of the narrow ones the upper half is zero. */
static uint64_t narrowed(const struct kind *kind, uint64_t value) { return kind->word == 4 ? (uint32_t)value : value; }
static uint64_t constant(const struct kind *kind, uint64_t value) { return kind->word == 4 ? value >> 32 : value; }

static uint64_t turned(const struct kind *kind, uint64_t value, unsigned by) {
  return narrowed(kind, value >> by | value << (8 * kind->word - by));
}

static uint64_t big(const struct kind *kind, int which, uint64_t value) {
  const unsigned char *by = kind->big[which];
  return turned(kind, value, by[0]) ^ turned(kind, value, by[1]) ^ turned(kind, value, by[2]);
}

static uint64_t small(const struct kind *kind, int which, uint64_t value) {
  const unsigned char *by = kind->small[which];
  return turned(kind, value, by[0]) ^ turned(kind, value, by[1]) ^ value >> by[2];
}

static void stir(const struct kind *kind, uint64_t state[8], const uint8_t *block) {
  uint64_t words[80], now[8];
  for (unsigned at = 0; at < 16; at++) {
    words[at] = 0;
    for (unsigned byte = 0; byte < kind->word; byte++) words[at] = words[at] << 8 | *block++;
  }
  for (unsigned at = 16; at < kind->rounds; at++)
    words[at] = narrowed(kind, small(kind, 1, words[at - 2]) + words[at - 7] + small(kind, 0, words[at - 15]) + words[at - 16]);
  memcpy(now, state, sizeof now);
  for (unsigned at = 0; at < kind->rounds; at++) {
    uint64_t chosen = (now[4] & now[5]) ^ (~now[4] & now[6]), most = (now[0] & now[1]) ^ (now[0] & now[2]) ^ (now[1] & now[2]);
    uint64_t one = now[7] + big(kind, 1, now[4]) + chosen + constant(kind, added[at]) + words[at];
    uint64_t two = big(kind, 0, now[0]) + most;
    memmove(now + 1, now, 7 * sizeof *now);
    now[4] = narrowed(kind, now[4] + one);
    now[0] = narrowed(kind, one + two);
  }
  for (int at = 0; at < 8; at++) state[at] = narrowed(kind, state[at] + now[at]);
}

static size_t hash_digest(bool wide, const uint8_t *bytes, size_t length, uint8_t digest[64]) {
  const struct kind *kind = &kinds[wide];
  size_t block = 16 * kind->word, left = length;
  uint64_t state[8];
  for (int at = 0; at < 8; at++) state[at] = constant(kind, start[at]);
  for (; left >= block; left -= block, bytes += block) stir(kind, state, bytes);
  uint8_t last[256] = {0}; /* the rest, a bit, zeros, the length in bits */
  memcpy(last, bytes, left);
  last[left] = 0x80;
  size_t end = left + 1 + 2 * kind->word <= block ? block : 2 * block;
  for (int byte = 0; byte < 8; byte++) last[end - 1 - byte] = (uint64_t)length * 8 >> 8 * byte;
  for (size_t at = 0; at < end; at += block) stir(kind, state, last + at);
  for (unsigned at = 0; at < 8 * kind->word; at++)
    digest[at] = state[at / kind->word] >> 8 * (kind->word - 1 - at % kind->word);
  return 8 * kind->word;
}

/* host.digest(wide, bytes): an ArrayBuffer */
static JSValue digest(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t length;
  uint8_t found[64], *bytes = bytes_of(context, arguments[1], &length);
  if (bytes == NULL) return JS_EXCEPTION;
  return JS_NewArrayBufferCopy(context, found, hash_digest(JS_ToBool(context, arguments[0]), bytes, length, found));
}

/* host.xxHash3(bytes): a BigInt */
static JSValue xx_hash3(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t length;
  uint8_t *bytes = bytes_of(context, arguments[0], &length);
  return bytes == NULL ? JS_EXCEPTION : JS_NewBigUint64(context, XXH3_64bits(bytes, length));
}

static const JSCFunctionListEntry offered[] = {
  JS_CFUNC_DEF("digest", 2, digest),
  JS_CFUNC_DEF("xxHash3", 1, xx_hash3),
};

void hash_install(JSContext *context, JSValueConst host) {
  JS_SetPropertyFunctionList(context, host, offered, sizeof offered / sizeof *offered);
}
