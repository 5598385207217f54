// What Swift cannot import from ncurses: macros, globals, and what has to be done inside a signal's handler.
#pragma once
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

static const uint32_t lln_bold = A_BOLD, lln_dim = A_DIM, lln_reverse = A_REVERSE;

static inline int lln_width(void) { return COLS; }
static inline int lln_height(void) { return LINES; }
// Starts colours; how many there are, 0 for none.
static inline int lln_start_colors(void) { return has_colors() && start_color() == OK ? COLORS : 0; }
static inline void lln_erase(void) { werase(stdscr); }
static inline void lln_refresh(void) { wrefresh(stdscr); }
// The next refresh paints every cell.
static inline void lln_repaint(void) { clearok(curscr, true); }

// Sends a sequence that changes nothing on the screen.
static inline void lln_send(const char *_Nonnull sequence) {
  fputs(sequence, stdout);
  fflush(stdout);
}

// Keys come one by one, unechoed, as codes where they are not characters, and without waiting.
static inline void lln_read_keys(void) {
  cbreak();
  noecho();
  nonl();
  keypad(stdscr, true);
  nodelay(stdscr, true);
}
// The next key: ERR for none, KEY_CODE_YES with a KEY_ code, OK with a character. A character whose bytes are not all there
// is given once they are; bytes that are none, and sequences that ncurses does not know, are left out.
int lln_next_key(uint32_t *_Nonnull key);

// What the mouse did that a KEY_MOUSE tells of, and where.
typedef enum { LLN_NOTHING, LLN_PRESS, LLN_RELEASE, LLN_WHEEL_UP, LLN_WHEEL_DOWN } lln_pointing;
static inline lln_pointing lln_pointer(int *_Nonnull x, int *_Nonnull y) {
  MEVENT event;
  if (getmouse(&event) != OK) return LLN_NOTHING;
  *x = event.x;
  *y = event.y;
  if (event.bstate & BUTTON4_PRESSED) return LLN_WHEEL_UP;
  if (event.bstate & BUTTON5_PRESSED) return LLN_WHEEL_DOWN;
  if (event.bstate & BUTTON1_PRESSED) return LLN_PRESS;
  return event.bstate & BUTTON1_RELEASED ? LLN_RELEASE : LLN_NOTHING;
}

// Puts a scalar and its combining marks, which are to take `width` columns, at a place. What the C library gives
// another width (it may know another Unicode) becomes question marks, so that a row never shifts.
void lln_put(int y, int x, const uint32_t *_Nonnull scalars, int count, int width, uint32_t attributes, int pair);

// Whether the locale's characters are UTF-8, after taking the environment's locale; a plain C locale becomes C.UTF-8.
bool lln_use_utf8(void);

// What a terminal type is good for.
typedef enum { LLN_USABLE, LLN_UNKNOWN, LLN_IMMOVABLE } lln_type;
// Looks a type up: unknown, or without a way to move the cursor.
lln_type lln_look_up(const char *_Nonnull type);

// Starts ncurses on standard input and output; NULL where it cannot.
SCREEN *_Nullable lln_start(const char *_Nonnull type);
// Ends it for good.
void lln_end(SCREEN *_Nonnull screen);
// Takes over the terminal's size, at most 2000 by 1000.
void lln_resize(void);

// Takes the signals over; returns a descriptor that is readable when there are some, or -1 and errno. Those that end or
// resize the program are queued for lln_next_signal; those that kill it give the terminal back first, on whatever
// thread they come. To be called before lln_start.
int lln_watch_signals(void);
// Gives the signals back.
void lln_unwatch_signals(void);
// The next queued signal; 0 for none.
int lln_next_signal(void);
// Gives the terminal back and stops the process until it is continued; then takes it again.
void lln_stop(void);
