/*
 * nss: keeps a static agent from loading modules.
 *
 * glibc asks /etc/nsswitch.conf which modules know users and hosts, and loads them: into a static
 * program too, where they crash it (`passwd: files systemd` is Debian's default). "files" and "dns"
 * are built in, so those are what it is to use, whatever the file says.
 */
#include <nss.h>

__attribute__((constructor)) static void use_what_is_built_in(void)
{
    __nss_configure_lookup("passwd", "files");
    __nss_configure_lookup("hosts", "files dns");
}
