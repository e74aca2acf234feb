/* The tour's story: one webhook three times, a ticket's life, time passing, a changed line, what leaves.
 * Every step has a name of its own as external id or key, so that the story can be told again on the same
 * store. */
#include "tour_chapters.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define MINUTE       INT64_C(60000)
#define SENTENCES(t) (strcmp((t)->lang, "zh") == 0)

static const char *state_of(tour *t, aft_record *ticket) {
  return label(t, "state", aft_ticket_state(ticket));
}

void tour_exactly_once(tour *t) {
  tour_heading(say(t, "tour.exactly", NULL, NULL, NULL, NULL));
  const char *text =
      SENTENCES(t) ? "订单还没发货，能不能催一下？" : "My order has not left yet, could you hurry it up?";
  for (int i = 1; i <= 3; i++) {
    aft_status status;
    aft_record *ticket = tour_say(t, "tour:webhook", "tour-webhook", text, &status);
    tour_line("  %s",
              say(t, "tour.delivery", number(i),
                  say(t, status == AFT_REPLAYED ? "tour.replayed" : "tour.new", NULL, NULL, NULL, NULL),
                  aft_ticket_code(ticket), NULL));
    aft_record_free(ticket);
  }
}

/* ---- one life ---- */

static void act(tour *t, aft_id ticket, uint32_t what, const char *key) {
  aft_call call = t->agent;
  call.key = AFT_STR(key);
  aft_act_in in = {
      .size = sizeof in, .ticket = ticket, .act = what, .agent = what == AFT_ACT_ASSIGN ? t->agent.actor : 0};
  must(t, aft_ticket_act(t->session, &call, &in, NULL, &t->error));
}

static void answer(tour *t, aft_id ticket, const char *text, const char *key) {
  aft_call call = t->agent;
  call.key = AFT_STR(key);
  aft_answer_in in = {.size = sizeof in, .ticket = ticket, .text = AFT_STR(text)};
  must(t, aft_ticket_answer(t->session, &call, &in, NULL, &t->error));
}

static void tell(tour *t, const char *key, aft_id id) {
  aft_record *ticket = tour_ticket(t, id);
  tour_line("  %s", say(t, key, state_of(t, ticket), number(aft_ticket_reopens(ticket)), NULL, NULL));
  aft_record_free(ticket);
}

static void hear(tour *t, const char *external, const char *text, const char *key, aft_id id) {
  aft_record_free(tour_say(t, external, "tour-life", text, NULL));
  tell(t, key, id);
}

static void tell_surveys(tour *t, aft_id ticket) {
  aft_cursor *cursor;
  aft_record *survey;
  must(t, aft_survey_list(t->session, &t->system, ticket, &cursor, &t->error));
  while (must(t, aft_cursor_next(cursor, &survey, &t->error)) == AFT_OK)
    tour_line("  %s", say(t, "tour.survey", label(t, "tour.state", aft_survey_state(survey)),
                          clock_text(t, aft_survey_due(survey)), NULL, NULL));
  aft_cursor_free(cursor);
}

void tour_life(tour *t) {
  int zh = SENTENCES(t);
  tour_heading(say(t, "tour.life", NULL, NULL, NULL, NULL));
  aft_record *ticket = tour_say(
      t, "tour:life-1", "tour-life",
      zh ? "杯子收到就裂了，我要退货" : "The cup was cracked when it came. I want to return it.", NULL);
  aft_id id = aft_ticket_id(ticket);
  tour_line("  %s: %s", aft_ticket_code(ticket),
            say(t, "tour.opened", label(t, "category", aft_ticket_category(ticket)),
                label(t, "priority", aft_ticket_priority(ticket)), NULL, NULL));
  aft_record_free(ticket);
  act(t, id, AFT_ACT_ASSIGN, "tour:assign");
  answer(t, id,
         zh ? "抱歉！请发一张照片，我们马上安排退货。"
            : "Sorry! Send us a photo and we will arrange the return.",
         "tour:answer-1");
  tell(t, "tour.answered", id);
  hear(t, "tour:life-2", zh ? "好的谢谢" : "ok thanks", "tour.thanks", id);
  hear(t, "tour:life-3", zh ? "照片发了，什么时候能退款？" : "I sent the photo. When do I get my money back?",
       "tour.reply", id);
  answer(t, id, zh ? "已原路退款，三天内到账。" : "The refund is on its way, three days at most.",
         "tour:answer-2");
  act(t, id, AFT_ACT_RESOLVE, "tour:resolve-1");
  tell(t, "tour.resolved", id);
  tell_surveys(t, id);
  hear(t, "tour:life-4", zh ? "退款还是没有到账" : "The refund still has not arrived", "tour.reopened", id);
  act(t, id, AFT_ACT_RESOLVE, "tour:resolve-2");
  tell(t, "tour.resolved", id);
  tell_surveys(t, id);
}

/* ---- time ---- */

static void tick(tour *t, int64_t ms) {
  uint32_t fired = 0;
  aft_tick_report report = {.size = sizeof report};
  tour_pass(t, ms);
  do {
    must(t, aft_tick(t->session, NULL, &report, &t->error));
    fired += report.fired;
  } while (report.fired || report.sequenced);
  tour_line("  %s", say(t, "tour.tick", span_text(t, ms), number(fired), NULL, NULL));
}

static void tell_level(tour *t, aft_id id) {
  aft_record *ticket = tour_ticket(t, id);
  tour_line("  %s: %s", aft_ticket_code(ticket),
            say(t, "tour.escalated", number(aft_ticket_level(ticket)),
                label(t, "priority", aft_ticket_priority(ticket)), NULL, NULL));
  aft_record_free(ticket);
}

void tour_time(tour *t) {
  tour_heading(say(t, "tour.time", NULL, NULL, NULL, NULL));
  aft_record *ticket =
      tour_say(t, "tour:late", "tour-late",
               SENTENCES(t) ? "付款失败，钱扣了没有订单" : "The payment failed but my money is gone", NULL);
  aft_id id = aft_ticket_id(ticket);
  const char *due = aft_record_is_null(ticket, AFT_TICKET_FIRST_RESPONSE_DUE)
                        ? say(t, "tour.none", NULL, NULL, NULL, NULL)
                        : clock_text(t, aft_ticket_first_response_due(ticket));
  tour_line("  %s", say(t, "tour.waiting", aft_ticket_code(ticket), clock_text(t, aft_ticket_opened(ticket)),
                        due, NULL));
  aft_record_free(ticket);
  tick(t, 16 * MINUTE);
  tell_level(t, id);
  tick(t, 60 * MINUTE); /* the survey's time comes */
}

/* ---- one changed line ---- */

static void explain(tour *t, const char *key, aft_record *ticket) {
  aft_buf *why;
  tour_line("  %s", say(t, key, label(t, "priority", aft_ticket_priority(ticket)), NULL, NULL, NULL));
  must(t, aft_explain(t->session, &t->system, aft_ticket_id(ticket), "priority", t->lang, &why, &t->error));
  tour_wrap(aft_buf_data(why), 6);
  aft_buf_free(why);
  aft_record_free(ticket);
}

void tour_change(tour *t) {
  const char *text = SENTENCES(t) ? "杯子用了一次就坏了" : "The cup broke after one use";
  tour_heading(say(t, "tour.policy", NULL, NULL, NULL, NULL));
  tour_line("  “%s”", text);
  explain(t, "tour.before", tour_say(t, "tour:change-1", "tour-change-1", text, NULL));
  tour_line("  > %s", say(t, "tour.change", "goods_at_fault", "60", NULL, NULL));
  tour_activate(t, "version: 1\npriority: {rules: {goods_at_fault: {points: 60}}}\n");
  explain(t, "tour.after", tour_say(t, "tour:change-2", "tour-change-2", text, NULL));
}

/* ---- what leaves ---- */

#define SHOWN 4

static const char *member(const json_t *object, const char *name) {
  const char *text = json_string_value(json_object_get(object, name));
  return text ? text : "";
}

static void show_effect(aft_record *effect) {
  json_t *payload = json_loads(aft_effect_payload(effect), 0, NULL);
  tour_line("    %-13s %-7s %s  %s", aft_effect_topic(effect), member(payload, "channel"),
            member(payload, "code"), member(payload, "text"));
  json_decref(payload);
}

static int hand_out(tour *t, int *n) {
  aft_cursor *cursor;
  aft_record *effect;
  aft_claim_in claim = {.size = sizeof claim, .most = 1000};
  int any = 0;
  must(t, aft_outbox_claim(t->session, &claim, &cursor, &t->error));
  while (must(t, aft_cursor_next(cursor, &effect, &t->error)) == AFT_OK) {
    any = 1;
    if ((*n)++ < SHOWN)
      show_effect(effect);
    must(t, aft_outbox_settle(t->session, aft_effect_id(effect), aft_effect_fence(effect), AFT_OUTCOME_DONE,
                              NULL, &t->error));
  }
  aft_cursor_free(cursor);
  return any;
}

void tour_leaving(tour *t) {
  int n = 0;
  int64_t last = 0, chain = 0;
  aft_cursor *cursor;
  aft_record *event, *ticket = tour_say(t, "tour:life-1", "tour-life", "?", NULL);
  tour_heading(say(t, "tour.outbox", NULL, NULL, NULL, NULL));
  while (hand_out(t, &n)) {
  }
  tour_line("  %s", say(t, "tour.effects", number(n), NULL, NULL, NULL));
  must(t, aft_tick(t->session, NULL, NULL, &t->error));
  must(t, aft_feed_read(t->session, &t->system, 0, &cursor, &t->error));
  while (must(t, aft_cursor_next(cursor, &event, &t->error)) == AFT_OK)
    last = aft_event_feed(event);
  aft_cursor_free(cursor);
  must(t, aft_ticket_history(t->session, &t->system, aft_ticket_id(ticket), &cursor, &t->error));
  while (must(t, aft_cursor_next(cursor, &event, &t->error)) == AFT_OK)
    chain++;
  aft_cursor_free(cursor);
  tour_line("  %s", say(t, "tour.feed", number(last), aft_ticket_code(ticket), number(chain), NULL));
  aft_record_free(ticket);
}
