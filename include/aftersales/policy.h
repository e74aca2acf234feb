/* Policies: YAML documents compiled into one immutable object that decides. */
#ifndef AFTERSALES_POLICY_H
#define AFTERSALES_POLICY_H

#include <aftersales/common.h>
#include <aftersales/env.h>
#include <aftersales/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a shop may decide. Immutable, reference-counted, shared by all threads. */
typedef struct aft_policy aft_policy;

/* One document of a bundle. */
typedef struct aft_document {
  size_t size;
  aft_str name; /* shown in faults: "shop.yaml" */
  aft_str text; /* YAML, UTF-8 */
} aft_document;

/* A bundle: documents given as an array, or fetched one by one. */
typedef struct aft_policy_options {
  size_t size;
  const aft_document *documents;
  size_t count;
  /* Fetches document number index (from 0) into *out, which is of out->size
   * bytes, and whose texts must live until the next call: returns 1 with a
   * document, 0 at the end, negative on failure (AFT_E_CALLBACK). May be NULL. */
  int (*load)(void *user, size_t index, aft_document *out);
  void *user;
  uint32_t bare; /* 1: do not build on the default policy; the bundle says everything */
  uint32_t reserved0;
} aft_policy_options;

/*
 * Compiles a bundle over the default policy. Later documents overrule earlier
 * ones: maps are merged key by key, other values replaced, null removes a key.
 * All faults are found at once.
 *
 * env: kept alive by the policy.
 * options: NULL gives the default policy.
 * out: receives a reference that the caller owns; release with aft_policy_unref.
 * report: NULL, or receives, on failure alone, one line a fault ("shop.yaml:41:7:
 *   priority.rules.late: …"), which the caller frees with aft_buf_free.
 * Threads: any.
 * Errors: of the first fault AFT_E_POLICY, AFT_E_POLICY_SYNTAX, AFT_E_POLICY_KEY,
 *   AFT_E_POLICY_LIMIT, AFT_E_POLICY_MACHINE, AFT_E_ENCODING; AFT_E_CALLBACK, AFT_E_ABI, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_policy_load(aft_env *env, const aft_policy_options *options, aft_policy **out,
                                   aft_buf **report, aft_error *error);

/*
 * The policy that is compiled into the library.
 *
 * env: kept alive by the policy.
 * out: receives a reference that the caller owns; release with aft_policy_unref.
 * Threads: any.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_policy_default(aft_env *env, aft_policy **out, aft_error *error);

/*
 * Opens a compiled policy from its image.
 *
 * image, size: bytes from aft_policy_image; copied.
 * out: receives a reference that the caller owns; release with aft_policy_unref.
 * Threads: any.
 * Errors: AFT_E_POLICY_IMAGE, AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_policy_open_image(aft_env *env, const void *image, size_t size, aft_policy **out,
                                         aft_error *error);

/*
 * Opens a compiled policy by mapping a file that holds its image.
 *
 * path: closed by NUL.
 * out: receives a reference that the caller owns; release with aft_policy_unref.
 * Threads: any.
 * Errors: AFT_E_IO, AFT_E_POLICY_IMAGE, AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_policy_map_image(aft_env *env, const char *path, aft_policy **out, aft_error *error);

/*
 * The compiled form, for a file or a cache. It fits machines of one byte order.
 *
 * policy: its compiled form is copied out.
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: any.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_policy_image(const aft_policy *policy, aft_buf **out, aft_error *error);

/*
 * Takes one more reference.
 *
 * Returns: policy itself.
 * Threads: any.
 * Since: 0.1
 */
AFT_API aft_policy *aft_policy_ref(aft_policy *policy);

/*
 * Gives a reference back. NULL is allowed.
 *
 * Threads: any.
 * Since: 0.1
 */
AFT_API void aft_policy_unref(aft_policy *policy);

/*
 * The content hash: SHA-256 of what the policy says, 64 hexadecimal digits.
 * Equal contents have equal hashes whatever their comments and layout.
 *
 * Returns: text owned by the policy; "" for NULL.
 * Threads: any.
 * Since: 0.1
 */
AFT_API const char *aft_policy_hash(const aft_policy *policy);

/*
 * A text of the catalogue in a language: "category.logistics" in "zh".
 *
 * locale: "zh", "en" or a tag that begins so; others fall back to "en".
 * key: closed by NUL.
 * Returns: text owned by the policy; the key itself where there is none.
 * Threads: any.
 * Since: 0.1
 */
AFT_API const char *aft_policy_text(const aft_policy *policy, const char *locale, const char *key);

/* How a machine is drawn. */
#define AFT_FLOW_DOT     1u
#define AFT_FLOW_MERMAID 2u
#define AFT_FLOW_JSON    3u

/*
 * Draws one state machine of the policy.
 *
 * machine: "ticket"; closed by NUL.
 * format: AFT_FLOW_DOT, AFT_FLOW_MERMAID or AFT_FLOW_JSON.
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: any.
 * Errors: AFT_E_NOT_FOUND, AFT_E_INVALID, AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_flow_export(const aft_policy *policy, const char *machine, uint32_t format,
                                   aft_buf **out, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
