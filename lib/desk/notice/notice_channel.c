/* How a customer is reached on a channel: where the matter came from, where they wrote before, or what their
 * record says. */
#include "desk/notice/notice_priv.h"

#define MOST_HANDLES 64

static void from_ticket(const aft__value *ticket, aft__address *out) {
  out->channel = aft__row_str(ticket, AFT__TICKET_CHANNEL);
  out->account = aft__row_str(ticket, AFT__TICKET_ACCOUNT);
  out->handle = aft__row_str(ticket, AFT__TICKET_HANDLE);
}

/* The handle that was seen last. */
static aft_status from_handles(const aft__notice *notice, aft_str channel, aft__address *out, bool *known,
                               aft_error *error) {
  aft__value **rows;
  uint32_t n;
  aft__scan scan = {.table = &aft__identity_table,
                    .index = AFT__IDENTITY_BY_CUSTOMER,
                    .n_equal = 2,
                    .equal = {aft__int(notice->cmd->call.tenant), notice->customer[AFT__CUSTOMER_ID]},
                    .descending = true,
                    .limit = MOST_HANDLES};
  AFT__TRY(aft__scan_all(notice->cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n && !*known; i++)
    if (aft__str_eq(aft__row_str(rows[i], AFT__IDENTITY_CHANNEL), channel)) {
      *known = true;
      out->account = aft__row_str(rows[i], AFT__IDENTITY_ACCOUNT);
      out->handle = aft__row_str(rows[i], AFT__IDENTITY_HANDLE);
    }
  return AFT_OK;
}

static void from_customer(const aft__value *customer, aft_str channel, aft__address *out, bool *known) {
  static const struct {
    const char *channel;
    uint32_t column;
  } ways[] = {{"email", AFT__CUSTOMER_EMAIL}, {"sms", AFT__CUSTOMER_PHONE}, {"phone", AFT__CUSTOMER_PHONE}};
  for (size_t i = 0; i < AFT__COUNT(ways) && !*known; i++)
    if (aft__str_eq(aft__cstr(ways[i].channel), channel)) {
      out->handle = aft__row_str(customer, ways[i].column);
      *known = out->handle.len > 0;
    }
}

aft_status aft__notice_address(const aft__notice *notice, aft_str channel, aft__address *out, bool *known,
                               aft_error *error) {
  *out = (aft__address){.channel = channel};
  bool same = notice->ticket && aft__str_eq(channel, aft__row_str(notice->ticket, AFT__TICKET_CHANNEL));
  *known = same || !channel.len; /* nobody knows where, and the host finds out */
  if (same)
    from_ticket(notice->ticket, out);
  bool written = false; /* the ticket's own handle may have gone with its words */
  if (!*known || (same && !out->handle.len))
    AFT__TRY(from_handles(notice, channel, out, &written, error));
  *known |= written;
  if (!*known)
    from_customer(notice->customer, channel, out, known);
  return AFT_OK;
}
