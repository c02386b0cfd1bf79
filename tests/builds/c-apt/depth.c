#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
	int metres = argc > 1 ? atoi(argv[1]) : 0;
	printf("%d fathoms\n", (int)(metres / 1.8288));
	return 0;
}
