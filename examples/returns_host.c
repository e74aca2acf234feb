/* The shop's payment gateway and its issuer of invoices: what waits in the outbox is carried out, and the
 * desk is told what came of it. The gateway keeps a book of its own. Carrier and warehouse note what they are
 * asked for; the stories say what they make of it. */
#include "returns.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

static aft_id id_in(const json_t *object, const char *key) { return strtoll(text_of(object, key), NULL, 10); }

static row row_of(const json_t *asked, const char *party, int64_t paid, int64_t received) {
  row r = {.paid = paid, .received = received};
  snprintf(r.party, sizeof r.party, "%s", text_of(asked, party));
  snprintf(r.instrument, sizeof r.instrument, "%s", text_of(asked, "instrument"));
  snprintf(r.currency, sizeof r.currency, "%s", text_of(asked, "currency"));
  return r;
}

/* The number of the movement is the same in every attempt: the gateway would know it again. */
static void move_money(world *w, const json_t *asked) {
  int64_t amount = json_integer_value(json_object_get(asked, "amount"));
  char reference[64];
  row payer = row_of(asked, "payer", amount, 0), payee = row_of(asked, "payee", 0, amount);
  aft_leg_in in = {
      .size = sizeof in, .leg = id_in(asked, "leg"), .outcome = AFT_SETTLE_CONFIRMED, .amount.minor = amount};
  snprintf(in.amount.currency, sizeof in.amount.currency, "%s", payer.currency);
  snprintf(reference, sizeof reference, "gw-%s", text_of(asked, "number"));
  in.reference = AFT_STR(reference);
  enter(&w->bank, &payer);
  enter(&w->bank, &payee);
  must(w, aft_leg_settle(w->session, &w->system, &in, NULL, &w->error));
}

static void reverse_invoice(world *w, const json_t *asked) {
  char red[32];
  aft_invoice_in in = {.size = sizeof in, .case_id = id_in(asked, "case"), .outcome = AFT_RED_ISSUED};
  snprintf(red, sizeof red, "RED-%04d", ++w->invoices);
  in.red = AFT_STR(red);
  must(w, aft_invoice_told(w->session, &w->system, &in, NULL, &w->error));
}

static void carry_out(world *w, aft_record *effect) {
  const char *topic = aft_effect_topic(effect);
  json_t *asked = json_loads(aft_effect_payload(effect), 0, NULL);
  must(w, aft_outbox_settle(w->session, aft_effect_id(effect), aft_effect_fence(effect), AFT_OUTCOME_DONE,
                            NULL, &w->error));
  if (json_object_get(asked, "leg"))
    move_money(w, asked);
  else if (!strcmp(topic, "invoice.reverse"))
    reverse_invoice(w, asked);
  w->stops += !strcmp(topic, "parcel.intercept");
  w->sends += !strcmp(topic, "goods.ship");
  json_decref(asked);
}

void gateway(world *w) {
  aft_cursor *cursor;
  aft_record *effect;
  int n;
  do {
    n = 0;
    must(w, aft_outbox_claim(w->session, NULL, &cursor, &w->error));
    while (aft_cursor_next(cursor, &effect, &w->error) == AFT_OK) {
      carry_out(w, effect);
      n++;
    }
    aft_cursor_free(cursor);
  } while (n);
}
