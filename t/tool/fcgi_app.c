/*
 * FastCGI application that answers with its parameters, one a line: behind the
 * gate in t/124-gate-applications.t.
 */
#include <fcgiapp.h>
#include <string.h>

int
main(void)
{
	FCGX_Request r;
	char **p;

	if (FCGX_Init() != 0 || FCGX_InitRequest(&r, 0, 0) != 0)
		return 1;
	while (FCGX_Accept_r(&r) == 0) {
		FCGX_PutS(
		    "Content-Type: text/plain\r\nX-App: yes\r\n\r\n", r.out);
		for (p = r.envp; *p != NULL; p++)
			FCGX_FPrintF(r.out, "%s\n", *p);
		FCGX_Finish_r(&r);
	}
	return 0;
}
