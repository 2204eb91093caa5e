# SPDX-License-Identifier: GPL-2.0
#
# The parser of the filter, made by flex and bison. Whoever includes this says
# where the sources are, $(grammar), and where it goes, $(gen).

FLEX ?= flex
BISON ?= bison

gen-objs := $(gen)/filter_gram.o $(gen)/filter_lex.o
gen-cflags := -I$(gen) -I$(grammar)

$(gen)/filter_gram.c: $(grammar)/filter_gram.y
	@mkdir -p $(@D)
	$(BISON) -Wall -Werror --header=$(gen)/filter_gram.h -o $@ $<

$(gen)/filter_gram.h: $(gen)/filter_gram.c ;

$(gen)/filter_lex.c: $(grammar)/filter_lex.l
	@mkdir -p $(@D)
	$(FLEX) -o $@ $<

$(gen-objs): $(gen)/filter_gram.h
