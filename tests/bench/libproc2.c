/*
 * libproc2: the fields that rollcall-agent sends of each process, read with the library of ps.
 */
#include <libproc2/pids.h>
#include <stdio.h>

enum { PID, PPID, USER, UID, CPU, RSS, STATE, START, THREADS, TTY, CMD };

int main(void)
{
    enum pids_item items[] = {PIDS_ID_PID,      PIDS_ID_PPID,  PIDS_ID_EUSER, PIDS_ID_EUID,
                              PIDS_UTILIZATION, PIDS_MEM_RES,  PIDS_STATE,    PIDS_TICS_BEGAN,
                              PIDS_NLWP,        PIDS_TTY_NAME, PIDS_CMDLINE};
    struct pids_info *info = NULL;
    if (procps_pids_new(&info, items, sizeof items / sizeof *items) < 0) {
        fputs("libproc2: /proc cannot be read\n", stderr);
        return 1;
    }
    for (struct pids_stack *p; (p = procps_pids_get(info, PIDS_FETCH_TASKS_ONLY));)
        printf("%d %d %s %u %.1f %lu %c %llu %d %s %s\n", PIDS_VAL(PID, s_int, p, info),
               PIDS_VAL(PPID, s_int, p, info), PIDS_VAL(USER, str, p, info),
               PIDS_VAL(UID, u_int, p, info), PIDS_VAL(CPU, real, p, info),
               PIDS_VAL(RSS, ul_int, p, info), PIDS_VAL(STATE, s_ch, p, info),
               PIDS_VAL(START, ull_int, p, info), PIDS_VAL(THREADS, s_int, p, info),
               PIDS_VAL(TTY, str, p, info), PIDS_VAL(CMD, str, p, info));
    procps_pids_unref(&info);
    return 0;
}
