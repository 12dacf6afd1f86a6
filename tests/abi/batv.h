/* clang-format off */
/*
 * libbatv: Bounce Address Tag Validation (BATV), signed envelope senders.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Made from batv-ffi/src. Link with `pkg-config --cflags --libs batv`. See also libbatv(3).
 *
 * Statuses. Functions that can fail return an int, a batv_status: BATV_STATUS_OK, which is 0, or
 * why not. BATV_STATUS_INTERNAL stands for a fault of the library and may come from each of them.
 * batv_last_error has the detail. Outputs are written only on success, with one exception: the
 * length that a buffer needs.
 *
 * Strings are octets: they are never converted. Where a string comes with a length, that is its
 * octets without a NUL, or BATV_NUL_TERMINATED for a string that ends in a NUL. Nothing that the
 * caller passes is kept after the return.
 *
 * Buffers. A result is written into buffer, which has size octets, and is always NUL-terminated.
 * Its length, without the NUL, goes to *length, unless length is NULL. Where the result and its
 * NUL do not fit, nothing but *length is written, and the status is
 * BATV_STATUS_BUFFER_TOO_SMALL: call again with *length + 1 octets. A NULL buffer of size 0
 * succeeds and only tells the length, as with snprintf. A buffer must not overlap the input.
 *
 * Times are UNIX seconds, arguments always: the library reads no clock.
 *
 * Threads. Functions are safe to call from any number of threads, on one handle too, unless they
 * say otherwise; also after fork. The library has no threads, signal handlers, output,
 * environment or locale of its own, and leaves errno as it was.
 *
 * Enumerations pass as int, and every int is checked. Their numbers, and those of the statuses,
 * do not change; later versions may have more.
 */


#ifndef BATV_H
#define BATV_H

#include <stddef.h>
#include <stdint.h>

/* The version of this header; batv_version() and batv_version_number() tell the library's. */
#define BATV_VERSION "0.1.0"
#define BATV_VERSION_NUMBER 100

/** Instead of the length of a string: it ends in a NUL. */
#define BATV_NUL_TERMINATED ((size_t)-1)

/** The octets that a tag adds to an address. */
#define BATV_TAG_LENGTH 16

/**
 * What a function returns. The numbers are fixed; those of retired statuses are not used again.
 */
typedef enum batv_status {
  /**
   * It worked.
   */
  BATV_STATUS_OK = 0,
  /**
   * A pointer that has to point somewhere is NULL.
   */
  BATV_STATUS_NULL_POINTER = 1,
  /**
   * An integer is outside of its range, or two buffers overlap.
   */
  BATV_STATUS_BAD_VALUE = 2,
  /**
   * A text is no address.
   */
  BATV_STATUS_BAD_ADDRESS = 3,
  /**
   * A secret is empty.
   */
  BATV_STATUS_BAD_SECRET = 4,
  /**
   * The key ring has no key of that number.
   */
  BATV_STATUS_UNKNOWN_KEY = 5,
  /**
   * No key of the key ring signs.
   */
  BATV_STATUS_NO_SIGNING_KEY = 6,
  /**
   * The buffer is too small; the length that it needs has been told.
   */
  BATV_STATUS_BUFFER_TOO_SMALL = 7,
  /**
   * A fault of the library itself.
   */
  BATV_STATUS_INTERNAL = 8,
} batv_status;

/**
 * The settings of a key ring, for batv_keyring_set.
 */
typedef enum batv_setting {
  /**
   * How many days tags are good for after the day they are made, 1 to 99; 7 unless set. For
   * signing alone: a tag says itself when it expires.
   */
  BATV_SETTING_LIFETIME = 0,
  /**
   * The syntax of the tags that are made, a batv_syntax. Both are read.
   */
  BATV_SETTING_SYNTAX = 1,
  /**
   * The octet before the tag of a sub-address, made or read; '+' unless set.
   */
  BATV_SETTING_DELIMITER = 2,
  /**
   * Which writing of an address is hashed when signing, a batv_hash_case. Both are verified.
   */
  BATV_SETTING_HASH_CASE = 3,
  /**
   * 1 to sign also where the local-part grows beyond the 64 octets of RFC 5321 section
   * 4.5.3.1.1, which many servers accept; 0 unless set.
   */
  BATV_SETTING_LONG_LOCAL_PARTS = 4,
} batv_setting;

/**
 * How a tag is written into the local-part.
 */
typedef enum batv_syntax {
  /**
   * prvs=KDDDSSSSSS=user@example.com, which every peer reads.
   */
  BATV_SYNTAX_PREFIX = 0,
  /**
   * user+prvs=KDDDSSSSSS@example.com, which servers with sub-addresses deliver untaught.
   */
  BATV_SYNTAX_SUB_ADDRESS = 1,
} batv_syntax;

/**
 * Which writing of an address is hashed when signing.
 */
typedef enum batv_hash_case {
  /**
   * The address in lower case and without needless quotes: the tag survives servers that fold
   * local-parts.
   */
  BATV_HASH_CASE_FOLD = 0,
  /**
   * The address as it stands, for peers that compare case.
   */
  BATV_HASH_CASE_EXACT = 1,
} batv_hash_case;

/**
 * What batv_keyring_sign made of an address.
 */
typedef enum batv_outcome {
  /**
   * It is signed.
   */
  BATV_OUTCOME_SIGNED = 0,
  /**
   * The null reverse-path, empty or "<>": it is never signed.
   */
  BATV_OUTCOME_NULL_SENDER = 1,
  /**
   * It carries a tag already and stays as it is.
   */
  BATV_OUTCOME_TAGGED = 2,
  /**
   * Its local-part would be longer than 64 octets. See BATV_SETTING_LONG_LOCAL_PARTS.
   */
  BATV_OUTCOME_TOO_LONG = 3,
} batv_outcome;

/**
 * What batv_keyring_verify says of an address: the first of these that applies, in this order.
 *
 * Only BATV_VERDICT_PASS proves anything, and it is not 0.
 */
typedef enum batv_verdict {
  /**
   * There is no tag.
   */
  BATV_VERDICT_MISSING = 0,
  /**
   * "prvs=" and a second "=", but what stands between is no tag value.
   */
  BATV_VERDICT_MALFORMED = 1,
  /**
   * The key ring has no secret of the tag's key number.
   */
  BATV_VERDICT_UNKNOWN_KEY = 2,
  /**
   * The hash is not the one that the secret makes.
   */
  BATV_VERDICT_BAD_SIGNATURE = 3,
  /**
   * Authentic, but its day has passed.
   */
  BATV_VERDICT_EXPIRED = 4,
  /**
   * Authentic and in time.
   */
  BATV_VERDICT_PASS = 5,
} batv_verdict;

/**
 * The form of a tag, named for the standard or the product that it was seen from.
 */
typedef enum batv_dialect {
  /**
   * There is no tag.
   */
  BATV_DIALECT_NONE = 0,
  /**
   * prvs=KDDDSSSSSS=user@: draft-levine-smtp-batv-01, Exim, Halon, MDaemon and others.
   */
  BATV_DIALECT_DRAFT = 1,
  /**
   * prvs=DDDSSSSSS=user@, without a key number: Cisco IronPort.
   */
  BATV_DIALECT_IRONPORT = 2,
  /**
   * prvs=user=KDDDSSSSSS@.
   */
  BATV_DIALECT_SWAPPED = 3,
  /**
   * prvs=user/KDDDSSSSSS@: Exim before 4.68.
   */
  BATV_DIALECT_SLASH = 4,
  /**
   * user+prvs=KDDDSSSSSS@: batv-tools.
   */
  BATV_DIALECT_SUB_ADDRESS = 5,
  /**
   * btv1==DDDSSSSSSSS==user@: Barracuda.
   */
  BATV_DIALECT_BARRACUDA = 6,
  /**
   * msprvs1=DDDDDSSSSSSSS=user@: SparkPost, Momentum.
   */
  BATV_DIALECT_SPARKPOST = 7,
} batv_dialect;

/**
 * A key ring: secrets by key number, 0 to 9, of which one signs and all verify.
 *
 * Any number of threads may sign and verify with one key ring at once. While a thread changes or
 * frees it, no other may use it.
 */
typedef struct batv_keyring batv_keyring;

/**
 * A part of the input.
 */
typedef struct batv_part {
  /**
   * Where it begins, in octets from the start of the input.
   */
  size_t offset;
  /**
   * Its octets.
   */
  size_t length;
} batv_part;

/**
 * An original address: the parts of the input that make it up, one after another.
 */
typedef struct batv_parts {
  /**
   * How many there are: 1 unless the tag stood inside angle brackets or quotes, or behind the
   * local-part; 0 for an empty input.
   */
  size_t count;
  /**
   * The parts, none of them empty. Those from count on are 0.
   */
  struct batv_part part[3];
} batv_parts;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The text of a status, such as "buffer is too small".
 *
 * Returns a static string, also for a number that is no status; never NULL. Thread-safe.
 */
const char *batv_status_text(int status);

/**
 * The detail of the last failure in the calling thread, such as
 * "control '\r' at octet 4": what was wrong with the input, and where. It never holds a secret.
 *
 * Returns a string of the library, empty when nothing has failed yet; never NULL. It is valid
 * until the next failure in the same thread, and until the thread ends. Success leaves it as it
 * is: ask only after a failure. Each thread has its own.
 */
const char *batv_last_error(void);

/**
 * Makes a key ring without keys.
 *
 * Returns the key ring, which batv_keyring_free frees; NULL only for an internal error.
 * Thread-safe.
 */
struct batv_keyring *batv_keyring_new(void);

/**
 * Frees a key ring and wipes its secrets from memory. NULL is nothing to free.
 *
 * No thread may use the key ring any more.
 */
void batv_keyring_free(struct batv_keyring *keyring);

/**
 * Adds a secret, for verifying; it takes the place of one that had the number.
 *
 * key_number: 0 to 9.
 * secret, secret_length: the octets of the secret, any, one or more; BATV_NUL_TERMINATED for a
 * string. It is not kept. Under 16 octets it can be guessed.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE or _BAD_SECRET. No other thread may use the
 * key ring meanwhile.
 */
int batv_keyring_add(struct batv_keyring *keyring,
                     int key_number,
                     const char *secret,
                     size_t secret_length);

/**
 * Chooses the key that signs.
 *
 * key_number: 0 to 9, of a secret that has been added.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE or _UNKNOWN_KEY. No other thread may use the
 * key ring meanwhile.
 */
int batv_keyring_sign_with(struct batv_keyring *keyring, int key_number);

/**
 * Changes a setting.
 *
 * setting: a batv_setting, which says what values there are.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER or _BAD_VALUE. No other thread may use the key ring
 * meanwhile.
 */
int batv_keyring_set(struct batv_keyring *keyring, int setting, int value);

/**
 * Signs the sender of a message that leaves.
 *
 * address, address_length: the envelope sender, with or without angle brackets;
 * BATV_NUL_TERMINATED for a string.
 * time: when the message was received, in UNIX seconds, 0 or more. It must stay the same over
 * all delivery attempts, or greylisting never lets the message through.
 * buffer, size, length: where the result goes, as with every buffer (see the top). It has at
 * most BATV_TAG_LENGTH octets more than the address.
 * outcome: where a batv_outcome goes; may be NULL. What cannot or need not be signed is no
 * failure: it is written as it is, to be sent as it is, and the outcome says why.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS, _NO_SIGNING_KEY or
 * _BUFFER_TOO_SMALL. Thread-safe.
 */
int batv_keyring_sign(const struct batv_keyring *keyring,
                      const char *address,
                      size_t address_length,
                      int64_t time,
                      char *buffer,
                      size_t size,
                      size_t *length,
                      int *outcome);

/**
 * Judges the address that a bounce comes to.
 *
 * address, address_length: the envelope recipient, with or without angle brackets;
 * BATV_NUL_TERMINATED for a string.
 * time: now, in UNIX seconds, 0 or more.
 * verdict: where a batv_verdict goes.
 * buffer, size, length: where the original address goes for BATV_VERDICT_PASS and
 * BATV_VERDICT_EXPIRED, as with every buffer (see the top); the empty string for the others. It
 * is shorter than the address.
 * key_number: where the number of the key that signed goes, 0 to 9; may be NULL.
 * days_left: where the days go until the tag expires, 0 to 100, 0 also when it has; may be NULL.
 * Both are -1 for a verdict other than BATV_VERDICT_PASS and BATV_VERDICT_EXPIRED.
 *
 * Returns BATV_STATUS_OK, whatever the verdict, or _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS
 * (also for the null reverse-path), _BUFFER_TOO_SMALL. Thread-safe.
 */
int batv_keyring_verify(const struct batv_keyring *keyring,
                        const char *address,
                        size_t address_length,
                        int64_t time,
                        int *verdict,
                        char *buffer,
                        size_t size,
                        size_t *length,
                        int *key_number,
                        int *days_left);

/**
 * The word of a verdict for logs: "missing", "malformed", "unknown-key", "bad-signature",
 * "expired" or "pass". These do not change.
 *
 * verdict: a batv_verdict.
 *
 * Returns a static string, "unknown" for a number that is no verdict; never NULL. Thread-safe.
 */
const char *batv_verdict_text(int verdict);

/**
 * Takes one tag off an address, whoever made it, and tells where in the input the original lies.
 * Nothing is copied, and nothing is proved: only batv_keyring_verify does that.
 *
 * address, address_length: the address, with or without angle brackets, or the null
 * reverse-path; BATV_NUL_TERMINATED for a string.
 * dialect: where a batv_dialect goes; may be NULL.
 * original: where the parts of the original address go: the whole input where there is no tag.
 *
 * Nested tags come off one layer a call. Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE or
 * _BAD_ADDRESS. Thread-safe.
 */
int batv_strip(const char *address,
               size_t address_length,
               int *dialect,
               struct batv_parts *original);

/**
 * As batv_strip, but writes the original address into a buffer.
 *
 * address, address_length, dialect: as for batv_strip.
 * buffer, size, length: where the original address goes, as with every buffer (see the top). It
 * is no longer than the address.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS or _BUFFER_TOO_SMALL.
 * Thread-safe.
 */
int batv_strip_copy(const char *address,
                    size_t address_length,
                    int *dialect,
                    char *buffer,
                    size_t size,
                    size_t *length);

/**
 * The name of a dialect for logs: "none", "draft", "ironport", "swapped", "slash",
 * "sub-address", "barracuda" or "sparkpost". These do not change.
 *
 * dialect: a batv_dialect.
 *
 * Returns a static string, "unknown" for a number that is no dialect; never NULL. Thread-safe.
 */
const char *batv_dialect_text(int dialect);

/**
 * The version of the library that runs, such as "0.1.0"; BATV_VERSION is that of the header.
 *
 * Returns a static string; never NULL. Thread-safe.
 */
const char *batv_version(void);

/**
 * The version of the library that runs as a number, 10000 * major + 100 * minor + patch;
 * BATV_VERSION_NUMBER is that of the header. Thread-safe.
 */
int batv_version_number(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* BATV_H */
