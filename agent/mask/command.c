#include "agent/mask/view.h"

enum stage {
    STAGE_PROGRAM, /* the next word that is no option is the program, after `skip` more */
    STAGE_WORDS,   /* of the program */
};

/* What the words so far say about the next. */
struct command {
    enum stage stage;
    bool inherited;    /* the group is that of the command around this one */
    bool pending;      /* the next word is the value of an option */
    bool optional;     /* ... unless it is an option itself */
    bool header;       /* the next word is a header */
    bool script;       /* the next word is a shell's text */
    bool value;        /* the next word is a value of the program that runs another */
    bool after_option; /* the last word was an option */
    bool pem;          /* a block of PEM continues */
    bool pem_ends;     /* its last line has begun */
    unsigned group, skip, words;
    const struct secret_row *runs; /* options before the program are those of this row */
    size_t args, args_end;         /* places of echo's arguments */
    size_t input, input_end;       /* of those of the echo whose output this command reads */
    enum secret_kind kind;         /* of what is pending */
    char after;
    uint8_t seen_at[SECRET_GROUP_ROWS]; /* number of words when the row's `sub` came, + 1 */
};

static void expect(struct command *c, enum secret_kind kind, char after, bool optional)
{
    c->pending = true;
    c->kind = kind;
    c->after = after;
    c->optional = optional;
}

static bool equals(const struct view *v, const char *word)
{
    size_t n = strlen(word);
    return v->len == n && memcmp(v->s, word, n) == 0;
}

/* "-x", "--long-name", "--name=value": rather another option than a secret. */
static bool looks_like_option(const struct view *v)
{
    if (v->len < 2 || v->s[0] != '-')
        return false;
    if (v->len == 2)
        return true;
    if (v->s[1] != '-' || v->s[2] == '-')
        return false;
    for (size_t i = 2; i < v->len && v->s[i] != '='; i++)
        if (!is_name(v->s[i]) || is_digit(v->s[i]))
            return false;
    return true;
}

/* ---- the rows of the program's group */

/* "-*b": a cluster of letters, this one among them. */
static bool is_sub(const struct view *v, const char *sub)
{
    if (sub[0] != '-' || sub[1] != '*')
        return equals(v, sub);
    return v->len >= 2 && v->s[0] == '-' && v->s[1] != '-' && memchr(v->s, sub[2], v->len);
}

static bool is_asked(const struct command *c, const struct secret_row *row, unsigned rank)
{
    return row->sub[0] == '\0' || (rank < SECRET_GROUP_ROWS && c->seen_at[rank]);
}

static void run_next(struct command *c, const struct secret_row *row)
{
    c->stage = STAGE_PROGRAM;
    c->runs = row;
    c->skip = row->number;
}

static void hide_input(struct parse *p, const struct command *c)
{
    if (c->input_end <= c->input)
        return;
    memset(p->hide + c->input, 1, c->input_end - c->input);
    p->hidden = true;
}

/* Remembers which rows the word admits; true if it is one's `sub`. */
static bool note_sub(struct parse *p, struct command *c, const struct view *v)
{
    unsigned rank = 0;
    bool found = false;
    const struct secret_row *row = secret_first(p->ix, c->group);
    for (; row && rank < SECRET_GROUP_ROWS; row = secret_next(p->ix, row), rank++) {
        if (row->sub[0] == '\0' || !is_sub(v, row->sub))
            continue;
        found = true;
        if (c->seen_at[rank])
            continue;
        c->seen_at[rank] = (uint8_t)(c->words < 250 ? c->words + 1 : 250);
        if (row->rule == RULE_RUNS)
            run_next(c, row);
        else if (row->rule == RULE_READS)
            hide_input(p, c);
    }
    return found;
}

/* "secret,id=x,data=SECRET": the value of the field. */
static void hide_field(struct parse *p, const struct secret_row *row, const struct view *v)
{
    size_t n = strlen(row->text);
    for (size_t at = 0; at < v->len;) {
        size_t end = view_find(v, at, v->len, ',');
        if (end - at > n && memcmp(v->s + at, row->text, n) == 0 && v->s[at + n] == '=') {
            struct view field = view_part(v, at, end);
            value_hide(p, &field, n + 1, SECRET_PASSWORD, row->after);
        }
        at = end + 1;
    }
}

static void hide_fields(struct parse *p, struct command *c, const struct view *v)
{
    const struct secret_row *row = secret_first(p->ix, c->group);
    for (; row; row = secret_next(p->ix, row))
        if (row->rule == RULE_FIELD)
            hide_field(p, row, v);
}

/* user:password@host of a program that takes it without "://". */
static void hide_user_at_host(struct parse *p, const struct view *v)
{
    size_t sign = view_find_last(v, 0, v->len, '@');
    struct view user = view_part(v, 0, sign);
    value_hide(p, &user, 0, SECRET_PAIR, ':');
}

static bool hide_word(struct parse *p, struct command *c, const struct secret_row *row,
                      unsigned rank, const struct view *v)
{
    unsigned seen = row->sub[0] ? c->seen_at[rank] - 1U : 0, n = c->words - seen;
    unsigned nth = row->number & ~(unsigned)REST;
    if (n < nth || (n > nth && !(row->number & REST)))
        return false;
    if (c->after_option)
        return false; /* rather the value of that option */
    if (row->after == ':') {
        hide_user_at_host(p, v);
        return false;
    }
    return value_hide(p, v, 0, SECRET_PASSWORD, row->after);
}

/* What the group says of a word that is no option. True if all of it is hidden. */
static bool apply_words(struct parse *p, struct command *c, const struct view *v)
{
    unsigned rank = 0;
    bool hidden = false;
    const struct secret_row *row = secret_first(p->ix, c->group);
    for (; row; row = secret_next(p->ix, row), rank++) {
        if ((row->rule != RULE_WORD && row->rule != RULE_BARE) || !is_asked(c, row, rank))
            continue;
        if (row->rule == RULE_WORD)
            hidden |= hide_word(p, c, row, rank, v);
        else if (!c->pending && !memchr(v->s, '=', v->len)) {
            enum secret_kind kind = secret_name(p->ix, v->s, v->len);
            if (kind != SECRET_NOT)
                expect(c, kind == SECRET_PAIR ? kind : SECRET_KEY, 0, true);
        }
    }
    return hidden;
}

/* The row whose flag `v` is or begins with; an exact one first. */
static const struct secret_row *find_flag(struct parse *p, const struct command *c,
                                          const struct view *v, size_t *at)
{
    unsigned rank = 0;
    const struct secret_row *found = NULL, *row = secret_first(p->ix, c->group);
    for (; row; row = secret_next(p->ix, row), rank++) {
        size_t value;
        if ((row->rule != RULE_FLAG && row->rule != RULE_PLAIN) || !is_asked(c, row, rank) ||
            !secret_flag(row, v->s, v->len, &value))
            continue;
        bool closer = found && row->sub[0] && strcmp(row->text, found->text) == 0;
        if (found && !closer && (value < v->len || strlen(row->text) < strlen(found->text)))
            continue;
        found = row;
        *at = value;
    }
    return found;
}

/* ---- words */

enum look {
    LOOK,       /* look for more in the word */
    LOOK_PLAIN, /* its first name has no secret value */
    LOOK_NOT,   /* all of it is hidden */
};

static bool is_header_option(const struct view *v)
{
    return equals(v, "-H") || equals(v, "--header") || equals(v, "--headers") ||
           equals(v, "--add-header") || equals(v, "-header");
}

/* "-c", "-lc" of a shell. */
static bool takes_script(struct parse *p, const struct command *c, const struct view *v)
{
    return v->len <= 5 && v->s[1] != '-' && v->s[v->len - 1] == 'c' && c->runs &&
           (c->group == p->ix->shell || c->group == p->ix->su);
}

static void end_options(struct command *c)
{
    if (c->stage == STAGE_WORDS && c->group == 0)
        c->stage = STAGE_PROGRAM; /* an unknown program may run another one */
    if (c->skip & DASHES)
        c->skip = 0;
    c->after_option = false;
}

static enum look look_at_option(struct parse *p, struct command *c, const struct view *v,
                                unsigned has)
{
    size_t at = v->len;
    if (equals(v, "--")) {
        end_options(c);
        return LOOK;
    }
    if (c->stage == STAGE_PROGRAM && c->runs) {
        c->value = secret_takes_next(c->runs, v->s, v->len);
        c->script = takes_script(p, c, v);
    }
    bool sub = note_sub(p, c, v);
    c->after_option = !sub && !(has & HAS_EQUALS) && !secret_is_letter(c->group, v->s, v->len);
    if (has & HAS_EQUALS)
        hide_fields(p, c, v);
    const struct secret_row *row = find_flag(p, c, v, &at);
    if (row && row->rule == RULE_PLAIN)
        return at < v->len && row->number == SEPARATE ? LOOK : LOOK_PLAIN;
    if (row && at < v->len) {
        bool all = value_hide(p, v, at, SECRET_PASSWORD, row->after);
        return all ? LOOK_NOT : LOOK;
    }
    if (row) {
        expect(c, SECRET_PASSWORD, row->after, row->number & OPTIONAL);
        return LOOK;
    }
    c->header = is_header_option(v);
    if (v->s[0] == '-' && !(has & HAS_EQUALS) && !secret_asks(v->s, v->len)) {
        enum secret_kind kind = secret_name(p->ix, v->s, v->len);
        if (kind != SECRET_NOT)
            expect(c, kind, 0, true);
    }
    return LOOK;
}

/* NAME=value in front of a program; returns where the value begins, or 0. */
static size_t environment(const struct view *v)
{
    size_t at = 0;
    while (at < v->len && (is_alnum(v->s[at]) || v->s[at] == '_'))
        at++;
    return at > 0 && at < v->len && v->s[at] == '=' ? at + 1 : 0;
}

/* ProxyCommand=ssh: a setting whose value is a command; variables of the environment are capitals.
 */
static bool is_setting(const struct view *v, size_t end)
{
    for (size_t i = 0; i < end; i++)
        if (v->s[i] >= 'a' && v->s[i] <= 'z')
            return true;
    return false;
}

static bool is_keyword(const struct view *v)
{
    static const char *const words[] = {"then",  "do", "else", "elif", "if", "while",
                                        "until", "!",  "{",    "}",    "[[", "$"};
    if (v->len > 5)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (equals(v, words[i]))
            return true;
    return false;
}

/* The program of this command. False if the word is another one. */
static bool take_program(struct parse *p, struct command *c, const struct view *v, unsigned has)
{
    size_t value = has & HAS_EQUALS ? environment(v) : 0;
    size_t end = has & HAS_SPACE ? view_find_space(v, 0, v->len) : v->len;
    if ((c->skip & DASHES) == 0 || (c->skip & ~(unsigned)DASHES)) {
        if (c->skip) {
            c->skip = c->skip == DASHES + 1 ? 0 : c->skip - 1;
            return true;
        }
    } else {
        return false;
    }
    if (is_keyword(v) || (p->depth && v->s[v->len - 1] == ':'))
        return true; /* "CRON: command" is a title */
    unsigned group = secret_group(p->ix, v->s + value, end - value);
    if (value && (group == 0 || !is_setting(v, value)))
        return true;
    c->stage = STAGE_WORDS;
    if (group == 0 && c->inherited)
        return false;
    *c = (struct command){
        .stage = STAGE_WORDS, .group = group, .input = c->input, .input_end = c->input_end};
    const struct secret_row *row = secret_first(p->ix, group);
    for (; row; row = secret_next(p->ix, row)) {
        if (row->rule == RULE_RUNS && row->sub[0] == '\0')
            run_next(c, row);
        else if (row->rule == RULE_READS && row->sub[0] == '\0')
            hide_input(p, c);
    }
    return true;
}

static enum look look_at_plain_word(struct parse *p, struct command *c, const struct view *v,
                                    unsigned has)
{
    if (c->stage == STAGE_PROGRAM && take_program(p, c, v, has))
        return LOOK;
    c->words += !c->after_option; /* what follows an option may be its value */
    if (c->group == p->ix->echo) {
        size_t from = v->places ? v->places[0] : v->base;
        c->args = c->words == 1 ? from : c->args;
        c->args_end = v->places ? (size_t)v->places[v->len - 1] + 1 : v->base + v->len;
    }
    bool hidden = apply_words(p, c, v);
    if (has & HAS_EQUALS)
        hide_fields(p, c, v);
    note_sub(p, c, v);
    c->after_option = false;
    if (v->s[0] == '+' && !c->pending) { /* game servers: +rcon_password X */
        enum secret_kind kind = secret_name(p->ix, v->s + 1, v->len - 1);
        if (kind != SECRET_NOT)
            expect(c, kind, 0, true);
    }
    return hidden ? LOOK_NOT : LOOK;
}

static enum look look_at_word(struct parse *p, struct command *c, const struct view *v,
                              unsigned has)
{
    if (c->pending && !(c->optional && looks_like_option(v))) {
        c->pending = c->value = c->after_option = false;
        return value_hide(p, v, 0, c->kind, c->after) ? LOOK_NOT : LOOK;
    }
    c->pending = false;
    if (c->value) {
        c->value = c->after_option = false;
        return LOOK;
    }
    size_t at;
    if (v->len > 1 && (v->s[0] == '-' || (v->s[0] == '/' && (has & HAS_COLON) && c->group &&
                                          find_flag(p, c, v, &at))))
        return look_at_option(p, c, v, has);
    return look_at_plain_word(p, c, v, has);
}

/* A block of PEM whose words are arguments of their own. */
static bool look_at_pem(struct parse *p, struct command *c, const struct view *v)
{
    if (c->pem) {
        view_hide(p, v, 0, v->len);
        c->pem = !(v->len >= 5 && memcmp(v->s + v->len - 5, "-----", 5) == 0 && c->pem_ends);
        c->pem_ends |= v->len >= 8 && memmem(v->s, v->len, "-----END", 8);
        return true;
    }
    if (v->len < 10 || memcmp(v->s + v->len - 10, "-----BEGIN", 10) != 0)
        return false;
    view_hide(p, v, v->len - 10, v->len);
    c->pem = true;
    c->pem_ends = false;
    return true;
}

static void look_at(struct parse *p, struct command *c, const struct view *v, bool whole);

/* The words of an argument that holds several. */
static void look_inside(struct parse *p, const struct command *c, const struct view *v)
{
    size_t space = view_find_space(v, 0, v->len), used = p->used;
    size_t start = v->s[0] == '-' ? view_find(v, 0, space, '=') : space;
    struct words words = {.text = view_part(v, start < space ? start + 1 : 0, v->len)};
    struct command inner = {.group = c->group, .inherited = true};
    struct view word;
    if (p->depth == MASK_DEPTH)
        return;
    p->depth++;
    while (words_next(p, &words, &word)) {
        bool echoed = words.piped && inner.group == p->ix->echo;
        if (words.fresh)
            inner = (struct command){.group = words.glued ? inner.group : c->group,
                                     .inherited = true,
                                     .input = inner.args,
                                     .input_end = echoed ? inner.args_end : 0};
        look_at(p, &inner, &word, words.quoted);
        p->used = used;
    }
    p->depth--;
}

static void look_at(struct parse *p, struct command *c, const struct view *v, bool whole)
{
    if (v->len == 0) {
        c->words += c->stage == STAGE_WORDS && !c->pending;
        c->pending = c->value = c->script = c->header = c->after_option = false;
        return;
    }
    unsigned has = view_classes(v);
    struct assign_context context = {.whole = whole && !c->script, .header = c->header};
    c->script = c->header = false;
    if (p->depth == 0 && look_at_pem(p, c, v))
        return;
    enum look look = look_at_word(p, c, v, has);
    if (look == LOOK_NOT)
        return;
    context.plain = look == LOOK_PLAIN;
    context.header |= v->s[0] != '-' && c->group && c->group == p->ix->httpie;
    if (has & (HAS_EQUALS | HAS_COLON))
        assign_scan(p, v, context);
    if ((has & HAS_OPERATOR) && (has & HAS_SLASH))
        assign_xml(p, v);
    if ((has & HAS_COLON) && (has & HAS_SLASH))
        url_scan(p, v);
    if ((has & HAS_COLON) && (has & HAS_AT) && !(has & HAS_SPACE))
        url_user_at_host(p, v);
    token_scan(p, v);
    if (has & (HAS_SPACE | HAS_QUOTE))
        sql_scan(p, v);
    if (has & HAS_SPACE) {
        token_pem(p, v);
        look_inside(p, c, v);
    }
}

void command_line(struct parse *p)
{
    struct command c = {.stage = STAGE_PROGRAM};
    bool first = true;
    for (size_t at = 0; at <= p->len && !p->failed;) {
        const char *nul = memchr(p->raw + at, '\0', p->len - at);
        size_t end = nul ? (size_t)(nul - p->raw) : p->len;
        struct view v = {p->raw + at, end - at, at, NULL};
        look_at(p, &c, &v, !first);
        first = false;
        at = end + 1;
    }
}
