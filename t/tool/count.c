/*
 * Counter of hashes: preloaded before libxcrypt (LD_PRELOAD), it prints a line
 * "HASH " and the beginning of the setting on standard error for each hash.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <crypt.h>

char *
crypt_rn(const char *phrase, const char *setting, void *data, int size)
{
	char *(*real)(const char *, const char *, void *, int);
	char line[64];

	*(void **)&real = dlsym(RTLD_NEXT, "crypt_rn");
	snprintf(line, sizeof(line), "HASH %.7s\n", setting);
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		return NULL;
	return real(phrase, setting, data, size);
}
