/* clang-format off */
/*
 * libbatv: Bounce Address Tag Validation (BATV), signed envelope senders.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Generated from batv-ffi/src. Link with `pkg-config --cflags --libs batv`. See also libbatv(3).
 *
 * Statuses. Functions that can fail return a batv_status: BATV_STATUS_OK, which is 0, or why not.
 * BATV_STATUS_INTERNAL is an error in the library, which any of them may return.
 * batv_last_error has the detail. Outputs are written only on success, with one exception: the
 * length that a buffer needs.
 *
 * Strings are octets and are never converted. The length that goes with a string is its number of
 * octets without a NUL, or BATV_NUL_TERMINATED for a string that ends in a NUL. The library keeps
 * nothing that the caller passes. A string of more than 65536 octets is BATV_STATUS_BAD_VALUE: none in
 * SMTP is as long. An address of length 0 is BATV_STATUS_BAD_VALUE, since its length was probably
 * forgotten; the null sender is "<>", or "" with BATV_NUL_TERMINATED. An address with a control
 * character, such as NUL, CR or LF, is BATV_STATUS_BAD_ADDRESS.
 *
 * Buffers. A result is written into buffer, which has size octets, and is always NUL-terminated.
 * Its length, without the NUL, goes to *length, unless length is NULL. If the result and its
 * NUL do not fit, nothing but *length is written, and the status is
 * BATV_STATUS_BUFFER_TOO_SMALL: call again with *length + 1 octets. A NULL buffer of size 0
 * succeeds and only gets the length, as with snprintf. A buffer must not overlap the input.
 *
 * Initialise structures that have a struct_size with their BATV_..._INIT, which sets struct_size, and
 * the lengths to BATV_NUL_TERMINATED; then set what you know. Later versions may add fields at the
 * end, for which 0 means that they are not used; programs compiled before that keep working.
 *
 * Times are UNIX seconds and always arguments: the library reads no clock. A time of 0 or less is
 * BATV_STATUS_BAD_VALUE.
 *
 * Threads. Functions are safe to call from any number of threads, on one handle too, unless they
 * say otherwise; also after fork. The library has no threads, signal handlers, output,
 * environment or locale of its own, and leaves errno as it was.
 *
 * Memory. If there is no memory for the recipients that were passed, the status is
 * BATV_STATUS_NO_MEMORY. Other allocations have at most 2 MiB, since the length of strings is limited,
 * or depend on the configuration file, which has at most 32 MiB. If one of these fails, the process
 * aborts: Rust's standard library knows no other way.
 *
 * Enumerations are integers of 32 bits. Any number may be passed: one without a meaning is
 * BATV_STATUS_BAD_VALUE. The numbers do not change; later versions may add some.
 */


#ifndef BATV_H
#define BATV_H

#include <stddef.h>
#include <stdint.h>

/* The version of this header; batv_version() and batv_version_number() are the library's. */
#define BATV_VERSION "0.1.0"
#define BATV_VERSION_NUMBER 100

/** Used as the length of a string that ends in a NUL. */
#define BATV_NUL_TERMINATED SIZE_MAX

/** The octets that a tag adds to an address. */
#define BATV_TAG_LENGTH 16

#if defined(__GNUC__)
#define BATV_MUST_USE __attribute__((warn_unused_result))
#define BATV_NONNULL(...) __attribute__((nonnull(__VA_ARGS__)))
#else
#define BATV_MUST_USE
#define BATV_NONNULL(...)
#endif

#ifdef __cplusplus
#define BATV_UNSET(type) type()
#else
#define BATV_UNSET(type) 0
#endif

/** What a batv_message begins as: set mail_from and time at least. */
#define BATV_MESSAGE_INIT { \
  sizeof(batv_message), NULL, BATV_NUL_TERMINATED, NULL, BATV_NUL_TERMINATED, 0, \
  NULL, BATV_NUL_TERMINATED, 0, NULL, 0 }

/** What a batv_recipient begins as: set mail_from, rcpt_to and time at least. */
#define BATV_RECIPIENT_INIT { \
  sizeof(batv_recipient), NULL, BATV_NUL_TERMINATED, NULL, BATV_NUL_TERMINATED, \
  NULL, BATV_NUL_TERMINATED, NULL, BATV_NUL_TERMINATED, 0, NULL, BATV_NUL_TERMINATED, 0, 0, \
  NULL, BATV_NUL_TERMINATED }

/** What a batv_outbound_decision begins as. */
#define BATV_OUTBOUND_DECISION_INIT { \
  sizeof(batv_outbound_decision), BATV_UNSET(batv_outbound_reason), -1 }

/** What a batv_inbound_decision begins as. */
#define BATV_INBOUND_DECISION_INIT { \
  sizeof(batv_inbound_decision), BATV_UNSET(batv_action), BATV_UNSET(batv_inbound_reason), 0, \
  -1, -1, "", "", "" }

/**
 * What a function returns. The numbers are fixed; those of retired statuses are not used again.
 */
enum batv_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Success.
   */
  BATV_STATUS_OK = 0,
  /**
   * A pointer that must not be NULL is NULL.
   */
  BATV_STATUS_NULL_POINTER = 1,
  /**
   * An integer is out of range or was left unset, a string is too long, a client is not an
   * IP address, or two buffers overlap.
   */
  BATV_STATUS_BAD_VALUE = 2,
  /**
   * A text is not an address, or contains a control character.
   */
  BATV_STATUS_BAD_ADDRESS = 3,
  /**
   * A secret is empty.
   */
  BATV_STATUS_BAD_SECRET = 4,
  /**
   * The key ring has no key with that number.
   */
  BATV_STATUS_UNKNOWN_KEY = 5,
  /**
   * No key in the key ring signs.
   */
  BATV_STATUS_NO_SIGNING_KEY = 6,
  /**
   * The buffer is too small; the length that it needs has been written.
   */
  BATV_STATUS_BUFFER_TOO_SMALL = 7,
  /**
   * An error in the library itself.
   */
  BATV_STATUS_INTERNAL = 8,
  /**
   * A configuration has faults, or names a secret file that cannot be used. The
   * detail has a line for each fault, "FILE:LINE: SETTING: MESSAGE".
   */
  BATV_STATUS_BAD_CONFIG = 9,
  /**
   * A configuration file cannot be read, is not a file, or is open to every user of the system.
   */
  BATV_STATUS_BAD_FILE = 10,
  /**
   * There is no memory for as many recipients as the caller passed.
   */
  BATV_STATUS_NO_MEMORY = 11,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_status batv_status;
#else
typedef int32_t batv_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What batv_keyring_verify and batv_config_verify say about an address: the first of these that
 * applies, in this order.
 *
 * Only BATV_VERDICT_PASS proves anything, and it is not 0.
 */
enum batv_verdict
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * There is no tag.
   */
  BATV_VERDICT_MISSING = 0,
  /**
   * "prvs=" and a second "=", but what is between them is not KDDDSSSSSS.
   */
  BATV_VERDICT_MALFORMED = 1,
  /**
   * There is no secret with the tag's key number.
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
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_verdict batv_verdict;
#else
typedef int32_t batv_verdict;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why the sender of a message is signed or stays as it is. None of them is 0.
 */
enum batv_outbound_reason
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * It is signed.
   */
  BATV_OUTBOUND_REASON_SIGNED = 1,
  /**
   * The null sender is never signed.
   */
  BATV_OUTBOUND_REASON_NULL_SENDER = 2,
  /**
   * It is not an address.
   */
  BATV_OUTBOUND_REASON_UNREADABLE = 3,
  /**
   * No key is for it.
   */
  BATV_OUTBOUND_REASON_NOT_OURS = 4,
  /**
   * It is exempt.
   */
  BATV_OUTBOUND_REASON_EXEMPT = 5,
  /**
   * The client is known, and neither trusted nor in the internal networks.
   */
  BATV_OUTBOUND_REASON_NOT_INTERNAL = 6,
  /**
   * Every recipient is ours, and such mail is left as it is.
   */
  BATV_OUTBOUND_REASON_LOCAL = 7,
  /**
   * A recipient's domain cannot bear tags.
   */
  BATV_OUTBOUND_REASON_UNTAGGED_DESTINATION = 8,
  /**
   * It carries a tag already.
   */
  BATV_OUTBOUND_REASON_TAGGED = 9,
  /**
   * The local-part would be longer than 64 octets. See BATV_SETTING_LONG_LOCAL_PARTS.
   */
  BATV_OUTBOUND_REASON_TOO_LONG = 10,
  /**
   * No key that is for it signs.
   */
  BATV_OUTBOUND_REASON_NO_SIGNING_KEY = 11,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_outbound_reason batv_outbound_reason;
#else
typedef int32_t batv_outbound_reason;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why a recipient is accepted or refused. None of them is 0.
 */
enum batv_inbound_reason
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Refused: a bounce to what is not an address.
   */
  BATV_INBOUND_REASON_UNREADABLE = 1,
  /**
   * Accepted: no key is for the recipient.
   */
  BATV_INBOUND_REASON_NOT_OURS = 2,
  /**
   * Accepted: the client is trusted, internal or listed.
   */
  BATV_INBOUND_REASON_CLIENT = 3,
  /**
   * Accepted: the recipient is exempt.
   */
  BATV_INBOUND_REASON_EXEMPT = 4,
  /**
   * Accepted: not a bounce.
   */
  BATV_INBOUND_REASON_NOT_A_BOUNCE = 5,
  /**
   * Accepted: the tag is authentic and in time.
   */
  BATV_INBOUND_REASON_PASS = 6,
  /**
   * Accepted: the recipient is too long to have been signed.
   */
  BATV_INBOUND_REASON_TOO_LONG = 7,
  /**
   * Refused: a bounce without a tag.
   */
  BATV_INBOUND_REASON_MISSING = 8,
  /**
   * Refused: a bounce with a malformed tag.
   */
  BATV_INBOUND_REASON_MALFORMED = 9,
  /**
   * Refused: a bounce with a tag of an unknown key.
   */
  BATV_INBOUND_REASON_UNKNOWN_KEY = 10,
  /**
   * Refused: a bounce with a tag that the key did not make.
   */
  BATV_INBOUND_REASON_BAD_SIGNATURE = 11,
  /**
   * Refused: a bounce with a tag whose day has passed.
   */
  BATV_INBOUND_REASON_EXPIRED = 12,
  /**
   * Refused: a further recipient of a bounce.
   */
  BATV_INBOUND_REASON_SECOND_RECIPIENT = 13,
  /**
   * Refused: ordinary mail to a tagged address.
   */
  BATV_INBOUND_REASON_TAGGED_MAIL = 14,
  /**
   * Accepted: a bounce that would be refused, but does not say that it is a delivery report.
   */
  BATV_INBOUND_REASON_NOT_A_REPORT = 15,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_inbound_reason batv_inbound_reason;
#else
typedef int32_t batv_inbound_reason;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The settings of a key ring, for batv_keyring_set.
 */
enum batv_setting
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
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
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_setting batv_setting;
#else
typedef int32_t batv_setting;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The form of a tag, named for the standard or the product that it was seen from.
 */
enum batv_dialect
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
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
   * prvs=user=KDDDSSSSSS@, also without the key number.
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
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_dialect batv_dialect;
#else
typedef int32_t batv_dialect;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How serious a line of the log is. The numbers are those of syslog(3).
 */
enum batv_log_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The file, or a secret file, has become bad: LOG_ERR.
   */
  BATV_LOG_LEVEL_ERROR = 3,
  /**
   * Something in the file works, but may lose bounces: LOG_WARNING.
   */
  BATV_LOG_LEVEL_WARNING = 4,
  /**
   * A new configuration has been loaded: LOG_INFO.
   */
  BATV_LOG_LEVEL_INFO = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_log_level batv_log_level;
#else
typedef int32_t batv_log_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What to do with a recipient. None of them is 0.
 */
enum batv_action
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Accept it as it is.
   */
  BATV_ACTION_ACCEPT = 1,
  /**
   * Accept it, for the original address.
   */
  BATV_ACTION_ORIGINAL = 2,
  /**
   * Refuse it with the reply.
   */
  BATV_ACTION_REFUSE = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_action batv_action;
#else
typedef int32_t batv_action;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How a tag is written into the local-part.
 */
enum batv_syntax
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * prvs=KDDDSSSSSS=user@example.com, which every peer reads.
   */
  BATV_SYNTAX_PREFIX = 0,
  /**
   * user+prvs=KDDDSSSSSS@example.com, which servers that know sub-addresses deliver as they are.
   */
  BATV_SYNTAX_SUB_ADDRESS = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_syntax batv_syntax;
#else
typedef int32_t batv_syntax;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Which writing of an address is hashed when signing.
 */
enum batv_hash_case
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The address in lower case and without needless quotes: the tag survives servers that fold
   * local-parts.
   */
  BATV_HASH_CASE_FOLD = 0,
  /**
   * The address as it stands, for peers that compare case.
   */
  BATV_HASH_CASE_EXACT = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum batv_hash_case batv_hash_case;
#else
typedef int32_t batv_hash_case;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A configuration file, batv.toml, and what it said when it was last good; or a snapshot of it,
 * which does not change.
 *
 * Any number of threads may sign, verify, decide, refresh, reload and take snapshots with one
 * configuration at once: none waits for another. While a thread frees it or sets its log, no other
 * may use it.
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
   * Its length in octets.
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
typedef void (*batv_log_callback)(batv_log_level level, const char *line, void *user_data);

/**
 * An address in an array of them.
 */
typedef struct batv_address {
  /**
   * Its octets, with or without angle brackets.
   */
  const char *text;
  /**
   * Its length in octets; BATV_NUL_TERMINATED for a string.
   */
  size_t length;
} batv_address;

/**
 * A message that leaves, for batv_config_outbound. Begin with BATV_MESSAGE_INIT.
 */
typedef struct batv_message {
  /**
   * sizeof(batv_message).
   */
  size_t struct_size;
  /**
   * The envelope sender, with or without angle brackets; the null sender is "" or "<>".
   */
  const char *mail_from;
  /**
   * Its length in octets; BATV_NUL_TERMINATED for a string.
   */
  size_t mail_from_length;
  /**
   * The same as the server itself reads it, such as Postfix's macro {mail_addr}; NULL where it does
   * not say.
   */
  const char *mail_from_resolved;
  /**
   * Its length in octets; BATV_NUL_TERMINATED for a string.
   */
  size_t mail_from_resolved_length;
  /**
   * When the message was received, in UNIX seconds, 1 or more. It must stay the same over all
   * delivery attempts, or greylisting never lets the message through.
   */
  int64_t time;
  /**
   * The IP address of the client as inet_ntop writes it; NULL if it is not known.
   */
  const char *client;
  /**
   * Its length in octets; BATV_NUL_TERMINATED for a string.
   */
  size_t client_length;
  /**
   * 1 if the client is authenticated or local, else 0.
   */
  int trusted;
  /**
   * All its envelope recipients. NULL if they are not known: the rules about them then do not apply.
   */
  const struct batv_address *recipients;
  /**
   * How many there are.
   */
  size_t recipient_count;
} batv_message;

/**
 * The decision on a message. Begin with BATV_OUTBOUND_DECISION_INIT.
 */
typedef struct batv_outbound_decision {
  /**
   * sizeof(batv_outbound_decision), set by the caller.
   */
  size_t struct_size;
  /**
   * BATV_OUTBOUND_REASON_SIGNED, or why the sender stays as it is.
   */
  batv_outbound_reason reason;
  /**
   * The number of the key that signed; -1 if none did.
   */
  int key_number;
} batv_outbound_decision;

/**
 * A recipient of a message that comes in, and what is known of it at RCPT, for
 * batv_config_inbound. Begin with BATV_RECIPIENT_INIT.
 */
typedef struct batv_recipient {
  /**
   * sizeof(batv_recipient).
   */
  size_t struct_size;
  /**
   * The envelope sender, with or without angle brackets; the null sender is "" or "<>".
   */
  const char *mail_from;
  /**
   * Its length in octets; BATV_NUL_TERMINATED for a string.
   */
  size_t mail_from_length;
  /**
   * The same as the server itself reads it, such as Postfix's macro {mail_addr}; NULL where it does
   * not say.
   */
  const char *mail_from_resolved;
  /**
   * Its length in octets; BATV_NUL_TERMINATED for a string.
   */
  size_t mail_from_resolved_length;
  /**
   * The recipient, with or without angle brackets.
   */
  const char *rcpt_to;
  /**
   * Its length in octets; BATV_NUL_TERMINATED for a string.
   */
  size_t rcpt_to_length;
  /**
   * The same as the server itself reads it, such as Postfix's macro {rcpt_addr}; NULL where it does
   * not say. It is the mailbox that the server delivers to, so where there is one, pass it. But not
   * Sendmail's {rcpt_addr}, which is something else.
   */
  const char *rcpt_resolved;
  /**
   * Its length in octets; BATV_NUL_TERMINATED for a string.
   */
  size_t rcpt_resolved_length;
  /**
   * Now, in UNIX seconds, 1 or more.
   */
  int64_t time;
  /**
   * The IP address of the client as inet_ntop writes it; NULL if it is not known.
   */
  const char *client;
  /**
   * Its length in octets; BATV_NUL_TERMINATED for a string.
   */
  size_t client_length;
  /**
   * 1 if the client is authenticated or local, else 0.
   */
  int trusted;
  /**
   * The number of recipients of this message before this one.
   */
  uint32_t recipients_before;
  /**
   * The value of the header field Content-Type, folded or not, where the header of the message has
   * been read; "" where it has no such field. Then a bounce that is not a delivery report,
   * multipart/report with the report-type delivery-status, is not refused, and the reason is
   * BATV_INBOUND_REASON_NOT_A_REPORT. NULL where the header has not been read.
   */
  const char *content_type;
  /**
   * Its length in octets; BATV_NUL_TERMINATED for a string.
   */
  size_t content_type_length;
} batv_recipient;

/**
 * The decision on a recipient. Begin with BATV_INBOUND_DECISION_INIT.
 */
typedef struct batv_inbound_decision {
  /**
   * sizeof(batv_inbound_decision), set by the caller.
   */
  size_t struct_size;
  /**
   * What to do.
   */
  batv_action action;
  /**
   * Why.
   */
  batv_inbound_reason reason;
  /**
   * 1 if the policy only monitors and the recipient would have been refused for this reason;
   * else 0.
   */
  int monitored;
  /**
   * The key number of the recipient's tag, 0 to 9; -1 if there was none.
   */
  int key_number;
  /**
   * The days until the tag expires, 0 to 100; -1 if that is not known.
   */
  int days_left;
  /**
   * The code of the reply for BATV_ACTION_REFUSE, "550" (RFC 5321 section 4.2.3), else "". The
   * three strings are as smfi_setreply of libmilter takes them.
   */
  char reply_code[4];
  /**
   * Its enhanced status code, "5.7.1" (RFC 3463), else "".
   */
  char reply_enhanced[16];
  /**
   * Its text, without the codes: printable ASCII without '%', one line; else "".
   */
  char reply_text[512];
} batv_inbound_decision;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The text of a status, such as "buffer is too small".
 *
 * Returns a static string, also for a number that is not a status; never NULL. Thread-safe.
 */
const char *batv_status_text(batv_status status);

/**
 * The detail of the last failure in the calling thread, such as
 * "control '\r' at octet 4": what was wrong with the input, and where. It never holds a secret.
 * That of a configuration has several lines, without a newline after the last; 4095 octets at
 * most.
 *
 * Returns a string of the library, empty when nothing has failed yet; never NULL. It is valid
 * until the next failure in the same thread, and until the thread ends. Success leaves it as it
 * is: ask only after a failure. Each thread has its own.
 */
const char *batv_last_error(void);

/**
 * The word of a verdict for logs: "missing", "malformed", "unknown-key", "bad-signature",
 * "expired" or "pass". These do not change.
 *
 * Returns a static string, "unknown" for a number that is not a verdict; never NULL. Thread-safe.
 */
const char *batv_verdict_text(batv_verdict verdict);

/**
 * The word of an outbound reason for logs, such as "not-ours" for BATV_OUTBOUND_REASON_NOT_OURS.
 * These do not change.
 *
 * Returns a static string, "unknown" for a number that is not a reason; never NULL. Thread-safe.
 */
const char *batv_outbound_reason_text(batv_outbound_reason reason);

/**
 * The word of an inbound reason for logs, such as "not-a-bounce" for
 * BATV_INBOUND_REASON_NOT_A_BOUNCE. These do not change.
 *
 * Returns a static string, "unknown" for a number that is not a reason; never NULL. Thread-safe.
 */
const char *batv_inbound_reason_text(batv_inbound_reason reason);

/**
 * Makes an empty key ring.
 *
 * Returns the key ring, which batv_keyring_free frees; NULL only for an internal error.
 * Thread-safe.
 */
BATV_MUST_USE struct batv_keyring *batv_keyring_new(void);

/**
 * Frees a key ring and wipes its secrets from memory. NULL is allowed.
 *
 * No thread may use the key ring afterwards.
 */
void batv_keyring_free(struct batv_keyring *keyring);

/**
 * Adds a secret, for verifying; it replaces one that has the same number.
 *
 * key_number: 0 to 9.
 * secret, secret_length: the octets of the secret, one or more of any value; BATV_NUL_TERMINATED for a
 * string. It is not kept. Under 16 octets it can be guessed.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE or _BAD_SECRET. No other thread may use the
 * key ring meanwhile.
 */
BATV_MUST_USE
batv_status batv_keyring_add(struct batv_keyring *keyring,
                             int key_number,
                             const char *secret,
                             size_t secret_length)
BATV_NONNULL(1, 3);

/**
 * Chooses the key that signs.
 *
 * key_number: 0 to 9, of a secret that has been added.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE or _UNKNOWN_KEY. No other thread may use the
 * key ring meanwhile.
 */
BATV_MUST_USE
batv_status batv_keyring_sign_with(struct batv_keyring *keyring,
                                   int key_number)
BATV_NONNULL(1);

/**
 * Changes a setting.
 *
 * setting: a batv_setting, which says what values there are.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER or _BAD_VALUE. No other thread may use the key ring
 * meanwhile.
 */
BATV_MUST_USE
batv_status batv_keyring_set(struct batv_keyring *keyring,
                             batv_setting setting,
                             int value)
BATV_NONNULL(1);

/**
 * Signs the sender of a message that leaves.
 *
 * address, address_length: the envelope sender, with or without angle brackets;
 * BATV_NUL_TERMINATED for a string.
 * time: when the message was received, in UNIX seconds, 1 or more. It must stay the same over
 * all delivery attempts, or greylisting never lets the message through.
 * buffer, size, length: where the result goes, as with every buffer (see the top). It has at
 * most BATV_TAG_LENGTH octets more than the address.
 * reason: where BATV_OUTBOUND_REASON_SIGNED, _NULL_SENDER, _TAGGED or _TOO_LONG goes; may be NULL.
 * What cannot or need not be signed is not a failure: it is written as it is, to be sent as it is.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS, _NO_SIGNING_KEY or
 * _BUFFER_TOO_SMALL. Thread-safe.
 */
BATV_MUST_USE
batv_status batv_keyring_sign(const struct batv_keyring *keyring,
                              const char *address,
                              size_t address_length,
                              int64_t time,
                              char *buffer,
                              size_t size,
                              size_t *length,
                              batv_outbound_reason *reason)
BATV_NONNULL(1, 2);

/**
 * Judges the address that a bounce comes to.
 *
 * address, address_length: the envelope recipient, with or without angle brackets;
 * BATV_NUL_TERMINATED for a string.
 * time: now, in UNIX seconds, 1 or more.
 * verdict: where a batv_verdict goes.
 * buffer, size, length: where the original address goes for BATV_VERDICT_PASS and
 * BATV_VERDICT_EXPIRED, as with every buffer (see the top); the empty string for the others. It
 * is shorter than the address.
 * key_number: where the number of the key that signed goes, 0 to 9; may be NULL.
 * days_left: where the days go until the tag expires, 0 to 100, also 0 if it has; may be NULL.
 * Both are -1 for a verdict other than BATV_VERDICT_PASS and BATV_VERDICT_EXPIRED.
 *
 * Returns BATV_STATUS_OK, whatever the verdict, or _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS
 * (also for the null reverse-path), _BUFFER_TOO_SMALL. Thread-safe.
 */
BATV_MUST_USE
batv_status batv_keyring_verify(const struct batv_keyring *keyring,
                                const char *address,
                                size_t address_length,
                                int64_t time,
                                batv_verdict *verdict,
                                char *buffer,
                                size_t size,
                                size_t *length,
                                int *key_number,
                                int *days_left)
BATV_NONNULL(1, 2, 5);

/**
 * Takes one tag off an address, whoever made it, and says where the original is in the input.
 * Nothing is copied, and nothing is proved: only batv_keyring_verify does that. Use it to read
 * mail; to deliver, use batv_config_original.
 *
 * address, address_length: the address, with or without angle brackets, or the null
 * reverse-path; BATV_NUL_TERMINATED for a string.
 * dialect: where a batv_dialect goes; may be NULL.
 * original: where the parts of the original address go: the whole input if there is no tag.
 *
 * Each call removes one of several nested tags.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE or _BAD_ADDRESS. Thread-safe.
 */
BATV_MUST_USE
batv_status batv_strip(const char *address,
                       size_t address_length,
                       batv_dialect *dialect,
                       struct batv_parts *original)
BATV_NONNULL(1, 4);

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
BATV_MUST_USE
batv_status batv_strip_copy(const char *address,
                            size_t address_length,
                            batv_dialect *dialect,
                            char *buffer,
                            size_t size,
                            size_t *length)
BATV_NONNULL(1);

/**
 * The name of a dialect for logs: "none", "draft", "ironport", "swapped", "slash",
 * "sub-address", "barracuda" or "sparkpost". These do not change.
 *
 * Returns a static string, "unknown" for a number that is not a dialect; never NULL. Thread-safe.
 */
const char *batv_dialect_text(batv_dialect dialect);

/**
 * Loads a configuration file and the secret files that it names.
 *
 * path, path_length: the file; BATV_NUL_TERMINATED for a string. A path that does not begin with
 * '/' is relative to the working directory, which must then stay the same.
 * config: where the configuration goes, which batv_config_free frees.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_CONFIG or _BAD_FILE. Thread-safe.
 */
BATV_MUST_USE
batv_status batv_config_open(const char *path,
                             size_t path_length,
                             struct batv_config **config)
BATV_NONNULL(1, 3);

/**
 * Takes a snapshot of a configuration: what it says now, whatever happens to the file. The
 * recipients and the end of one message share it, so that a file that is loaded between them changes
 * nothing.
 *
 * snapshot: where the snapshot goes, which batv_config_free frees, before or after the configuration.
 * All functions take it in the place of a configuration, but batv_config_refresh, batv_config_reload
 * and batv_config_set_log: for them it is BATV_STATUS_BAD_VALUE. Nothing is read or copied: take one
 * for every message.
 *
 * Returns BATV_STATUS_OK or _NULL_POINTER. Thread-safe.
 */
BATV_MUST_USE
batv_status batv_config_snapshot(const struct batv_config *config,
                                 struct batv_config **snapshot)
BATV_NONNULL(1, 2);

/**
 * Frees a configuration or a snapshot; the last of them wipes its secrets from memory. NULL is
 * nothing to free.
 *
 * No thread may use it afterwards.
 */
void batv_config_free(struct batv_config *config);

/**
 * Sets the callback that gets each line for the log. Without one, nothing is logged.
 *
 * callback: NULL to stop logging.
 * user_data: passed to the callback; the library does not look at it.
 *
 * Only batv_config_refresh, batv_config_reload and batv_config_warn call it, in the thread that calls
 * them and before they return. The first two: a BATV_LOG_LEVEL_INFO line when the configuration is a
 * new one; when the file is bad a BATV_LOG_LEVEL_ERROR line for each fault, and one that says that the
 * last good configuration stays. Threads that load at the same time call it at the same time.
 *
 * It may call every function of the library with this configuration, except batv_config_free and
 * batv_config_set_log. It must return: neither a C++ exception nor longjmp may leave it.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER or _BAD_VALUE. No other thread may use the configuration
 * meanwhile.
 */
batv_status batv_config_set_log(struct batv_config *config,
                                batv_log_callback callback,
                                void *user_data)
BATV_NONNULL(1);

/**
 * Loads the file again if it, or a secret file, has changed. That costs one look at each: call it
 * for every message, or every connection.
 *
 * changed: where 1 goes if a new configuration was loaded, else 0; may be NULL.
 *
 * If the file has become bad, the last good configuration stays. The status says so, once for each
 * change of the file and in one thread; the detail and the log have the faults. One thread loads,
 * and the others go on with the old configuration meanwhile.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_CONFIG or _BAD_FILE. Thread-safe.
 */
batv_status batv_config_refresh(const struct batv_config *config, int *changed) BATV_NONNULL(1);

/**
 * Loads the file again, changed or not, as when the administrator sends a signal.
 *
 * If it is bad, the last good configuration stays; the detail and the log have the faults.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_CONFIG or _BAD_FILE. Thread-safe.
 */
batv_status batv_config_reload(const struct batv_config *config) BATV_NONNULL(1);

/**
 * Logs what works, but may lose bounces: a BATV_LOG_LEVEL_WARNING line for a weak or old secret, a key
 * that signs after its last day, a list of hosts that holds everybody, and the like, each with its
 * cure. Call it after batv_config_open, and when batv_config_refresh has loaded a new configuration.
 *
 * time: now, in UNIX seconds, 1 or more.
 *
 * Returns BATV_STATUS_OK, warned or not, _NULL_POINTER or _BAD_VALUE. Thread-safe.
 */
batv_status batv_config_warn(const struct batv_config *config,
                             int64_t time)
BATV_NONNULL(1);

/**
 * Decides on the sender of a message that leaves: signed or not.
 *
 * message: the message.
 * decision: where the decision goes; its struct_size has to be set. May be NULL.
 * buffer, size, length: where the sender goes, signed or as it is, as with every buffer (see the
 * top). It has at most BATV_TAG_LENGTH octets more than mail_from, or than mail_from_resolved if that
 * is what is signed, and those of '@' and the default domain where there is no domain.
 *
 * Returns BATV_STATUS_OK, signed or not, or _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS for a control in
 * an address, _BUFFER_TOO_SMALL, _NO_MEMORY. Thread-safe.
 */
BATV_MUST_USE
batv_status batv_config_outbound(const struct batv_config *config,
                                 const struct batv_message *message,
                                 struct batv_outbound_decision *decision,
                                 char *buffer,
                                 size_t size,
                                 size_t *length)
BATV_NONNULL(1, 2);

/**
 * Signs the sender of a message about which nothing else is known, if the configuration says so.
 *
 * address, address_length: the envelope sender, with or without angle brackets;
 * BATV_NUL_TERMINATED for a string.
 * time: when the message was received, in UNIX seconds, 1 or more. It must stay the same over
 * all delivery attempts, or greylisting never lets the message through.
 * buffer, size, length: where the sender goes, signed or as it is, as with every buffer (see the
 * top). It has at most BATV_TAG_LENGTH octets more than the address, and those of '@' and the
 * default domain where the address has no domain.
 * reason: where BATV_OUTBOUND_REASON_SIGNED goes, or why not; may be NULL.
 *
 * Returns BATV_STATUS_OK, signed or not, or _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS for a control in
 * the address, _BUFFER_TOO_SMALL. Thread-safe.
 */
BATV_MUST_USE
batv_status batv_config_sign(const struct batv_config *config,
                             const char *address,
                             size_t address_length,
                             int64_t time,
                             char *buffer,
                             size_t size,
                             size_t *length,
                             batv_outbound_reason *reason)
BATV_NONNULL(1, 2);

/**
 * Writes the log line of a decision on a message, such as
 * "batv: dir=out action=sign reason=signed from=<alice@example.com> key=1 queue=4XyZ". All programs of
 * libbatv write the same, and nothing that a stranger sends can begin a line or a field.
 *
 * message: the message, as batv_config_outbound got it; its recipients are not in the line.
 * decision: what batv_config_outbound made of it.
 * queue, queue_length: the queue id; BATV_NUL_TERMINATED for a string. NULL if there is none.
 * buffer, size, length: where the line goes, without a newline, as with every buffer (see the top).
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS or _BUFFER_TOO_SMALL. Thread-safe.
 */
BATV_MUST_USE
batv_status batv_outbound_log_line(const struct batv_message *message,
                                   const struct batv_outbound_decision *decision,
                                   const char *queue,
                                   size_t queue_length,
                                   char *buffer,
                                   size_t size,
                                   size_t *length)
BATV_NONNULL(1, 2);

/**
 * Decides on a recipient of a message that comes in: accepted, accepted for the original address,
 * or refused. Each recipient is judged by itself.
 *
 * recipient: the recipient, and what is known of it.
 * decision: where the decision goes; its struct_size has to be set.
 * buffer, size, length: where the address to deliver to goes, as with every buffer (see the top):
 * the original address for BATV_ACTION_ORIGINAL, with angle brackets if the recipient had; the
 * recipient as it is for BATV_ACTION_ACCEPT; the empty string for BATV_ACTION_REFUSE. It is no
 * longer than rcpt_to or rcpt_resolved, but for '@' and the default domain where there is no domain.
 *
 * On failure nothing is decided: answer 451, so that the sender tries again.
 *
 * Returns BATV_STATUS_OK, whatever the decision, or _NULL_POINTER, _BAD_VALUE (also for a client that
 * is not an IP address), _BAD_ADDRESS for a control character in an address, _BUFFER_TOO_SMALL. Thread-safe.
 */
BATV_MUST_USE
batv_status batv_config_inbound(const struct batv_config *config,
                                const struct batv_recipient *recipient,
                                struct batv_inbound_decision *decision,
                                char *buffer,
                                size_t size,
                                size_t *length)
BATV_NONNULL(1, 2, 3);

/**
 * Writes the log line of a decision on a recipient, such as
 * "batv: dir=in action=refuse reason=missing from=<> to=<alice@example.com> client=192.0.2.1". All
 * programs of libbatv write the same, and nothing that a stranger sends can begin a line or a field.
 *
 * recipient: the recipient, as batv_config_inbound got it.
 * decision: what batv_config_inbound made of it.
 * queue, queue_length: the queue id; BATV_NUL_TERMINATED for a string. NULL if there is none.
 * buffer, size, length: where the line goes, without a newline, as with every buffer (see the top).
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS or _BUFFER_TOO_SMALL. Thread-safe.
 */
BATV_MUST_USE
batv_status batv_inbound_log_line(const struct batv_recipient *recipient,
                                  const struct batv_inbound_decision *decision,
                                  const char *queue,
                                  size_t queue_length,
                                  char *buffer,
                                  size_t size,
                                  size_t *length)
BATV_NONNULL(1, 2);

/**
 * The word of an action for logs: "accept", "original" or "refuse". These do not change.
 *
 * Returns a static string, "unknown" for a number that is not an action; never NULL. Thread-safe.
 */
const char *batv_action_text(batv_action action);

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
BATV_MUST_USE
batv_status batv_config_verify(const struct batv_config *config,
                               const char *address,
                               size_t address_length,
                               int64_t time,
                               batv_verdict *verdict,
                               char *buffer,
                               size_t size,
                               size_t *length,
                               int *key_number,
                               int *days_left)
BATV_NONNULL(1, 2, 5);

/**
 * Writes the address to deliver to: one layer of a tag that batv_config_outbound could have made
 * comes off an address that has keys. It goes by the shape of the tag and judges nothing: that was
 * done at RCPT, by batv_config_inbound, and at delivery the time and the keys may be others.
 *
 * address, address_length: the recipient, with or without angle brackets; BATV_NUL_TERMINATED for
 * a string.
 * buffer, size, length: where the original address goes, or the recipient as it is where nothing
 * comes off, as with every buffer (see the top). It is no longer than the recipient.
 * tagged: where 1 goes if a tag was removed, else 0; may be NULL.
 *
 * Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS for a control character in the address,
 * _BUFFER_TOO_SMALL. Thread-safe.
 */
BATV_MUST_USE
batv_status batv_config_original(const struct batv_config *config,
                                 const char *address,
                                 size_t address_length,
                                 char *buffer,
                                 size_t size,
                                 size_t *length,
                                 int *tagged)
BATV_NONNULL(1, 2);

/**
 * The version of the running library, such as "0.1.0"; BATV_VERSION is that of the header.
 *
 * Returns a static string; never NULL. Thread-safe.
 */
const char *batv_version(void);

/**
 * The version of the running library as a number, 10000 * major + 100 * minor + patch;
 * BATV_VERSION_NUMBER is that of the header. Thread-safe.
 */
int batv_version_number(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* BATV_H */
