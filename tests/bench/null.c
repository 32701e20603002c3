/*
 * null: the limit of the architecture. A FastCGI responder that reads the body, keeps nothing, and
 * answers as short as rollcall-handler does; it closes the way that one does, too (FCGX_Detach).
 */
#include <fcgiapp.h>
#include <stdio.h>

static const char answer[] =
    "Status: 200 OK\r\nContent-Type: application/json\r\n\r\n{\"status\":\"success\",\"data\":{}}";

int main(void)
{
    static char body[64 * 1024];
    FCGX_Request r;
    if (FCGX_Init() != 0 || FCGX_InitRequest(&r, 0, 0) != 0) {
        fputs("null: descriptor 0 must be a listening socket\n", stderr);
        return 1;
    }
    while (FCGX_Accept_r(&r) == 0) {
        while (FCGX_GetStr(body, sizeof body, r.in) > 0)
            ;
        FCGX_PutStr(answer, sizeof answer - 1, r.out);
        FCGX_Detach(&r);
        FCGX_Finish_r(&r);
    }
    return 0;
}
