/* Who acts: roles, and what every command is told about its caller. */
#ifndef AFTERSALES_ACTOR_H
#define AFTERSALES_ACTOR_H

#include <aftersales/common.h>
#include <aftersales/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Who acts. What each may do stands with the commands. */
#define AFT_ROLE_SYSTEM    1u /* the host itself, its timers and webhooks */
#define AFT_ROLE_AGENT     2u /* a person of the shop: sees the shops it is a member of */
#define AFT_ROLE_BUYER     3u /* a customer: sees only what is theirs */
#define AFT_ROLE_WAREHOUSE 4u /* people who count and send goods: events of cases that the machines name */
#define AFT_ROLE_ARBITER   5u /* the platform's: spans shops */

/*
 * On whose behalf a command runs. Each mutation takes one.
 */
typedef struct aft_call {
  size_t size;
  aft_id tenant; /* required, except for commands that make one */
  uint32_t role; /* AFT_ROLE_…; required */
  uint32_t reserved0;
  aft_id actor; /* agent or customer id; required for those roles */
  /* Idempotency key, up to 128 bytes: the same command under it is carried out once,
   * and its first outcome returned for 30 days, or as long as the policy says. Absent:
   * each call is a command of its own. */
  aft_str key;
  int64_t deadline_ms; /* from now; 0 means none */
  /* The link by whose right a buyer acts, as aft_link_open says; 0: none. Each command then looks whether the
   * link still stands, and whether it is for what the command is about. */
  aft_id link;
} aft_call;

#ifdef __cplusplus
}
#endif

#endif
