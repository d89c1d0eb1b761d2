#include "core/thread.h"

#include <errno.h>
#include <signal.h>

bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *context), void *context,
                  struct status *status) {
    sigset_t all, former;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    int error = pthread_create(thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    if (error == 0) {
        pthread_setname_np(*thread, name);
        return true;
    }
    errno = error;
    return status_fail_errno(status, STATUS_NO_MEMORY, "cannot start a thread for %s", name);
}
