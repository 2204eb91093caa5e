// SPDX-License-Identifier: GPL-2.0
/* ctl/text.c: numbers and shapes. */
#include <time.h>

#include "test.h"
#include "text.h"

static void counts(void **state)
{
	char b[32];

	(void)state;
	assert_string_equal(text_count(b, sizeof(b), 0), "0");
	assert_string_equal(text_count(b, sizeof(b), 999), "999");
	assert_string_equal(text_count(b, sizeof(b), 1000), "1,000");
	assert_string_equal(text_count(b, sizeof(b), 12345), "12,345");
	assert_string_equal(text_count(b, sizeof(b), 123456), "123,456");
	assert_string_equal(text_count(b, sizeof(b), 1234567), "1,234,567");
	assert_string_equal(text_count(b, sizeof(b), UINT64_MAX),
			    "18,446,744,073,709,551,615");
	assert_string_equal(text_count(b, 4, 1234567), "1,2");
}

static void bytes(void **state)
{
	char b[32];

	(void)state;
	assert_string_equal(text_bytes(b, sizeof(b), 0), "0 B");
	assert_string_equal(text_bytes(b, sizeof(b), 1023), "1023 B");
	assert_string_equal(text_bytes(b, sizeof(b), 1024), "1.0 KiB");
	assert_string_equal(text_bytes(b, sizeof(b), 12345ULL * 264), "3.1 MiB");
	assert_string_equal(text_bytes(b, sizeof(b), (1 << 20) - 1), "1.0 MiB");
	assert_string_equal(text_bytes(b, sizeof(b), 5ULL << 30), "5.0 GiB");
	assert_string_equal(text_bytes(b, sizeof(b), 2048ULL << 40), "2048.0 TiB");
}

static void times(void **state)
{
	char b[32];

	(void)state;
	assert_string_equal(text_seconds(b, sizeof(b), 0), "0.0s");
	assert_string_equal(text_seconds(b, sizeof(b), 41299), "41.2s");
	assert_string_equal(text_seconds(b, sizeof(b), 60000), "60.0s");
	assert_string_equal(text_duration_us(b, sizeof(b), 999), "999 us");
	assert_string_equal(text_duration_us(b, sizeof(b), 1234), "1.2 ms");
	assert_string_equal(text_duration_us(b, sizeof(b), 99900), "99.9 ms");
	assert_string_equal(text_duration_us(b, sizeof(b), 250400), "250 ms");
	assert_string_equal(text_duration_us(b, sizeof(b), 999999), "1.0 s");
}

static void waits(void **state)
{
	char b[32];

	(void)state;
	assert_string_equal(text_wait(b, sizeof(b), 0), "0ms");
	assert_string_equal(text_wait(b, sizeof(b), 999), "999ms");
	assert_string_equal(text_wait(b, sizeof(b), 1000), "1.0s");
	/* over by then, so not rounded down */
	assert_string_equal(text_wait(b, sizeof(b), 1001), "1.1s");
	assert_string_equal(text_wait(b, sizeof(b), 1901), "2.0s");
	assert_string_equal(text_wait(b, sizeof(b), UINT32_MAX), "4294967.3s");
	assert_string_equal(text_wait_words(b, sizeof(b), 412), "412 ms");
	assert_string_equal(text_wait_words(b, sizeof(b), 41230), "41.3 s");
	assert_string_equal(text_time_words(b, sizeof(b), 412), "412 ms");
	assert_string_equal(text_time_words(b, sizeof(b), 41299), "41.2 s");
	assert_string_equal(text_time_words(b, sizeof(b), 60000), "60 s");
	assert_string_equal(text_time_words(b, sizeof(b), 60099), "60 s");
}

static void spans(void **state)
{
	char b[32];

	(void)state;
	assert_string_equal(text_span(b, sizeof(b), 0), "0 ms");
	assert_string_equal(text_span(b, sizeof(b), 999), "999 ms");
	assert_string_equal(text_span(b, sizeof(b), 12399), "12.3 s");
	assert_string_equal(text_span(b, sizeof(b), 59999), "59.9 s");
	assert_string_equal(text_span(b, sizeof(b), 60000), "1 min 0 s");
	assert_string_equal(text_span(b, sizeof(b), 3599999), "59 min 59 s");
	assert_string_equal(text_span(b, sizeof(b), 7500000), "2 h 5 min");
	assert_string_equal(text_span(b, sizeof(b), 86400000), "1 d 0 h");
	/* more milliseconds than 32 bits have */
	assert_string_equal(text_span(b, sizeof(b), 8640000000), "100 d 0 h");
}

static void rates(void **state)
{
	char b[32];

	(void)state;
	assert_string_equal(text_rate(b, sizeof(b), 0, 1000), "0");
	assert_string_equal(text_rate(b, sizeof(b), 5, 0), "0");
	assert_string_equal(text_rate(b, sizeof(b), 5, 1000), "5.0");
	assert_string_equal(text_rate(b, sizeof(b), 5, 2000), "2.5");
	assert_string_equal(text_rate(b, sizeof(b), 1, 60000), "<0.1");
	assert_string_equal(text_rate(b, sizeof(b), 1, 10000), "0.1");
	assert_string_equal(text_rate(b, sizeof(b), 9994, 100000), "99.9");
	assert_string_equal(text_rate(b, sizeof(b), 9995, 100000), "100");
	assert_string_equal(text_rate(b, sizeof(b), 12345, 500), "24690");
}

static void dates(void **state)
{
	char b[32];

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	assert_string_equal(text_date(b, sizeof(b), 1795261646999999999),
			    "2026-11-21 11:47:26");
	assert_string_equal(text_clock(b, sizeof(b), 1795261646999999999),
			    "11:47:26.999");
	assert_string_equal(text_clock(b, sizeof(b), 1795261646001999999),
			    "11:47:26.001");
	setenv("TZ", "UTC-5", 1);
	tzset();
	assert_string_equal(text_clock(b, sizeof(b), 1795261646001999999),
			    "16:47:26.001");
}

static void percents(void **state)
{
	char b[32];

	(void)state;
	assert_string_equal(text_percent(b, sizeof(b), 0, 10), "0.0 %");
	assert_string_equal(text_percent(b, sizeof(b), 47, 1000), "4.7 %");
	assert_string_equal(text_percent(b, sizeof(b), 1, 262144), "<0.1 %");
	assert_string_equal(text_percent(b, sizeof(b), 262143, 262144), "99.9 %");
	assert_string_equal(text_percent(b, sizeof(b), 10, 10), "100.0 %");
	assert_string_equal(text_percent(b, sizeof(b), 15, 10), "150.0 %");
	assert_string_equal(text_percent(b, sizeof(b), 1, 0), "-");
}

static char *spark(char *b, size_t size, const uint32_t *slot, unsigned int n,
		   bool utf8)
{
	const struct tws_hist h = { .slot = slot, .n = n };

	return text_sparkline(b, size, &h, 60, utf8);
}

static void sparkline_steps(void **state)
{
	static const uint32_t each[] = { 7, 6, 5, 4, 3, 2, 1, 0 };
	char b[256];

	(void)state;
	assert_string_equal(spark(b, sizeof(b), each, 8, true), "▁▂▃▄▅▆▇█");
	assert_string_equal(spark(b, sizeof(b), each, 8, false), "_.:-=+*#");
}

static void sparkline_scales_to_its_peak(void **state)
{
	static const uint32_t flat[] = { 3, 3, 3 };
	static const uint32_t spike[] = { 1, 0, 4000000000U };
	static const uint32_t zero[] = { 0, 0, 0 };
	static const uint32_t half[] = { 100, 50, 51 };
	char b[256];

	(void)state;
	assert_string_equal(spark(b, sizeof(b), flat, 3, false), "###");
	/* one is more than nothing, also beside four thousand million */
	assert_string_equal(spark(b, sizeof(b), spike, 3, false), "#_.");
	assert_string_equal(spark(b, sizeof(b), zero, 3, false), "___");
	assert_string_equal(spark(b, sizeof(b), half, 3, false), "==#");
	assert_string_equal(spark(b, sizeof(b), NULL, 0, true), "");
}

static void sparkline_keeps_the_newest(void **state)
{
	uint32_t slot[100] = { 0 };
	char b[256];

	(void)state;
	/* a peak too old to be seen does not set the scale */
	slot[60] = 1000;
	slot[59] = 1;
	slot[0] = 2;
	spark(b, sizeof(b), slot, 100, false);
	assert_int_equal(strlen(b), 60);
	assert_int_equal(b[0], '=');
	assert_int_equal(b[59], '#');
	assert_int_equal(b[1], '_');
}

static void no_half_characters(void **state)
{
	static const uint32_t flat[] = { 3, 3, 3 };
	char b[16];

	(void)state;
	assert_string_equal(spark(b, 6, flat, 3, true), "█");
	assert_string_equal(spark(b, 7, flat, 3, true), "██");
	assert_string_equal(text_bar(b, 5, 1, 1, 3, true), "█");
}

static void bars(void **state)
{
	char b[64];

	(void)state;
	assert_string_equal(text_bar(b, sizeof(b), 0, 100, 4, false), "[....]");
	assert_string_equal(text_bar(b, sizeof(b), 1, 1000, 4, false), "[-...]");
	assert_string_equal(text_bar(b, sizeof(b), 249, 1000, 4, false), "[-...]");
	assert_string_equal(text_bar(b, sizeof(b), 250, 1000, 4, false), "[#...]");
	assert_string_equal(text_bar(b, sizeof(b), 50, 100, 4, false), "[##..]");
	assert_string_equal(text_bar(b, sizeof(b), 99, 100, 4, false), "[###-]");
	assert_string_equal(text_bar(b, sizeof(b), 100, 100, 4, false), "[####]");
	assert_string_equal(text_bar(b, sizeof(b), 200, 100, 4, false), "[####]");
	assert_string_equal(text_bar(b, sizeof(b), 1, 0, 4, false), "[####]");
	assert_string_equal(text_bar(b, sizeof(b), 0, 0, 4, false), "[....]");
	assert_string_equal(text_bar(b, sizeof(b), 1, 2, 2, true), "█░");
	/* 0.1 % is seen, and is not as long as 4 % */
	assert_string_equal(text_bar(b, sizeof(b), 1, 1000, 8, true), "▏░░░░░░░");
	assert_string_equal(text_bar(b, sizeof(b), 4, 100, 8, true), "▎░░░░░░░");
	assert_string_equal(text_bar(b, sizeof(b), 9, 16, 8, true), "████▌░░░");
	assert_string_equal(text_bar(b, sizeof(b), 999, 1000, 8, true), "███████▉");
	assert_string_equal(text_bar(b, sizeof(b), 0, 1000, 8, true), "░░░░░░░░");
}

static void histograms(void **state)
{
	static const uint32_t slot[] = { 1, 2, 4, 8 };
	const struct tws_hist h = { .slot = slot, .n = 4 };

	(void)state;
	assert_int_equal(hist_peak(&h), 8);
	assert_int_equal(hist_sum(&h), 15);
	assert_int_equal(hist_before(&h, 0), 0);
	assert_int_equal(hist_before(&h, 2), 3);
	assert_int_equal(hist_before(&h, 3), 7);
	/* the last slot has no upper end */
	assert_int_equal(hist_before(&h, 4), 7);
	assert_int_equal(hist_before(&h, 99), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(bytes),
		cmocka_unit_test(times),
		cmocka_unit_test(waits),
		cmocka_unit_test(spans),
		cmocka_unit_test(rates),
		cmocka_unit_test(dates),
		cmocka_unit_test(percents),
		cmocka_unit_test(sparkline_steps),
		cmocka_unit_test(sparkline_scales_to_its_peak),
		cmocka_unit_test(sparkline_keeps_the_newest),
		cmocka_unit_test(no_half_characters),
		cmocka_unit_test(bars),
		cmocka_unit_test(histograms),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
