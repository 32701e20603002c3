/* commit: the end of a file for its readers, whatever a dead writer left after it. */
#include "tests/unit/handler/made.h"

#include "handler/store/commit.h"

static struct jsonl_back h;
static struct commit found;

static enum commit_result find(const struct made *m, bool deep)
{
    int fd = made_fd(m);
    enum commit_result r = commit_find(fd, (off_t)m->file.len, deep ? m->digest : NULL, &h, &found);
    close(fd);
    return r;
}

/* With and without the digest: the commit ends at `end`. */
#define COMMITTED(m, where)                                                                        \
    for (int deep = 0; deep < 2; deep++) {                                                         \
        assert_int_equal(find(m, deep), (where) ? COMMIT_FOUND : COMMIT_NONE);                     \
        assert_int_equal(found.end, where);                                                        \
        assert_int_equal(h.end, where);                                                            \
    }

static void empty(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    COMMITTED(&m, 0);
    made_end(&m);
}

static void whole_files(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 4000, 70000, 200000};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct made m;
        made_begin(&m);
        for (int n = 0; n < 5; n++) {
            made_line(&m, sizes[i], 0);
            COMMITTED(&m, (off_t)m.file.len);
            assert_int_equal(found.line.seq, n + 1);
            assert_string_equal(found.line.chain, m.last.chain);
        }
        made_end(&m);
    }
}

/* A line, or a batch, that is cut after any of its bytes. */
static void torn_anywhere(void **state)
{
    (void)state;
    for (int batch = 0; batch < 2; batch++)
        for (int first = 0; first < 2; first++) {
            struct made m;
            made_begin(&m);
            if (!first)
                made_line(&m, 30, 0);
            size_t before = m.file.len;
            for (int left = batch * 3; left >= 0; left--)
                made_line(&m, 30, (uint64_t)left);
            size_t whole = m.file.len;
            for (m.file.len = before; m.file.len < whole; m.file.len++)
                COMMITTED(&m, (off_t)before);
            COMMITTED(&m, (off_t)whole);
            made_end(&m);
        }
}

/* The file has grown, its last bytes have not come: from any byte of the last request on. */
static void nul_tails(void **state)
{
    (void)state;
    for (int batch = 0; batch < 2; batch++) {
        struct made m;
        made_begin(&m);
        made_line(&m, 30, 0);
        size_t before = m.file.len;
        for (int left = batch * 2; left >= 0; left--)
            made_line(&m, 30, (uint64_t)left);
        for (size_t from = m.file.len; from > before; from--) {
            m.file.data[from - 1] = '\0';
            COMMITTED(&m, (off_t)before);
        }
        made_end(&m);
    }
}

static void only_nuls(void **state)
{
    (void)state;
    static const char nuls[200000];
    static const size_t lengths[] = {4, 511, 65536, 65537, sizeof nuls};
    for (size_t i = 0; i < COUNT(lengths); i++)
        for (int first = 0; first < 2; first++) {
            struct made m;
            made_begin(&m);
            if (!first)
                made_line(&m, 30, 0);
            size_t before = m.file.len;
            buf_add(&m.file, nuls, lengths[i]);
            COMMITTED(&m, (off_t)before);
            buf_puts(&m.file, "\n"); /* a line of them */
            COMMITTED(&m, (off_t)before);
            made_end(&m);
        }
}

/* A power loss keeps a line's end and loses a run of its middle: the digest tells. */
static void nul_middles(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    made_line(&m, 300, 0);
    size_t before = m.file.len;
    made_line(&m, 3000, 0);
    for (size_t run = 4; run < 2000; run *= 7)
        for (size_t at = before; at + run <= m.file.len; at += 97) {
            char kept[2000];
            memcpy(kept, m.file.data + at, run);
            memset(m.file.data + at, 0, run);
            assert_int_equal(find(&m, true), COMMIT_FOUND);
            assert_int_equal(found.end, before);
            memcpy(m.file.data + at, kept, run);
        }
    assert_int_equal(find(&m, true), COMMIT_FOUND);
    assert_int_equal(found.end, m.file.len);
    made_end(&m);
}

/* NUL bytes alone make no dead writer: texts in other encodings hold them, too. */
static void foreign_lines_with_nuls(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text;
        size_t len;
    } rows[] = {
        {__LINE__, "{\0\"\0a\0\"\0\n\0", 10},
        {__LINE__, "\0{\0\"\0a\0\"\0\n", 10},
        {__LINE__, "{\0\0\0\"\0\0\0\n", 9},
        {__LINE__, "\0\n", 2},
        {__LINE__, "\0\0\0\n", 4},
        {__LINE__, "x\0\0\0\0\0\n", 7},
        {__LINE__, "{\t\0\0\0\0\0\n", 8},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        for (int deep = 0; deep < 2; deep++) {
            struct made m;
            made_begin(&m);
            made_line(&m, 30, 0);
            buf_add(&m.file, rows[i].text, rows[i].len);
            ROW_INT(&rows[i], find(&m, deep), COMMIT_NOT_OURS);
            made_end(&m);
        }
}

/* A file that is one line without an end: what could be the start of ours has no commit, other text
 * is not ours. */
static void torn_first_lines(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    buf_puts(&m.file, "{\"torn");
    COMMITTED(&m, 0);
    buf_reset(&m.file);
    buf_puts(&m.file, "a letter to somebody");
    for (int deep = 0; deep < 2; deep++) {
        assert_int_equal(find(&m, deep), COMMIT_NOT_OURS);
        assert_int_equal(found.foreign, 0);
    }
    made_end(&m);
}

/* In any line of a batch: none of it is committed. */
static void nul_middles_of_batches(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    made_line(&m, 300, 0);
    size_t before = m.file.len;
    for (int left = 2; left >= 0; left--)
        made_line(&m, 1000, (uint64_t)left);
    for (size_t at = before; at < m.file.len; at += 61) {
        char kept[80];
        size_t run = m.file.len - at < sizeof kept ? m.file.len - at : sizeof kept;
        memcpy(kept, m.file.data + at, run); /* a run may take a newline with it */
        memset(m.file.data + at, 0, run);
        assert_int_equal(find(&m, true), COMMIT_FOUND);
        assert_int_equal(found.end, before);
        memcpy(m.file.data + at, kept, run);
    }
    made_end(&m);
}

/* Bytes that are not NUL were put there by somebody: not ours to cut. */
static void changed_bytes_are_foreign(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    made_line(&m, 300, 0);
    size_t before = m.file.len;
    made_line(&m, 1000, 0);
    for (size_t at = before; at < m.file.len - 1; at += 31) {
        char kept = m.file.data[at];
        m.file.data[at] = kept == 'x' ? 'y' : 'x';
        assert_int_equal(find(&m, true), COMMIT_NOT_OURS);
        assert_int_equal(found.foreign, before);
        m.file.data[at] = kept;
    }
    made_end(&m);
}

static void foreign_lines(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text;
    } rows[] = {
        {__LINE__, "x\n"},   {__LINE__, "\n"},
        {__LINE__, "{}\n"},  {__LINE__, "{\"a\":1,\"rollcall\":{\"seq\":2}}\n"},
        {__LINE__, "x\n\n"}, {__LINE__, "x\nand a torn end"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        for (int first = 0; first < 2; first++) {
            struct made m;
            made_begin(&m);
            if (!first)
                made_line(&m, 30, 0);
            size_t before = m.file.len;
            buf_puts(&m.file, rows[i].text);
            bool second = strcmp(rows[i].text, "x\n\n") == 0;
            for (int deep = 0; deep < 2; deep++) {
                ROW_INT(&rows[i], find(&m, deep), COMMIT_NOT_OURS);
                ROW_INT(&rows[i], found.foreign, before + (second ? 2 : 0));
                ROW_INT(&rows[i], found.end, 0);
            }
            made_end(&m);
        }
}

/* A foreign line under a batch that never ended is found, too. */
static void foreign_under_a_half_batch(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    made_line(&m, 30, 0);
    size_t before = m.file.len;
    buf_puts(&m.file, "not ours\n");
    made_line(&m, 30, 2);
    assert_int_equal(find(&m, false), COMMIT_NOT_OURS);
    assert_int_equal(found.foreign, before);
    made_end(&m);
}

/* Two writers died one after the other: a half batch, NUL bytes, a torn line. */
static void all_at_once(void **state)
{
    (void)state;
    static const char nuls[5000];
    struct made m;
    made_begin(&m);
    made_line(&m, 30, 0);
    size_t before = m.file.len;
    struct trailer kept = m.last;
    made_line(&m, 30, 3);
    made_line(&m, 30, 2);
    buf_add(&m.file, nuls, sizeof nuls);
    buf_puts(&m.file, "\n{\"torn");
    COMMITTED(&m, (off_t)before);
    assert_int_equal(found.line.seq, kept.seq);
    made_end(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),
        cmocka_unit_test(whole_files),
        cmocka_unit_test(torn_anywhere),
        cmocka_unit_test(nul_tails),
        cmocka_unit_test(only_nuls),
        cmocka_unit_test(nul_middles),
        cmocka_unit_test(foreign_lines_with_nuls),
        cmocka_unit_test(torn_first_lines),
        cmocka_unit_test(nul_middles_of_batches),
        cmocka_unit_test(changed_bytes_are_foreign),
        cmocka_unit_test(foreign_lines),
        cmocka_unit_test(foreign_under_a_half_batch),
        cmocka_unit_test(all_at_once),
    };
    return cmocka_run_group_tests_name("commit", tests, NULL, NULL);
}
