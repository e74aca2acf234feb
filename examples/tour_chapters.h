/* The chapters of the tour, in the order in which they are told. */
#ifndef TOUR_CHAPTERS_H
#define TOUR_CHAPTERS_H

#include "tour_desk.h"

/* tour_intake.c */
void tour_verify(tour *t); /* what a run before this one acknowledged is still there */
void tour_take_in(tour *t, const tour_messages *messages);
void tour_inbox(tour *t);

/* tour_story.c */
void tour_exactly_once(tour *t);
void tour_life(tour *t);
void tour_time(tour *t);
void tour_change(tour *t);
void tour_leaving(tour *t);

#endif
