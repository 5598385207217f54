#define _GNU_SOURCE
#include "CNcurses.h"
#include "restore.h"
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

void lln_put(int y, int x, const uint32_t *scalars, int count, int width, uint32_t attributes, int pair) {
  wchar_t text[CCHARW_MAX + 1] = {0};
  for (int i = 0; i < count && i < CCHARW_MAX; i++) text[i] = (wchar_t)scalars[i];
  bool shown = wcwidth(text[0]) == width;
  for (int i = 1; text[i]; i++) shown = shown && wcwidth(text[i]) == 0;
  cchar_t cell;
  if (shown) {
    setcchar(&cell, text, attributes, (short)pair, NULL);
    mvadd_wchnstr(y, x, &cell, 1);
    return;
  }
  setcchar(&cell, L"?", attributes, (short)pair, NULL);
  for (int i = 0; i < width; i++) mvadd_wchnstr(y, x + i, &cell, 1);
}

// Takes the rest of a sequence that ncurses does not know (its Escape was returned), where that is one: typed by hand, what
// follows an Escape comes later. As keys, the numbers in it would be commands.
static bool skip_sequence(void) {
  int introducer = wgetch(stdscr);
  if (introducer != '[' && introducer != 'O') {
    if (introducer != ERR) ungetch(introducer);
    return false;
  }
  bool plain = true;
  // ECMA-48, 5.4: parameters and intermediates, of which nobody sends so many, then a final byte.
  for (int i = 0; i < 64; i++) {
    int code = wgetch(stdscr);
    if (code >= 0x20 && code <= 0x3F) {
      plain = false;
      continue;
    }
    // What a mouse did, in the form of X10: three bytes follow.
    for (int more = 0; code == 'M' && plain && more < 3; more++) wgetch(stdscr);
    // Cut short by what is a key of its own: another Escape, for one.
    if (code != ERR && (code < 0x40 || code > 0x7E)) ungetch(code);
    break;
  }
  return true;
}

// Bytes come from wgetch: wget_wch forgets those of a character that is cut short, and then takes up to 144 bytes after it,
// whatever they are, for its rest.
int lln_next_key(uint32_t *key) {
  static mbstate_t partial;
  for (;;) {
    int code = wgetch(stdscr);
    if (code == ERR) return ERR;
    *key = (uint32_t)code;
    if (code > UCHAR_MAX) {
      partial = (mbstate_t){0};
      return KEY_CODE_YES;
    }
    if (code == 0x1B && skip_sequence()) continue;
    char byte = (char)code;
    wchar_t character = 0;
    bool first = mbsinit(&partial);
    size_t taken = mbrtowc(&character, &byte, 1, &partial);
    if (taken == (size_t)-1) {
      partial = (mbstate_t){0};
      // What cannot go on with the bytes ahead of it may begin anew.
      if (!first) taken = mbrtowc(&character, &byte, 1, &partial);
    }
    if (taken == (size_t)-1) partial = (mbstate_t){0};
    if (taken > 1) continue;
    *key = (uint32_t)character;
    return OK;
  }
}

static bool is_utf8(void) { return !strcmp(nl_langinfo(CODESET), "UTF-8"); }
bool lln_use_utf8(void) {
  const char *name = setlocale(LC_CTYPE, "");
  if (is_utf8()) return true;
  // A C locale, or one that is not installed, says nothing about the terminal; terminals are UTF-8 today.
  if (!name || !strcmp(name, "C") || !strcmp(name, "POSIX")) setlocale(LC_CTYPE, "C.UTF-8");
  return is_utf8();
}

lln_type lln_look_up(const char *type) {
  int found = 0;
  if (setupterm(type, STDOUT_FILENO, &found) != OK) return found == 1 ? LLN_IMMOVABLE : LLN_UNKNOWN;
  char *move = tigetstr("cup");
  bool moves = move && move != (char *)-1;
  del_curterm(cur_term);
  return moves ? LLN_USABLE : LLN_IMMOVABLE;
}

SCREEN *lln_start(const char *type) {
  lln_save_terminal();
  SCREEN *screen = newterm(type, stdout, stdin);
  if (!screen) return NULL;
  static const char *const names[] = {"rmkx", "sgr0", "op", "cnorm", "rmcup"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char *sequence = tigetstr(names[i]);
    if (sequence && sequence != (char *)-1) lln_add_restoring(sequence);
  }
  // A click is its press and its release, told at once.
  mouseinterval(0);
  if (mousemask(BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL)) {
    lln_add_restoring("\033[?1006l\033[?1000l");
  }
  lln_resize();
  set_escdelay(25);
  curs_set(0);
  lln_arm_restoring(true);
  return screen;
}

void lln_end(SCREEN *screen) {
  endwin();
  lln_arm_restoring(false);
  delscreen(screen);
}

void lln_resize(void) {
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return;
  // `columns` and `lines` are macros of term.h.
  int height = size.ws_row < 1000 ? size.ws_row : 1000, width = size.ws_col < 2000 ? size.ws_col : 2000;
  if (height != LINES || width != COLS) resizeterm(height, width);
}

void lln_stop(void) {
  endwin();
  lln_arm_restoring(false);
  lln_stop_process();
  lln_arm_restoring(true);
  lln_resize();
  lln_repaint();
  lln_refresh();
}
