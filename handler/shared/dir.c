#include "handler/shared/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int dir_open(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool dir_visit(int fd, dir_visit_fn visit, void *to)
{
    if (fd < 0)
        return false;
    DIR *dir = fdopendir(fd);
    bool ok = dir != NULL;
    while (ok) {
        errno = 0; /* readdir() leaves it at the end of the directory */
        const struct dirent *e = readdir(dir);
        if (!e)
            break;
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            ok = visit(fd, e->d_name, to);
    }
    int error = errno;
    if (dir)
        closedir(dir);
    else
        close(fd);
    errno = error;
    return ok && error == 0;
}
