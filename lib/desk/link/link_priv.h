/* Between the files of signed links. */
#ifndef AFT_LINK_PRIV_H
#define AFT_LINK_PRIV_H

#include "desk/desk_priv.h"

#include <aftersales/link.h>

#define AFT__KEY_NAME 32

/* ---- link_keys.c ---- */

typedef struct aft__link_key {
  char name[AFT__KEY_NAME + 1];
  uint8_t *secret;
  size_t n;
} aft__link_key;

struct aft_link_keys {
  atomic_int refs;
  aft_env *env;
  uint32_t n;
  aft__link_key keys[AFT_LINK_KEYS_MOST]; /* the newest first */
};

/* NULL for a name that the ring lacks. */
const aft__link_key *aft__link_key_find(const aft_link_keys *keys, aft_str name);

/* ---- link.c ---- */

/* Takes a link back that stands, with its audit event. */
aft_status aft__link_take_back(aft__cmd *cmd, aft__value *link, aft_error *error);

/* The survey that a token answers, in a command that runs already. AFT_E_DENIED as with aft_link_open. */
aft_status aft__link_survey(aft__cmd *cmd, const aft_link_keys *keys, aft_str token, aft_id *survey,
                            aft_error *error);

/* ---- link_token.c ---- */

typedef struct aft__link_token {
  aft_id tenant, link, customer, order, of;
  aft_time expires;
  char key[AFT__KEY_NAME + 1];
} aft__link_token;

/* What a token turned out to be; the first that applies. */
typedef enum aft__link_verdict {
  AFT__LINK_GOOD,
  AFT__LINK_GARBLED,
  AFT__LINK_STRANGE_KEY,
  AFT__LINK_FORGED,
} aft__link_verdict;

/* Appends the token to a buffer. */
void aft__link_write(const aft__link_token *token, const aft__link_key *key, aft__buf *out);
/* Reads a token and checks its signature: the same steps, whatever the verdict. Where it is not good, *out is
 * what it claims, or zeros. */
aft__link_verdict aft__link_read(const aft_link_keys *keys, aft_str text, aft__link_token *out);

#endif
