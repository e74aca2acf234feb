/* Mentions: agents whom a message names, by id or in its text by '@' and their external name. */
#include <stdio.h>

#include "desk/collaboration/collaborate_priv.h"

#define FILTER_V1  (offsetof(aft_mention_filter, reserved0) + sizeof(uint32_t))
#define MOST_SIGNS 16u /* '@' of a text that are looked at */
#define MOST_NAME  64u /* bytes of a name in a text */

typedef struct naming {
  aft__ticket *ticket;
  aft_id message, shop;
  aft_id agents[AFT__MOST_MENTIONS];
  uint32_t n;
} naming;

/* ---- by id ---- */

aft_status aft__in_mentions(const aft_id *mentions, size_t n, aft_error *error) {
  char where[40];
  if (n > AFT__MOST_MENTIONS)
    return aft__error(error, AFT_E_TOO_LARGE, "answer.mentions", "expected at most %d agents, found %zu",
                      AFT__MOST_MENTIONS, n);
  if (n && !mentions)
    return aft__error(error, AFT_E_INVALID, "answer.mentions", "the array is NULL but counts %zu", n);
  for (size_t i = 0; i < n; i++) {
    snprintf(where, sizeof where, "answer.mentions[%zu]", i);
    AFT__TRY(aft__in_id(mentions[i], where, error));
  }
  return AFT_OK;
}

static void add(naming *m, aft_id agent) {
  for (uint32_t i = 0; i < m->n; i++)
    if (m->agents[i] == agent)
      return;
  if (m->n < AFT__MOST_MENTIONS)
    m->agents[m->n++] = agent;
}

static aft_status by_id(naming *m, const aft_answer_in *in, aft_error *error) {
  char where[40];
  aft__value *row;
  for (size_t i = 0; i < in->n_mentions; i++) {
    snprintf(where, sizeof where, "answer.mentions[%zu]", i);
    AFT__TRY(aft__agent_of_shop(m->ticket->cmd, in->mentions[i], m->shop, where, &row, error));
    add(m, in->mentions[i]);
  }
  return AFT_OK;
}

/* ---- in a text ---- */

static bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* An '@' behind a letter belongs to an address: lin@example.com. */
static bool begins_name(aft_str text, size_t at) {
  char before = at ? text.data[at - 1] : ' ';
  return !is_word(before) && before != '.' && before != '+' && before != '@';
}

/* Whether a name may end before this place: not within a word, nor before ".com" or another '@'. */
static bool ends_name(aft_str text, size_t at) {
  if (at >= text.len)
    return true;
  char last = text.data[at - 1], next = text.data[at];
  if (is_word(last) && is_word(next))
    return false;
  bool dotted = next == '.' && at + 1 < text.len && is_word(text.data[at + 1]);
  return !(is_word(last) && dotted) && next != '@';
}

static aft_status find_agent(naming *m, aft_str name, aft_id *out, aft_error *error) {
  aft__cmd *cmd = m->ticket->cmd;
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__text(name)}, *row;
  aft_status status = aft__find(cmd->tx, &aft__agent_table, AFT__AGENT_BY_EXTERNAL, keys, &row, error);
  *out = 0;
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  status = aft__agent_of_shop(cmd, row[AFT__AGENT_ID].number, m->shop, "answer.text", &row, error);
  if (status == AFT_E_INVALID) /* words of a text are no fault: they mean nobody here */
    return AFT_OK;
  AFT__TRY(status);
  *out = row[AFT__AGENT_ID].number;
  return AFT_OK;
}

/* The longest name that begins here; *end is behind it. */
static aft_status longest(naming *m, aft_str text, size_t begin, size_t *end, aft_error *error) {
  aft_str rest = aft__str(text.data + begin, text.len - begin);
  size_t n = aft__utf8_cut(rest, MOST_NAME);
  aft_id agent = 0;
  const char *line = memchr(rest.data, '\n', n);
  if (line)
    n = (size_t)(line - rest.data);
  for (; n > 0 && !agent; n = aft__utf8_cut(rest, n - 1)) {
    if (!ends_name(text, begin + n))
      continue;
    AFT__TRY(find_agent(m, aft__str(rest.data, n), &agent, error));
    *end = begin + n;
  }
  if (agent)
    add(m, agent);
  return AFT_OK;
}

/* Bytes of an '@', also of the wide one of Chinese keyboards; 0: none. */
static size_t sign_at(aft_str text, size_t i) {
  if (text.data[i] == '@')
    return 1;
  return text.len - i >= 3 && memcmp(text.data + i, "\xEF\xBC\xA0", 3) == 0 ? 3 : 0;
}

static aft_status by_name(naming *m, aft_str text, aft_error *error) {
  uint32_t left = MOST_SIGNS;
  for (size_t i = 0; i < text.len && left > 0; i++) {
    size_t sign = sign_at(text, i), end = i;
    if (!sign || !begins_name(text, i) || i + sign >= text.len)
      continue;
    left--;
    AFT__TRY(longest(m, text, i + sign, &end, error));
  }
  return AFT_OK;
}

/* ---- keeping and telling ---- */

/* A ticket that has no room for one more follower is mentioned all the same. */
static aft_status follow(aft__ticket *ticket, aft_id agent, aft_error *error) {
  bool room = aft__ticket_int(ticket, AFT__TICKET_FOLLOWERS) < AFT__MOST_FOLLOWERS;
  if (!room || !aft__policy_follow_on_mention(ticket->cmd->policy))
    return AFT_OK;
  return aft__follow(ticket, agent, error);
}

static aft_status keep(naming *m, aft_id agent, aft_error *error) {
  aft__cmd *cmd = m->ticket->cmd;
  aft__value row[AFT__MENTION_COLUMNS] = {
      [AFT__MENTION_ID] = aft__int(aft__tx_id(cmd->tx)),
      [AFT__MENTION_REV] = aft__int(1),
      [AFT__MENTION_TENANT] = aft__int(cmd->call.tenant),
      [AFT__MENTION_AGENT] = aft__int(agent),
      [AFT__MENTION_TICKET] = aft__int(aft__ticket_id(m->ticket)),
      [AFT__MENTION_MESSAGE] = aft__int(m->message),
      [AFT__MENTION_ROLE] = aft__int(cmd->call.role),
      [AFT__MENTION_ACTOR] = aft__id_or_null(cmd->call.actor),
      [AFT__MENTION_CREATED] = aft__int(cmd->now),
      [AFT__MENTION_SEEN] = aft__int(0),
      [AFT__MENTION_SEEN_AT] = aft__null(),
  };
  AFT__TRY(aft__insert(cmd->tx, &aft__mention_table, row, NULL, error));
  aft_status status = follow(m->ticket, agent, error);
  if (status < 0)
    return status;
  return aft__agent_notice(m->ticket, agent, "mention", m->message, NULL, error);
}

aft_status aft__mention_all(aft__ticket *ticket, const aft_answer_in *in, aft_id message, aft_error *error) {
  const aft_call *call = &ticket->cmd->call;
  naming m = {.ticket = ticket, .message = message, .shop = aft__ticket_int(ticket, AFT__TICKET_SHOP)};
  AFT__TRY(by_id(&m, in, error));
  if (in->visibility == AFT_PRIVATE)
    AFT__TRY(by_name(&m, in->text, error));
  for (uint32_t i = 0; i < m.n; i++)
    if (call->role != AFT_ROLE_AGENT || call->actor != m.agents[i])
      AFT__TRY(keep(&m, m.agents[i], error));
  return AFT_OK;
}

/* ---- reading ---- */

static aft_status list(aft__cmd *cmd, void *given, aft_error *error) {
  aft_mention_filter *in = given;
  aft__value *row;
  if (cmd->call.role == AFT_ROLE_AGENT && in->agent && in->agent != cmd->call.actor)
    return aft__denied(cmd, "agents read their own mentions alone", error);
  AFT__TRY(aft__watching_agent(cmd, in->agent, "mentions.agent", &in->agent, error));
  return aft__load(cmd, &aft__agent_table, AFT__AGENT_TENANT, in->agent, "mentions.agent", &row, error);
}

aft_status aft_mention_list(aft_session *session, const aft_call *call, const aft_mention_filter *in,
                            aft_cursor **out, aft_error *error) {
  static const aft__command command = {
      .verb = "mention.list", .name = "mention_list", .roles = AFT__ROLES_STAFF, .read = true, .run = list};
  aft_mention_filter local = {0};
  if (in)
    AFT__TRY(aft__abi_copy(&local, sizeof local, in, FILTER_V1, "aft_mention_filter", error));
  if (local.unseen > 1)
    return aft__error(error, AFT_E_INVALID, "mentions.unseen", "expected 0 or 1, found %u", local.unseen);
  AFT__TRY(aft__command_run(session, call, &command, &local, NULL, error));
  aft__list walk = {.kind = AFT_KIND_MENTION,
                    .table = &aft__mention_table,
                    .index = local.unseen ? AFT__MENTION_BY_UNSEEN : AFT__MENTION_BY_AGENT,
                    .n_equal = 2,
                    .equal = {call->tenant, local.agent},
                    .descending = true,
                    .deadline_ms = call->deadline_ms};
  return aft__cursor_open(session, &walk, (aft_str){0}, out, error);
}

/* ---- seen ---- */

static aft_status see(aft__cmd *cmd, void *given, aft_error *error) {
  aft__value *row;
  cmd->subject = *(const aft_id *)given;
  AFT__TRY(aft__load(cmd, &aft__mention_table, AFT__MENTION_TENANT, cmd->subject, "mention", &row, error));
  if (cmd->call.role == AFT_ROLE_AGENT && aft__row_int(row, AFT__MENTION_AGENT) != cmd->call.actor)
    return aft__denied(cmd, "the mention is another agent's", error);
  if (aft__row_int(row, AFT__MENTION_SEEN))
    return AFT_IGNORED;
  row[AFT__MENTION_SEEN] = aft__int(1);
  row[AFT__MENTION_SEEN_AT] = aft__int(cmd->now);
  AFT__TRY(aft__update(cmd->tx, &aft__mention_table, row,
                       1u << AFT__MENTION_SEEN | 1u << AFT__MENTION_SEEN_AT, error));
  aft__tx_proof_value(cmd->tx, &aft__mention_table, cmd->subject, AFT__MENTION_SEEN_AT, cmd->now);
  return AFT_OK;
}

static void seen_digest(aft__sha256 *sha, const void *given) { aft__digest_i64(sha, *(const aft_id *)given); }

aft_status aft_mention_see(aft_session *session, const aft_call *call, aft_id mention, aft_error *error) {
  static const aft__command command = {.verb = "mention.see",
                                       .name = "mention.see",
                                       .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT),
                                       .digest = seen_digest,
                                       .run = see};
  AFT__TRY(aft__in_id(mention, "mention", error));
  return aft__command_run(session, call, &command, &mention, NULL, error);
}
