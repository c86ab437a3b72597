/*
 * Files of settings: a regular file of lines, key = value.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/conf_file.h"
#include "lib/log.h"

#define BLANKS " \t\r\n"

/*
 * Take the quotes off the text at p, in place; a backslash makes the next
 * character an ordinary one. Returns what is behind, or NULL: it does not end.
 */
static char *
unquote(char *p)
{
	char quote = *p, *to = p;

	for (p++; *p != quote; p++) {
		if (*p == '\\')
			p++;
		if (*p == '\0')
			return NULL;
		*to++ = *p;
	}
	*to = '\0';
	return p + 1;
}

/*
 * The value at p: a text between quotes, or a word. Nothing but a comment may
 * follow. NULL: it is neither.
 */
static char *
take_value(char *p)
{
	bool quoted = *p == '"' || *p == '\'';
	char *end = quoted ? unquote(p) : p + strcspn(p, BLANKS "#");
	const char *rest;

	if (end == NULL || (end == p && !quoted))
		return NULL;
	rest = end + strspn(end, BLANKS);
	if (*rest != '\0' && *rest != '#')
		return NULL;
	if (!quoted)
		*end = '\0';
	return p;
}

/*
 * The remedy of a line that is not a setting. Its value is not shown, which may
 * be a secret in the wrong place.
 */
static const char *
find_remedy(const char *line)
{
	const char *p = line + strspn(line, BLANKS);
	const char *end = p + strcspn(p, BLANKS "=:");
	const char *sign = end + strspn(end, BLANKS);

	if (strncmp(p, "export ", 7) == 0)
		return "leave out export, which is the shell's";
	if (*sign == ':')
		return "put = in the place of the colon";
	if (end == p || *sign != '=')
		return "latchkey settings lists the keys";
	sign += 1 + strspn(sign + 1, BLANKS);
	if (*sign == '\0' || *sign == '#')
		return "an empty value is \"\"";
	if (*sign == '"' || *sign == '\'')
		return "a text ends with the quotation mark that it began with, "
		       "and nothing follows";
	return "several words stand between quotation marks: key = \"two words\"";
}

/*
 * Take a line apart, in place: key = value, or nothing but a comment (*name is
 * NULL). False: it is neither.
 */
static bool
split_line(char *line, const char **name, const char **value)
{
	char *p = line + strspn(line, BLANKS), *end;

	*name = NULL;
	if (*p == '\0' || *p == '#')
		return true;
	*name = p;
	end = p + strcspn(p, BLANKS "=");
	p = end + strspn(end, BLANKS);
	if (end == *name || *p != '=')
		return false;
	*end = '\0';
	p++;
	*value = take_value(p + strspn(p, BLANKS));
	return *value != NULL;
}

/* One line of a file, without a NUL inside. where: "file:line". */
static bool
read_line(const char *where, char *line, conf_file_set *set, void *arg)
{
	const char *name, *value, *remedy = find_remedy(line);

	if (!split_line(line, &name, &value)) {
		log_say("%s: a line is: key = value; %s", where, remedy);
		return false;
	}
	return name == NULL || set(arg, where, name, value);
}

static bool
read_lines(const char *file, FILE *f, conf_file_set *set, void *arg)
{
	char where[4200], *line = NULL;
	size_t size = 0;
	bool good = true;
	ssize_t n;
	int number;

	for (number = 1; good && (n = getline(&line, &size, f)) >= 0;
	     number++) {
		snprintf(where, sizeof(where), "%s:%d", file, number);
		if (strlen(line) == (size_t)n) {
			good = read_line(where, line, set, arg);
		} else {
			log_say("%s: contains a NUL byte", where);
			good = false;
		}
	}
	free(line);
	if (ferror(f) == 0)
		return good;
	log_say("%s: cannot be read", file);
	return false;
}

bool
conf_file_read(const char *file, conf_file_set *set, void *arg)
{
	/* without waiting, as for the writer of a FIFO */
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	bool good;
	FILE *f;

	if (fd < 0) {
		log_say("%s: %s", file, strerror(errno));
		return false;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		log_say("%s: must be a regular file", file);
		close(fd);
		return false;
	}
	if ((f = fdopen(fd, "r")) == NULL)
		abort();
	good = read_lines(file, f, set, arg);
	fclose(f);
	return good;
}
