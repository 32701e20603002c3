/*
 * A command line. Whatever it is, what is shown of it is at most three times as long, and as a list
 * it has as many arguments. A secret in a form that the tables know stays hidden, whatever follows
 * it, and whatever the secret is made of.
 *
 * The first byte of the input: which form.
 */
#include "tests/fuzz/fuzz.h"

#include "agent/mask/mask.h"

#define MARK "Zq7-marker-Zq7"

/* '|' is between two arguments, '*' is the secret, which may have any byte but NUL. */
static const char *const forms[] = {
    "app|--password=x*",
    "app|--password|x*",
    "mysql|-px*",
    "sudo|-u|ana|mysql|-px*",
    "curl|-u|user:x*",
    "sshpass|-p|x*",
    "docker|exec|c|mysql|-px*",
    "env|PGPASSWORD=x*|psql",
    "app|--token|Zx*",
    "xfreerdp|/p:x*",
    "aws|configure|set|aws_secret_access_key|Zx*",
    "rabbitmqctl|add_user|ana|x*",
    "timeout|5|redis-cli|-a|x*",
    "app|--private-key|-----BEGIN *",
};

/* The same in a shell's text: the secret has no quotes, spaces or operators. */
static const char *const scripts[] = {
    "sh|-c|mysql -p\"*\" db",   "sh|-c|PGPASSWORD='*' psql",      "sh|-c|cd /tmp && curl -u u:* h",
    "sh|-c|app --password '*'", "bash|-lc|sh -c \"mysql -p'*'\"", "sh|-c|run -H 'X-Token: *' -v",
    "mysql -u root -p* db",
};

static void add_form(const char *form, const char *secret, size_t len, struct buf *out)
{
    for (const char *s = form; *s; s++) {
        if (*s == '*')
            buf_add(out, secret, len);
        else
            buf_putc(out, *s == '|' ? '\0' : *s);
    }
}

static void check_hidden(struct mask *m, const struct buf *raw)
{
    struct buf out;
    buf_init(&out, 3 * raw->len + 1);
    CHECK(mask_arguments(m, raw->data, raw->len, false, &out));
    if (memmem(out.data, out.len, MARK, sizeof MARK - 1)) {
        fprintf(stderr, "shown: %.*s\n", (int)out.len, out.data);
        CHECK(false);
    }
    buf_release(&out);
}

/* The secret is made of the input's first half; the other half follows as further arguments. */
static void try_form(struct mask *m, const uint8_t *data, size_t size)
{
    struct buf secret, raw;
    const char *form = forms[data[0] % (sizeof forms / sizeof *forms)];
    size_t half = size / 2;
    buf_init(&secret, size + sizeof MARK);
    buf_init(&raw, 2 * size + 256);
    for (size_t i = 1; i < half; i++)
        buf_putc(&secret, data[i] ? (char)data[i] : ' ');
    buf_puts(&secret, MARK);
    add_form(form, secret.data, secret.len, &raw);
    buf_putc(&raw, '\0');
    buf_add(&raw, data + half, size - half);
    CHECK(!secret.failed && !raw.failed);
    check_hidden(m, &raw);
    buf_release(&secret);
    buf_release(&raw);
}

static void try_script(struct mask *m, const uint8_t *data, size_t size)
{
    static const char letters[] = "abcxyzABCXYZ0189_+%^~-";
    struct buf secret, raw;
    const char *form = scripts[data[0] % (sizeof scripts / sizeof *scripts)];
    size_t half = size / 2;
    buf_init(&secret, size + sizeof MARK);
    buf_init(&raw, 2 * size + 256);
    buf_putc(&secret, 'x');
    for (size_t i = 1; i < half; i++)
        buf_putc(&secret, letters[data[i] % (sizeof letters - 1)]);
    buf_puts(&secret, MARK);
    add_form(form, secret.data, secret.len, &raw);
    buf_putc(&raw, '\0');
    buf_add(&raw, data + half, size - half);
    CHECK(!secret.failed && !raw.failed);
    check_hidden(m, &raw);
    buf_release(&secret);
    buf_release(&raw);
}

static size_t count_nuls(const char *bytes, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += bytes[i] == '\0';
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mask m;
    static bool ready;
    if (!ready)
        mask_init(&m);
    ready = true;
    char *text = fuzz_copy(data, size);
    struct buf line, list;
    buf_init(&line, 3 * size + 1);
    buf_init(&list, 3 * size + 1);
    CHECK(mask_arguments(&m, text, size, size % 2, &line) && line.len <= 3 * size);
    CHECK(mask_list(&m, text, size, size % 2, &list) && list.len == line.len);
    CHECK(count_nuls(list.data, list.len) == count_nuls(text, size));
    buf_release(&line);
    buf_release(&list);
    free(text);
    if (size > 1 && !memmem(data, size, MARK, sizeof MARK - 1)) {
        try_form(&m, data, size);
        try_script(&m, data, size);
    }
    return 0;
}
