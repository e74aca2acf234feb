/* The people and things of the desk: tenants, shops, agents, customers, orders, policies. */
#ifndef AFTERSALES_DESK_H
#define AFTERSALES_DESK_H

#include <aftersales/actor.h>
#include <aftersales/policy.h>
#include <aftersales/record.h>
#include <aftersales/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Conventions of every command below.
 * call: on whose behalf; see aft_call. in: read during the call.
 * out: NULL, or receives a record that the caller frees with aft_record_free.
 * Returns: AFT_OK; AFT_REPLAYED with the first outcome when the call's key was
 *   used before for the same request.
 * Errors of all: AFT_E_NULL_HANDLE, AFT_E_ABI, AFT_E_FORKED, AFT_E_BUSY_SESSION,
 *   AFT_E_INVALID, AFT_E_ENCODING, AFT_E_NUL_BYTE, AFT_E_TOO_LARGE, AFT_E_NOT_FOUND,
 *   AFT_E_DENIED (kept in the refusals), AFT_E_KEY_REUSED, AFT_E_INTERRUPTED,
 *   AFT_E_DEADLINE, AFT_E_RETRY (attached sessions), AFT_E_UNKNOWN, the store's
 *   AFT_E_LOCKED, AFT_E_READ_ONLY, AFT_E_FULL, AFT_E_CORRUPT, AFT_E_STORE, and AFT_E_NOMEM.
 * Whatever fails, nothing of the command stays.
 */

/* A tenant: a merchant or a platform. */
typedef struct aft_tenant_in {
  size_t size;
  aft_str external; /* the host's own name for it; required, unique */
  aft_str name;     /* what people see; default: external */
  aft_str zone;     /* IANA time zone; default "UTC" */
  aft_str locale;   /* default "en" */
} aft_tenant_in;

/*
 * Makes a tenant, or changes the one with the same external name: texts that
 * are not given stay as they are. The call names no tenant.
 *
 * Threads: the session's one.
 * Errors: those above; AFT_E_ZONE. Only AFT_ROLE_SYSTEM may.
 * Since: 0.1
 */
AFT_API aft_status aft_tenant_put(aft_session *session, const aft_call *call, const aft_tenant_in *in,
                                  aft_record **out, aft_error *error);

/* A shop of the call's tenant. */
typedef struct aft_shop_in {
  size_t size;
  aft_str external; /* required, unique in the tenant */
  aft_str name;     /* default: external */
} aft_shop_in;

/*
 * Makes a shop, or changes the one with the same external name.
 *
 * Threads: the session's one.
 * Errors: those above. Only AFT_ROLE_SYSTEM may.
 * Since: 0.1
 */
AFT_API aft_status aft_shop_put(aft_session *session, const aft_call *call, const aft_shop_in *in,
                                aft_record **out, aft_error *error);

/* A person who works for shops of the call's tenant. */
typedef struct aft_agent_in {
  size_t size;
  aft_str external;    /* required, unique in the tenant */
  aft_str name;        /* default: external */
  const aft_id *shops; /* the shops to join, beside those joined before */
  size_t n_shops;
  uint32_t left; /* 1: has left; every command is refused from now on */
  uint32_t reserved0;
  /* Names with one space between; absent: as before, empty: none. */
  aft_str languages;         /* that the agent speaks: "zh en"; none: all */
  aft_str skills;            /* "repair billing" */
  aft_str teams;             /* of the policy */
  aft_str capacities;        /* tickets in work at most, by channel: "chat=3 email=20" */
  int64_t capacity;          /* and in all; 0: as before, -1: any number */
  const aft_id *leave_shops; /* of those joined before */
  size_t n_leave_shops;
} aft_agent_in;

/*
 * Makes an agent, or changes the one with the same external name. What an agent has of a shop that it leaves,
 * or of all when it has left, goes back with the next tick: tickets into their lanes, tasks to nobody.
 *
 * Threads: the session's one.
 * Errors: those above; AFT_E_INVALID also for a shop to leave that the agent does not work for. Only
 *   AFT_ROLE_SYSTEM may.
 * Since: 0.1
 */
AFT_API aft_status aft_agent_put(aft_session *session, const aft_call *call, const aft_agent_in *in,
                                 aft_record **out, aft_error *error);

/* A customer of the call's tenant. */
typedef struct aft_customer_in {
  size_t size;
  aft_id id;        /* a customer to change; 0: found by external, or made */
  aft_str external; /* the host's own name; unique in the tenant */
  aft_str name, phone, email, locale;
  aft_str tier; /* standing with the shop: "vip", … */
  aft_id agent; /* who serves them first while there; 0: as before, -1: nobody */
} aft_customer_in;

/*
 * Makes a customer, or changes one: texts that are not given stay as they are.
 * A buyer may change their own name, phone, e-mail address and locale.
 *
 * Threads: the session's one.
 * Errors: those above.
 * Since: 0.1
 */
AFT_API aft_status aft_customer_put(aft_session *session, const aft_call *call, const aft_customer_in *in,
                                    aft_record **out, aft_error *error);

/*
 * Reads a customer. Buyers read themselves, agents those of their tenant.
 *
 * Threads: the session's one.
 * Errors: those above.
 * Since: 0.1
 */
AFT_API aft_status aft_customer_get(aft_session *session, const aft_call *call, aft_id customer,
                                    aft_record **out, aft_error *error);

/* An order as the host tells it. */
typedef struct aft_order_in {
  size_t size;
  aft_id shop;     /* required */
  aft_id customer; /* the buyer; required */
  aft_str number;  /* the shop's order number; required, unique in the shop */
  aft_str status;  /* the host's own: "paid", "shipped" … */
  aft_money total; /* currency "" when not given */
  aft_time placed; /* 0 when not given */
} aft_order_in;

/*
 * Makes an order reference, or changes the one with the same number.
 *
 * Threads: the session's one.
 * Errors: those above; AFT_E_CURRENCY; AFT_E_EXISTS (the number is another customer's).
 *   AFT_ROLE_SYSTEM, or an agent of the shop.
 * Since: 0.1
 */
AFT_API aft_status aft_order_put(aft_session *session, const aft_call *call, const aft_order_in *in,
                                 aft_record **out, aft_error *error);

/*
 * Makes a policy the tenant's current one. Every process sees it from its next command on.
 *
 * out: NULL, or receives the activation.
 * Threads: the session's one.
 * Errors: those above; AFT_E_POLICY_STRANDS when open tickets are in a state
 *   that the policy lacks. Only AFT_ROLE_SYSTEM may.
 * Since: 0.1
 */
AFT_API aft_status aft_policy_activate(aft_session *session, const aft_call *call, const aft_policy *policy,
                                       aft_record **out, aft_error *error);

/*
 * The policy that the call's tenant works by now: its active one, or the default.
 *
 * out: receives a reference that the caller owns; release with aft_policy_unref.
 * Threads: the session's one.
 * Errors: those above; AFT_E_POLICY_IMAGE.
 * Since: 0.1
 */
AFT_API aft_status aft_policy_current(aft_session *session, const aft_call *call, aft_policy **out,
                                      aft_error *error);

/*
 * Lists what actors were refused, the latest first. Only AFT_ROLE_SYSTEM and AFT_ROLE_ARBITER may.
 *
 * out: receives a cursor over AFT_KIND_REFUSAL that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those above.
 * Since: 0.1
 */
AFT_API aft_status aft_refusal_list(aft_session *session, const aft_call *call, aft_cursor **out,
                                    aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
