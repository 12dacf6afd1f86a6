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
 * Structures with a struct_size begin with it: set it to their sizeof, and all that you do not use
 * to 0, as an initializer with designators does. Later versions may add fields at the end; programs
 * that were compiled before go on as they are.
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
  /**
   * A configuration says what it may not, or names a secret file that cannot be used. The
   * detail has a line for each fault, "FILE:LINE: KEY: MESSAGE".
   */
  BATV_STATUS_BAD_CONFIG = 9,
  /**
   * A configuration file cannot be read, is no file, or is open to every user of the system.
   */
  BATV_STATUS_BAD_FILE = 10,
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
 * What to do with a recipient. None of them is 0.
 */
typedef enum batv_action {
  /**
   * Accept it as it is.
   */
  BATV_ACTION_ACCEPT = 1,
  /**
   * Accept it, for the original address.
   */
  BATV_ACTION_ACCEPT_AS = 2,
  /**
   * Refuse it with the reply.
   */
  BATV_ACTION_REFUSE = 3,
} batv_action;

/**
 * Why a message is signed or not, why a recipient is accepted or refused.
 */
typedef enum batv_reason {
  /**
   * Signed.
   */
  BATV_REASON_SIGNED = 0,
  /**
   * Not signed: the null sender never is.
   */
  BATV_REASON_NULL_SENDER = 1,
  /**
   * Not signed, or accepted: it is no address that BATV could judge.
   */
  BATV_REASON_UNREADABLE = 2,
  /**
   * Not signed, or accepted: no key is for the address.
   */
  BATV_REASON_NOT_OURS = 3,
  /**
   * Not signed, or accepted: the address is exempt.
   */
  BATV_REASON_EXEMPT = 4,
  /**
   * Not signed: every recipient is ours, and such mail is left as it is.
   */
  BATV_REASON_LOCAL = 5,
  /**
   * Not signed: a recipient's domain cannot bear tags.
   */
  BATV_REASON_UNTAGGED_DESTINATION = 6,
  /**
   * Not signed: it carries a tag already.
   */
  BATV_REASON_TAGGED = 7,
  /**
   * Not signed: the local-part would be longer than 64 octets. Accepted: it could not have been
   * signed.
   */
  BATV_REASON_TOO_LONG = 8,
  /**
   * Not signed: no key that is for the address signs.
   */
  BATV_REASON_NO_SIGNING_KEY = 9,
  /**
   * Accepted: the client is internal, authenticated or listed.
   */
  BATV_REASON_CLIENT = 10,
  /**
   * Accepted: not a bounce.
   */
  BATV_REASON_NOT_A_BOUNCE = 11,
  /**
   * Accepted: the tag is authentic and in time.
   */
  BATV_REASON_PASS = 12,
  /**
   * Refused: a bounce without a tag.
   */
  BATV_REASON_MISSING = 13,
  /**
   * Refused: a bounce with a malformed tag.
   */
  BATV_REASON_MALFORMED = 14,
  /**
   * Refused: a bounce with a tag of an unknown key.
   */
  BATV_REASON_UNKNOWN_KEY = 15,
  /**
   * Refused: a bounce with a tag that the key did not make.
   */
  BATV_REASON_BAD_SIGNATURE = 16,
  /**
   * Refused: a bounce with a tag whose day has passed.
   */
  BATV_REASON_EXPIRED = 17,
  /**
   * Refused: a further recipient of a bounce.
   */
  BATV_REASON_SECOND_RECIPIENT = 18,
  /**
   * Refused: ordinary mail to a tagged address.
   */
  BATV_REASON_TAGGED_MAIL = 19,
} batv_reason;

/**
 * What a line of the log is about. The numbers are those of syslog(3).
 */
typedef enum batv_log_level {
  /**
   * The file, or a secret file, has become bad: LOG_ERR.
   */
  BATV_LOG_LEVEL_ERROR = 3,
  /**
   * The configuration is a new one: LOG_INFO.
   */
  BATV_LOG_LEVEL_INFO = 6,
} batv_log_level;

/**
 * A configuration file, batv.toml, and what it said when it was last good.
 *
 * Any number of threads may sign, verify, decide, refresh and reload with one configuration at
 * once: none waits for another. While a thread frees it or sets its log, no other may use it.
 */
typedef struct batv_config batv_config;

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

/**
 * Takes a line for the log.
 *
 * level: a batv_log_level.
 * line: a string without a newline, valid until the callback returns. It never holds a secret.
 * user_data: as it was given to batv_config_set_log.
 */
typedef void (*batv_log_callback)(int level, const char *line, void *user_data);

/**
 * A message that leaves, for batv_config_outbound.
 */
typedef struct batv_outbound {
  /**
   * sizeof(batv_outbound).
   */
  size_t struct_size;
  /**
   * The envelope sender, with or without angle brackets; the null sender is "" or "<>".
   */
  const char *mail_from;
  /**
   * Its octets; BATV_NUL_TERMINATED for a string.
   */
  size_t mail_from_length;
  /**
   * When the message was received, in UNIX seconds, 0 or more. It must stay the same over all
   * delivery attempts, or greylisting never lets the message through.
   */
  int64_t time;
  /**
   * All its envelope recipients, with or without angle brackets. NULL where they are not known:
   * the rules on them then do not apply.
   */
  const char *const *recipients;
  /**
   * The octets of each; NULL where all of them are strings.
   */
  const size_t *recipient_lengths;
  /**
   * How many there are.
   */
  size_t recipient_count;
} batv_outbound;

/**
 * A recipient of a message that comes in, and what is known of it at RCPT, for
 * batv_config_inbound.
 */
typedef struct batv_inbound {
  /**
   * sizeof(batv_inbound).
   */
  size_t struct_size;
  /**
   * The envelope sender, with or without angle brackets; the null sender is "" or "<>".
   */
  const char *mail_from;
  /**
   * Its octets; BATV_NUL_TERMINATED for a string.
   */
  size_t mail_from_length;
  /**
   * The recipient, with or without angle brackets.
   */
  const char *rcpt_to;
  /**
   * Its octets; BATV_NUL_TERMINATED for a string.
   */
  size_t rcpt_to_length;
  /**
   * Now, in UNIX seconds, 0 or more.
   */
  int64_t time;
  /**
   * The IP address of the client as inet_ntop writes it; NULL where it is not known.
   */
  const char *client;
  /**
   * Its octets; BATV_NUL_TERMINATED for a string.
   */
  size_t client_length;
  /**
   * 1 when the client is authenticated or internal, else 0.
   */
  int trusted;
  /**
   * The number of recipients of this message before this one.
   */
  uint32_t recipients_before;
} batv_inbound;

/**
 * The decision on a recipient.
 */
typedef struct batv_decision {
  /**
   * sizeof(batv_decision), set by the caller.
   */
  size_t struct_size;
  /**
   * A batv_action.
   */
  int action;
  /**
   * A batv_reason.
   */
  int reason;
  /**
   * 1 when the policy only monitors, and the recipient would have been refused for this reason;
   * else 0.
   */
  int monitored;
  /**
   * The code of the reply for BATV_ACTION_REFUSE, 550 (RFC 5321 section 4.2.3), else 0.
   */
  int reply_code;
  /**
   * Its enhanced status code, "5.7.1" (RFC 3463), else "".
   */
  char reply_enhanced[16];
  /**
   * Its text, without the codes: ASCII, one line; else "".
   */
  char reply_text[256];
} batv_decision;

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
 * That of a configuration has several lines, without a newline behind the last; 4095 octets at
 * most.
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
 * Loads a configuration file and the secret files that it names.
 *
 * path, path_length: the file; BATV_NUL_TERMINATED for a string. One that does not begin with
 * '/' belongs to the working directory, which must then stay the same.
 * config: where the configuration goes, which batv_config_free frees.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_CONFIG or _BAD_FILE. Thread-safe.
 */
int batv_config_open(const char *path, size_t path_length, struct batv_config **config);

/**
 * Frees a configuration and wipes its secrets from memory. NULL is nothing to free.
 *
 * No thread may use the configuration any more.
 */
void batv_config_free(struct batv_config *config);

/**
 * Sets what is called with each line for the log. Without it nothing is logged.
 *
 * callback: NULL to log no more.
 * user_data: passed to the callback; the library does not look at it.
 *
 * Only batv_config_refresh and batv_config_reload call it, in the thread that calls them and
 * before they return: a BATV_LOG_LEVEL_INFO line when the configuration is a new one; when the
 * file is bad a BATV_LOG_LEVEL_ERROR line for each fault, and one that says that the last good
 * configuration stays. Threads that load at the same time call it at the same time.
 *
 * It may call every function of the library with this configuration but batv_config_free and
 * batv_config_set_log. It must return: neither a C++ exception nor longjmp may leave it.
 *
 * Returns BATV_STATUS_OK or _NULL_POINTER. No other thread may use the configuration meanwhile.
 */
int batv_config_set_log(struct batv_config *config, batv_log_callback callback, void *user_data);

/**
 * Loads the file again if it, or a secret file, has changed. One look at each tells: call it for
 * every message, or every connection.
 *
 * changed: where 1 goes when the configuration is a new one, else 0; may be NULL.
 *
 * When the file has become bad the last good configuration stays. The status tells, once for each
 * change of the file and in one thread; the detail and the log have the faults. One thread loads,
 * and the others go on with the old configuration meanwhile.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_CONFIG or _BAD_FILE. Thread-safe.
 */
int batv_config_refresh(const struct batv_config *config, int *changed);

/**
 * Loads the file again, changed or not, as for a signal of the administrator.
 *
 * When it is bad the last good configuration stays; the detail and the log have the faults.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_CONFIG or _BAD_FILE. Thread-safe.
 */
int batv_config_reload(const struct batv_config *config);

/**
 * Judges the address that a bounce comes to, by the keys of its domain, and decides nothing: that
 * is batv_config_inbound.
 *
 * All but config is as for batv_keyring_verify. A tag on an address that no key is for is
 * BATV_VERDICT_UNKNOWN_KEY.
 *
 * Returns BATV_STATUS_OK, whatever the verdict, or _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS
 * (also for the null reverse-path), _BUFFER_TOO_SMALL. Thread-safe.
 */
int batv_config_verify(const struct batv_config *config,
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
 * Signs the sender of a message whose recipients are not known, if the configuration says so.
 *
 * address, address_length: the envelope sender, with or without angle brackets;
 * BATV_NUL_TERMINATED for a string.
 * time: when the message was received, in UNIX seconds, 0 or more. It must stay the same over
 * all delivery attempts, or greylisting never lets the message through.
 * buffer, size, length: where the sender goes, signed or as it is, as with every buffer (see the
 * top). It has at most BATV_TAG_LENGTH octets more than the address, and those of '@' and the
 * default domain where the address has no domain.
 * reason: where a batv_reason goes, BATV_REASON_SIGNED or why not; may be NULL.
 *
 * Returns BATV_STATUS_OK, signed or not, or _NULL_POINTER, _BAD_VALUE, _BUFFER_TOO_SMALL.
 * Thread-safe.
 */
int batv_config_sign(const struct batv_config *config,
                     const char *address,
                     size_t address_length,
                     int64_t time,
                     char *buffer,
                     size_t size,
                     size_t *length,
                     int *reason);

/**
 * Decides on the sender of a message that leaves: signed or not.
 *
 * outbound: the message.
 * buffer, size, length: where the sender goes, signed or as it is, as with every buffer (see the
 * top). It has at most BATV_TAG_LENGTH octets more than mail_from, and those of '@' and the
 * default domain where that has no domain.
 * reason: where a batv_reason goes, BATV_REASON_SIGNED or why not; may be NULL.
 *
 * Returns BATV_STATUS_OK, signed or not, or _NULL_POINTER, _BAD_VALUE, _BUFFER_TOO_SMALL.
 * Thread-safe.
 */
int batv_config_outbound(const struct batv_config *config,
                         const struct batv_outbound *outbound,
                         char *buffer,
                         size_t size,
                         size_t *length,
                         int *reason);

/**
 * Decides on a recipient of a message that comes in: accepted, accepted for the original address,
 * or refused. Each recipient is judged by itself.
 *
 * inbound: the recipient, and what is known of it.
 * decision: where the decision goes; its struct_size has to be set.
 * buffer, size, length: where the address to deliver to goes, as with every buffer (see the top):
 * the original address for BATV_ACTION_ACCEPT_AS, with angle brackets if the recipient had; the
 * recipient as it is for BATV_ACTION_ACCEPT; the empty string for BATV_ACTION_REFUSE. It is no
 * longer than the recipient, but for '@' and the default domain where that has no domain.
 *
 * On failure nothing is decided: answer 451, so that the sender tries again. Returns
 * BATV_STATUS_OK, whatever the decision, or _NULL_POINTER, _BAD_VALUE (also for a client that is
 * no IP address), _BUFFER_TOO_SMALL. Thread-safe.
 */
int batv_config_inbound(const struct batv_config *config,
                        const struct batv_inbound *inbound,
                        struct batv_decision *decision,
                        char *buffer,
                        size_t size,
                        size_t *length);

/**
 * The word of a reason for logs, such as "not-a-bounce" for BATV_REASON_NOT_A_BOUNCE. These do
 * not change.
 *
 * reason: a batv_reason.
 *
 * Returns a static string, "unknown" for a number that is no reason; never NULL. Thread-safe.
 */
const char *batv_reason_text(int reason);

/**
 * The word of an action for logs: "accept", "accept-as" or "refuse". These do not change.
 *
 * action: a batv_action.
 *
 * Returns a static string, "unknown" for a number that is no action; never NULL. Thread-safe.
 */
const char *batv_action_text(int action);

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
