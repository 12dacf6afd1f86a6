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
