#include "cli/role.h"

int main(int argc, char **argv) {
    return role_main(ROLE_PSERVER, argc, argv);
}
