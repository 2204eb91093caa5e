// SPDX-License-Identifier: GPL-2.0
/* Tells tcgprofile.c to begin or to end: an instruction that nobody else uses. */
int main(void)
{
	asm volatile("nopl 0x12345678(%rax)");
	return 0;
}
