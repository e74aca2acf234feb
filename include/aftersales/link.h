/* Signed links that let a buyer into an order or a case, or answer a survey, for a time. */
#ifndef AFTERSALES_LINK_H
#define AFTERSALES_LINK_H

#include <aftersales/actor.h>
#include <aftersales/record.h>
#include <aftersales/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A secret of the host that signs links. It is never stored. */
typedef struct aft_signing_key {
  size_t size;
  aft_str name;       /* 1 to 32 of a-z, A-Z, 0-9, _ and - ; stands in the links */
  const void *secret; /* 32 to 1024 random bytes */
  size_t n;
} aft_signing_key;

/* Keys by their names: the newest signs, all verify. Immutable, thread-safe and reference-counted. */
typedef struct aft_link_keys aft_link_keys;

/* The most keys of a ring. */
#define AFT_LINK_KEYS_MOST 16

/*
 * Makes a ring of keys. To rotate, a new key is put first and the oldest left out once its links have ended.
 *
 * env: kept alive by the ring.
 * keys: 1 to AFT_LINK_KEYS_MOST with different names, the newest first; copied.
 * out: receives a reference that the caller owns; release with aft_link_keys_unref.
 * Threads: any.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_ABI, AFT_E_INVALID, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_link_keys_new(aft_env *env, const aft_signing_key *keys, size_t n, aft_link_keys **out,
                                     aft_error *error);

/*
 * Takes one more reference.
 *
 * Returns: keys itself.
 * Threads: any.
 * Since: 0.1
 */
AFT_API aft_link_keys *aft_link_keys_ref(aft_link_keys *keys);

/*
 * Gives a reference back; with the last one the secrets are wiped. NULL is allowed.
 *
 * Threads: any.
 * Since: 0.1
 */
AFT_API void aft_link_keys_unref(aft_link_keys *keys);

/* The bounds of a lifetime. */
#define AFT_LINK_LEAST_MS INT64_C(60000)       /* a minute */
#define AFT_LINK_MOST_MS  INT64_C(31622400000) /* 366 days */

/* A link that is to be made. Exactly one of order, of and survey is given. */
typedef struct aft_link_in {
  size_t size;
  aft_id customer; /* whom it lets in; required: the order's or case's customer, payer or recipient; whom the
                    * survey asks */
  aft_id order;
  aft_id of;        /* the case */
  int64_t lifetime; /* AFT_LINK_LEAST_MS to AFT_LINK_MOST_MS; 0: as the policy says (links.lifetime). That for
                     * a survey ends with it */
  aft_id survey;    /* one that was sent and waits for its answer; it has one link, which is given again */
} aft_link_in;

/*
 * Makes a link. Its token is made of letters, digits, "-", "_" and one ".", at most 255 bytes, to stand in an
 * address. The store keeps whom it lets in and until when, and neither the token nor a key.
 *
 * call: system, or an agent of the shop.
 * keys: the newest signs.
 * token: receives a buffer that the caller frees with aft_buf_free.
 * out: NULL, or receives the record of kind AFT_KIND_LINK, which the caller frees with aft_record_free.
 * Returns: AFT_OK; AFT_REPLAYED with the token of the first time, as long as the key that signed it is in the
 *   ring.
 * Threads: one at a time.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_ABI, AFT_E_INVALID, AFT_E_NOT_FOUND, AFT_E_DENIED, AFT_E_KEY_REUSED,
 *   AFT_E_STORE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_link_make(aft_session *session, const aft_call *call, aft_link_keys *keys,
                                 const aft_link_in *in, aft_buf **token, aft_record **out, aft_error *error);

/* A link that was found good. */
typedef struct aft_link_opened {
  size_t size;
  /* For the buyer's commands: tenant, AFT_ROLE_BUYER, the customer and the link; no key. A link for an order
   * is good for that order and its cases, one for a case for that case and those that follow from it; they
   * list and search nothing else. A command after the link has ended or was taken back is AFT_E_DENIED. Empty
   * for a survey, since its link lets nobody in: hand the token to aft_survey_answer. */
  aft_call call;
  aft_id link;
  aft_id customer;
  aft_id order; /* 0 where it is for something else */
  aft_id of;    /* the case; 0 likewise */
  aft_time expires;
  aft_id survey; /* 0 where it is for an order or a case */
} aft_link_opened;

/*
 * Opens a link. Every refusal is AFT_E_DENIED with a sentence of its own (garbled, key not known, signature
 * wrong, another tenant's, ended, taken back), takes the same steps, and is kept in the audit of refusals.
 *
 * tenant: for whose desk the link came.
 * token: as it came, 1 to 1024 bytes.
 * out: filled in; set its size.
 * Threads: one at a time.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_ABI, AFT_E_INVALID, AFT_E_NOT_FOUND (the tenant), AFT_E_DENIED,
 *   AFT_E_STORE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_link_open(aft_session *session, aft_id tenant, aft_link_keys *keys, aft_str token,
                                 aft_link_opened *out, aft_error *error);

/*
 * Takes a link back: it opens nothing from now on.
 *
 * call: system, or an agent of the shop.
 * out: NULL, or receives the record, which the caller frees with aft_record_free.
 * Returns: AFT_OK; AFT_IGNORED when it was taken back before.
 * Threads: one at a time.
 * Errors: AFT_E_INVALID, AFT_E_NOT_FOUND, AFT_E_DENIED, AFT_E_STORE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_link_revoke(aft_session *session, const aft_call *call, aft_id link, aft_record **out,
                                   aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
