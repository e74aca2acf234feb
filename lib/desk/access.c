/* Who may touch what: tenants are walls, agents have shops, buyers have what is theirs. */
#include "desk/desk_priv.h"

aft_status aft__load(aft__cmd *cmd, const aft__table *table, uint32_t tenant_column, aft_id id,
                     const char *what, aft__value **row, aft_error *error) {
  AFT__TRY(aft__in_id(id, what, error));
  aft_status status = aft__get(cmd->tx, table, id, row, error);
  if (status == AFT_E_NOT_FOUND || (status >= 0 && aft__row_int(*row, tenant_column) != cmd->call.tenant))
    return aft__error(error, AFT_E_NOT_FOUND, what, "there is no %s %lld in this tenant", table->name,
                      (long long)id);
  return status;
}

aft_status aft__load_rows(aft__cmd *cmd, const aft__table *table, uint32_t index, aft_id parent,
                          uint32_t most, aft__value ***rows, uint32_t *n, aft_error *error) {
  aft__scan scan = {.table = table,
                    .index = index,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(parent)},
                    .limit = most};
  return aft__scan_all(cmd->tx, &scan, rows, n, error);
}

#define PAGE 32

void aft__scan_after(aft__scan *scan, const aft__value *row) {
  const aft__index *index = &scan->table->indexes[scan->index];
  scan->after = true;
  scan->after_id = row[AFT__COL_ID].number;
  if (index->n > scan->n_equal)
    scan->after_value = row[index->columns[scan->n_equal]];
}

/* Where rows go, those that are left come first. */
aft_status aft__change_each(aft__tx *tx, aft__scan scan, bool removes, aft__change_fn fn, void *user,
                            aft_error *error) {
  aft__value **rows;
  uint32_t n;
  scan.limit = PAGE;
  do {
    AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
    if (n && !removes)
      aft__scan_after(&scan, rows[n - 1]);
    for (uint32_t i = 0; i < n; i++)
      AFT__TRY(fn(user, rows[i], error));
  } while (n == PAGE);
  return AFT_OK;
}

aft_status aft__may_shop(aft__cmd *cmd, aft_id shop, aft_error *error) {
  if (cmd->call.role == AFT_ROLE_SYSTEM || cmd->call.role == AFT_ROLE_ARBITER)
    return AFT_OK;
  if (cmd->call.role != AFT_ROLE_AGENT)
    return aft__denied(cmd, "only the shop's own people see this", error);
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__int(cmd->call.actor), aft__int(shop)};
  aft__value *row;
  aft_status status = aft__find(cmd->tx, &aft__membership_table, AFT__MEMBERSHIP_BY_AGENT, keys, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return aft__denied(cmd, "the agent does not work for this shop", error);
  return status;
}

aft_status aft__agent_of_shop(aft__cmd *cmd, aft_id agent, aft_id shop, const char *where, aft__value **row,
                              aft_error *error) {
  aft__value *membership;
  AFT__TRY(aft__load(cmd, &aft__agent_table, AFT__AGENT_TENANT, agent, where, row, error));
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__int(agent), aft__int(shop)};
  aft_status status =
      aft__find(cmd->tx, &aft__membership_table, AFT__MEMBERSHIP_BY_AGENT, keys, &membership, error);
  aft_str name = aft__row_str(*row, AFT__AGENT_EXTERNAL);
  bool works_here = status >= 0 && aft__row_int(*row, AFT__AGENT_ACTIVE);
  if (status == AFT_E_NOT_FOUND || (status >= 0 && !works_here))
    return aft__error(error, AFT_E_INVALID, where, "the agent '%.*s' does not work for the ticket's shop",
                      (int)name.len, name.data);
  return status;
}

aft_status aft__takes_part(aft__cmd *cmd, const aft__value *ticket, aft_id customer, bool *out,
                           aft_error *error) {
  *out = aft__row_int(ticket, AFT__TICKET_CUSTOMER) == customer;
  if (*out)
    return AFT_OK;
  aft__value keys[] = {aft__int(cmd->call.tenant), ticket[AFT__TICKET_ID], aft__int(customer)};
  aft__value *row;
  aft_status status =
      aft__find(cmd->tx, &aft__participant_table, AFT__PARTICIPANT_BY_TICKET, keys, &row, error);
  *out = status >= 0;
  return status == AFT_E_NOT_FOUND ? AFT_OK : status;
}

aft_status aft__may_ticket(aft__cmd *cmd, const aft__value *ticket, aft_error *error) {
  if (cmd->call.role != AFT_ROLE_BUYER)
    return aft__may_shop(cmd, aft__row_int(ticket, AFT__TICKET_SHOP), error);
  bool part;
  AFT__TRY(aft__takes_part(cmd, ticket, cmd->call.actor, &part, error));
  return part ? AFT_OK : aft__denied(cmd, "the ticket is another customer's", error);
}

aft_status aft__may_customer(aft__cmd *cmd, aft_id customer, aft_error *error) {
  if (cmd->call.role != AFT_ROLE_BUYER || cmd->call.actor == customer)
    return AFT_OK;
  return aft__denied(cmd, "the record is another customer's", error);
}

aft_status aft__customer_stays(aft__cmd *cmd, const aft__value *customer, aft_error *error) {
  return aft__row_null(customer, AFT__CUSTOMER_ERASED) ? AFT_OK
                                                       : aft__denied(cmd, "the customer was erased", error);
}

aft_status aft__customer_id_stays(aft__cmd *cmd, aft_id customer, aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__get(cmd->tx, &aft__customer_table, customer, &row, error));
  return aft__customer_stays(cmd, row, error);
}

aft_status aft__customer_words(aft__cmd *cmd, aft_id customer, aft_str *text, aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__get(cmd->tx, &aft__customer_table, customer, &row, error));
  if (!aft__row_null(row, AFT__CUSTOMER_ERASED))
    *text = (aft_str){0};
  return AFT_OK;
}

aft_status aft__works_for(aft__cmd *cmd, aft_id agent, aft_id shop, const char *where, aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__agent_of_shop(cmd, agent, shop, where, &row, error));
  return aft__anchor(cmd->tx, &aft__agent_table, row, error);
}

typedef struct shop_list {
  aft_id *shops;
  uint32_t n;
} shop_list;

static aft_status add_shop(void *user, const aft__value *row, aft_error *error) {
  shop_list *list = user;
  if (list->n == AFT__MOST_SHOPS)
    return aft__error(error, AFT_E_TOO_LARGE, "agent", "an agent works for at most %d shops",
                      AFT__MOST_SHOPS);
  list->shops[list->n++] = aft__row_int(row, AFT__MEMBERSHIP_SHOP);
  return AFT_OK;
}

aft_status aft__shops_of(aft__cmd *cmd, aft_id agent, aft_id **shops, uint32_t *n, aft_error *error) {
  shop_list list = {aft__arena_alloc(cmd->arena, AFT__MOST_SHOPS * sizeof(aft_id)), 0};
  if (!list.shops)
    return aft__nomem(error);
  aft__scan scan = {.table = &aft__membership_table,
                    .index = AFT__MEMBERSHIP_BY_AGENT,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(agent)}};
  AFT__TRY(aft__scan_each(cmd->tx, &scan, add_shop, &list, error));
  *shops = list.shops; /* the index gives them sorted */
  *n = list.n;
  return AFT_OK;
}

aft_status aft__agent_shops(aft__cmd *cmd, aft_id **shops, uint32_t *n, aft_error *error) {
  return aft__shops_of(cmd, cmd->call.actor, shops, n, error);
}

bool aft__has_shop(const aft_id *shops, uint32_t n, aft_id shop) {
  uint32_t low = 0, high = n;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (shops[middle] < shop)
      low = middle + 1;
    else
      high = middle;
  }
  return low < n && shops[low] == shop;
}
